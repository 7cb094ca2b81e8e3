"""Along a straightened chromosome: how wide it is, how dark, and where its centromere lies."""

import cv2
import numpy as np

#: The centromere is looked for no nearer than this share of the length to an end.
FREE_END = 0.18
#: A centromere this near to the middle, as a share of the length, does not tell which arm is the shorter.
ALIKE = 0.05
#: How much a row darker than the mean counts beside one that is narrower, both as shares.
DARK = 0.1
#: Standard deviations of the smoothing along the axis: of the width, as a share of the length, and of the darkness, in rows.
BLUR_WIDTH, BLUR_DARK = 0.03, 1.5


def width_profile(strip_mask: np.ndarray) -> np.ndarray:
    """Return how wide each row of a strip's mask, bool (N, W), is: float32 (N,), in pixels."""
    return strip_mask.sum(axis=1).astype(np.float32)


def band_profile(strip: np.ndarray, strip_mask: np.ndarray) -> np.ndarray:
    """Return the mean grey level inside the mask in each row: float32 (N,), 0 (black) to 255 (white, or no mask).

    ``strip`` is uint8 (N, W), dark on white, ``strip_mask`` bool (N, W).
    """
    total = (strip.astype(np.float32) * strip_mask).sum(axis=1)
    width = width_profile(strip_mask)
    return np.where(width > 0, total / np.maximum(width, 1), np.float32(255))


def find_centromere(strip: np.ndarray, strip_mask: np.ndarray) -> float:
    """Return where the centromere lies, 0 (upper end) to 1 (lower end) of a strip, uint8 and bool (N, W).

    It is the deepest waist: the row that is narrowest as a share of the mean of the greatest widths above and below it, the
    first and the last ``FREE_END`` of the length left out, because every chromosome narrows there. Dark rows count a little
    more, as the heterochromatin at the centromere stains. A chromosome without a waist gets an answer too. The waist as the
    sign of the centromere: Groen, ten Kate, Smeulders and Young, Pattern Recogn. Lett. 9:211 (1989). Raises ValueError for an
    empty mask.
    """
    if not strip_mask.any():
        raise ValueError("the mask is empty")
    rows = len(strip_mask)
    width = _blur(width_profile(strip_mask), max(1.0, BLUR_WIDTH * rows))
    above, below = np.maximum.accumulate(width), np.maximum.accumulate(width[::-1])[::-1]
    dark = 255 - band_profile(strip, strip_mask)
    dark = _blur(dark / max(float(dark.mean()), 1.0), BLUR_DARK)
    place = (np.arange(rows) + 0.5) / rows
    score = 1 - 2 * width / (above + below) + DARK * dark
    score[np.abs(place - 0.5) > 0.5 - FREE_END] = -np.inf
    return float(place[np.argmax(score)])


def short_arm_up(strip: np.ndarray, strip_mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a strip, uint8 (N, W), and its mask, bool (N, W), turned so that the shorter arm is up, and the centromere.

    The centromere is where :func:`find_centromere` finds it, 0 (upper end) to at most 0.5 + ``ALIKE``: arms as good as equally
    long stay as they are. Raises ValueError for an empty mask.
    """
    place = find_centromere(strip, strip_mask)
    return (strip, strip_mask, place) if place <= 0.5 + ALIKE else (strip[::-1, ::-1], strip_mask[::-1, ::-1], 1 - place)


def arm_ratio(centromere: float) -> float:
    """Return the length of the long arm over that of the short arm, at least 1, of a centromere between 0 and 1.

    Below 1.7 a chromosome is called metacentric, below 3 submetacentric, below 7 subtelocentric, above acrocentric: Levan,
    Fredga and Sandberg, Hereditas 52:201 (1964), doi 10.1111/j.1601-5223.1964.tb01953.x. Raises ValueError at the ends and
    beyond.
    """
    if not 0 < centromere < 1:
        raise ValueError(f"a centromere lies between 0 and 1, not at {centromere}")
    short = min(centromere, 1 - centromere)
    return (1 - short) / short


def _blur(profile: np.ndarray, deviation: float) -> np.ndarray:
    row = profile[None].astype(np.float32)
    blurred: np.ndarray = cv2.GaussianBlur(row, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)[0]
    return blurred
