"""Take the noise off a picture and leave its bands."""

import cv2
import numpy as np

#: A pixel further than this from the median of its 3 x 3 neighbours (grey levels of 255) is a speck, not a band.
SPECK = 64
#: How different two patches may be, in grey levels, to count as repeats: about the noise of the cameras in use.
STRENGTH = 7


def denoise(picture: np.ndarray) -> np.ndarray:
    """Return a grey uint8 (H, W) picture without specks and with less noise; edges and bands stay sharp.

    Single pixels that leap out of their neighbourhood take its median. Then non-local means (Buades, Coll and Morel,
    CVPR 2005, doi 10.1109/CVPR.2005.38) averages each pixel with those of the 11 x 11 window around it whose 3 x 3
    neighbourhoods look alike. Patches are small because bands are two to four pixels wide.
    """
    median = cv2.medianBlur(picture, 3)
    calm = np.where(cv2.absdiff(picture, median) > SPECK, median, picture)
    return cv2.fastNlMeansDenoising(calm, None, STRENGTH, 3, 11)
