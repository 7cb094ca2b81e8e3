"""Read metaphases and keep the opinions that decide them, with the truth: what benchmarks/simulated.py adds to and takes from.

    python benchmarks/opinions.py OUT --part val --every 1

Each picture gets OUT/<name>/karyotype.json, as `karyogram analyze --format json` writes it, and OUT/<name>/opinions.npz:

    sure (N,), probabilities (N, 24), rivals (R, 2)    what the segmenter proposes, and the first look at it
    sharing (S, 3)                                     pairs that share pixels, and how much of the smaller
    arms (N, A)                                        which arms of clusters each proposal holds
    within (N, N)                                      the share of the row's mask that lies in the column's
    shown (M,), looked (M, 24), whole (M,)             the objects chosen, by number, and the opinions that place them
    truth (M,)                                         class of the box each of them fills, -1 for none or none known
    counts (24,), unknown ()                           boxes of each class, and boxes of no known class

The pictures lie in KARYOGRAM_DATA (default ../shared/data).
"""

import argparse
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from karyogram.datasets.boxed import as_pair
from karyogram.datasets.splits import read_split
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import read_voc
from karyogram.files import write_text
from karyogram.image.background import flatten
from karyogram.metrics.detection import assign_pairs, iou_matrix
from karyogram.pipeline import find_candidates, finish, make_reader, name_chromosomes, open_metaphase, tell

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"


def keep(name: str, folder: Path, model: str, segmenter: str) -> None:
    """Read one picture and write both files."""
    reader = make_reader(model, segmenter, 1)
    path = DATA / "images" / f"{name}.jpg"
    picture, boxes = open_metaphase(path), read_voc(DATA / "annotations" / f"{name}.xml")
    flat = flatten(picture.pixels)
    found = find_candidates(flat, reader)
    shown, final = found.chosen, finish(flat, found, reader)
    instances, whole = final.instances, np.array([item.score for item in final.instances])
    looked, up = name_chromosomes(flat, final, reader)
    karyotype = tell(picture, str(path), flat, final, looked, up, reader)
    write_text(folder / name / "karyotype.json", karyotype.to_json())

    pair = as_pair(boxes, karyotype, MARGIN)
    grown = np.array([item.bbox for item in instances], float).reshape(-1, 4) + np.array([-1, -1, 1, 1]) * MARGIN
    filled = assign_pairs(iou_matrix(grown, pair.boxes), 0.5)
    np.savez_compressed(
        folder / name / "opinions.npz",
        sure=found.sure,
        probabilities=found.probabilities,
        rivals=np.array(found.rivals, int).reshape(-1, 2),
        sharing=np.array(found.sharing, float).reshape(-1, 3),
        arms=found.arms,
        within=np.array([[one.common(other) / one.area for other in found.instances] for one in found.instances]),
        shown=np.array(shown, int),
        looked=looked,
        whole=whole,
        truth=np.where(filled >= 0, pair.labels[filled], -1),
        counts=np.bincount(pair.labels[pair.labels >= 0], minlength=24),
        unknown=(pair.labels < 0).sum(),
    )


def main() -> None:
    """Parse and read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", choices=("train", "val", "test"), default="val")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th picture")
    parser.add_argument("--model", default="gband")
    parser.add_argument("--segmenter", default="auto")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    split = read_split(HERE / "splits" / "tseng2023.csv")
    names = sorted(name for name, entry in split.items() if entry.part == args.part)[:: args.every]
    Parallel(n_jobs=args.jobs)(delayed(keep)(name, args.out, args.model, args.segmenter) for name in names)
    print(f"{len(names)} pictures of the part {args.part}, see {args.out}")


if __name__ == "__main__":
    main()
