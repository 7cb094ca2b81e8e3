"""What the shipped models read in a dozen drawn metaphases, kept in golden.json so that no change passes unseen.

python tests/golden.py      reads all again and writes golden.json: look at the difference before you commit it
"""

import json
import re
from pathlib import Path

import cv2
import numpy as np

import karyogram
from karyogram.datasets.synth.metaphase import synth_metaphase

FILE = Path(__file__).with_name("golden.json")

#: Name -> seed, karyotype, and how the picture is drawn (touching, crossings) and then changed.
CELLS = {
    "female": (101, "46,XX", {}, None),
    "male": (102, "46,XY", {}, None),
    "trisomy 21": (103, "47,XX,+21", {}, None),
    "trisomy 18": (104, "47,XY,+18", {}, None),
    "trisomy 13": (105, "47,XX,+13", {}, None),
    "45,X": (106, "45,X", {}, None),
    "47,XXY": (107, "47,XXY", {}, None),
    "touching": (108, "46,XX", {"touching": 0.3}, None),
    "crossing": (109, "46,XY", {"crossings": 3}, None),
    "crowded": (110, "46,XY", {"touching": 0.3, "crossings": 3}, None),
    "bright on black": (111, "46,XX", {}, lambda picture: 255 - picture),
    "small": (112, "46,XY", {}, lambda picture: cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)),
}


def draw(name: str) -> np.ndarray:
    """Return a golden picture, uint8 (H, W)."""
    seed, text, options, change = CELLS[name]
    picture, _ = synth_metaphase(seed, text, **options)
    return change(picture) if change else picture


def read(name: str) -> dict[str, object]:
    """Read a golden picture: what of the karyotype is kept, boxes by class in karyogram order."""
    found = karyogram.analyze(draw(name))
    return {
        "iscn": found.iscn,
        "count": sum(found.counts.values()),
        "warnings": list(found.warnings),
        "chromosomes": [[c.label, *c.bbox] for c in found.chromosomes],
    }


def main() -> None:
    """Write golden.json, a line a chromosome."""
    text = json.dumps({name: read(name) for name in CELLS}, indent=1)
    FILE.write_text(re.sub(r"\n {4,}|\n   (?=\])", "", text) + "\n", "utf-8")


if __name__ == "__main__":
    main()
