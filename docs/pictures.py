"""Draw the picture of the first page: the metaphase that ships with karyogram, with what was found in it, and its karyogram.

python docs/pictures.py
"""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

import karyogram
from karyogram.files import write_picture

#: Pixels: height of the page, and white around its two parts.
HEIGHT, GAP = 720, 18


def first_picture() -> np.ndarray:
    """Return the outlined metaphase beside the karyogram, uint8 (HEIGHT, W, 3) RGB."""
    analysis = karyogram.analyze(files("karyogram") / "data" / "demo.png")
    named = replace(analysis, image="demo.png")
    parts = [_fit(part, HEIGHT - 2 * GAP) for part in (named.overlay(), named.draw())]
    framed = [cv2.copyMakeBorder(part, GAP, GAP, GAP, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for part in parts]
    return np.concatenate(framed, axis=1)


def _fit(picture: np.ndarray, height: int) -> np.ndarray:
    width = round(picture.shape[1] * height / picture.shape[0])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    write_picture(Path(__file__).parent / "karyogram-demo.png", first_picture())
