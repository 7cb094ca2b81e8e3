"""A karyotype as a label picture: the pixels of each chromosome hold its id, on as many pages as crossings ask for."""

import io
from pathlib import Path

import numpy as np

from karyogram.exchange.outlines import fill
from karyogram.files import write_bytes
from karyogram.records import Karyotype


def label_planes(karyotype: Karyotype) -> np.ndarray:
    """Return uint16 (P, H, W), P >= 1: 0 is ground, any other value the id of a chromosome.

    One pixel of one page cannot belong to two chromosomes. So each stands whole on the first page that is free where it
    lies; where chromosomes cross, one of them is on a later page. Raises ValueError for an id that uint16 cannot hold.
    """
    size = (karyotype.height, karyotype.width)
    planes = [np.zeros(size, np.uint16)]
    for chromosome in karyotype.chromosomes:
        if not 0 < chromosome.id < 2**16:
            raise ValueError(f"a label picture holds ids from 1 to 65535, not {chromosome.id}")
        item = fill(chromosome, size)
        plane = next((p for p in planes if not p[item.window()][item.mask].any()), None)
        if plane is None:
            planes.append(plane := np.zeros(size, np.uint16))
        plane[item.window()][item.mask] = chromosome.id
    return np.stack(planes)


def write_planes(path: Path, karyotype: Karyotype) -> Path:
    """Write :func:`label_planes` as a TIFF of 16 bits, a page a plane, compressed (deflate)."""
    from PIL import Image

    first, *others = (Image.fromarray(plane) for plane in label_planes(karyotype))
    buffer = io.BytesIO()
    first.save(buffer, format="TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=others)
    return write_bytes(path, buffer.getvalue())
