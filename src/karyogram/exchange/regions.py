"""A karyotype as regions of interest: GeoJSON for QuPath, a zip of ROIs for ImageJ and Fiji."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from karyogram.draw.colours import class_colour
from karyogram.exchange.outlines import around
from karyogram.files import write_bytes, write_text
from karyogram.records import Chromosome, Karyotype


def to_geojson(karyotype: Karyotype) -> dict[str, Any]:
    """Return a collection of annotations as QuPath (0.4 and later) imports it: outline, class, colour, measurements.

    Points are pixels of the picture; pixel 0 lies between 0 and 1.
    """
    return {"type": "FeatureCollection", "features": [_feature(chromosome) for chromosome in karyotype.chromosomes]}


def _feature(chromosome: Chromosome) -> dict[str, Any]:
    points = around(chromosome).tolist()
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*points, points[0]]]},
        "properties": {
            "objectType": "annotation",
            "name": _name(chromosome),
            "classification": {"name": chromosome.label or "unknown", "color": list(class_colour(chromosome.label))},
            "measurements": {
                "id": chromosome.id,
                "probability": chromosome.probability,
                "score": chromosome.score,
                "length_px": chromosome.length_px,
            },
        },
    }


def write_geojson(path: Path, karyotype: Karyotype) -> Path:
    """Write :func:`to_geojson` as JSON."""
    return write_text(path, json.dumps(to_geojson(karyotype)) + "\n")


def write_rois(path: Path, karyotype: Karyotype) -> Path:
    """Write a zip that ImageJ's ROI manager opens: a polygon a chromosome, named by class and id, in the class's colour."""
    from roifile import ImagejRoi

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for chromosome in karyotype.chromosomes:
            roi = ImagejRoi.frompoints(around(chromosome), name=_name(chromosome))
            roi.stroke_color = bytes((255, *class_colour(chromosome.label)))
            archive.writestr(zipfile.ZipInfo(f"{_name(chromosome)}.roi"), roi.tobytes())
    return write_bytes(path, buffer.getvalue())


def _name(chromosome: Chromosome) -> str:
    return f"{chromosome.label or 'unknown'}_id{chromosome.id}"
