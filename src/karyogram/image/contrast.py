"""Spread the grey levels of a picture over the whole range."""

import numpy as np

#: These percentiles of the picture reach the ends of the range.
LOW, HIGH = 1, 99
#: The darkest stain is set to this level, so that it can be told from a ground painted black.
DARKEST = 24


def stretch_contrast(picture: np.ndarray) -> np.ndarray:
    """Return a grey uint8 (H, W) picture stretched linearly: the ``LOW`` percentile to ``DARKEST``, ``HIGH`` to 255.

    What lies beyond is clipped. A picture whose two percentiles are equal is returned as it is. The map is the same for
    every pixel, so that the order of light and dark bands, by which chromosomes are told, survives; local equalisation
    would change it.
    """
    dark, bright = np.percentile(picture, (LOW, HIGH))
    if bright <= dark:
        return picture
    stretched = DARKEST + (picture - dark) * ((255.0 - DARKEST) / (bright - dark))
    return np.clip(stretched + 0.5, DARKEST, 255).astype(np.uint8)
