"""How many bands can be told apart on a straightened chromosome."""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from karyogram.shape.centromere import band_profile

#: Rows at each end that do not count: stain fades there, which is no band.
ENDS = 2
#: A band stands out from its neighbours by this share of the range of grey levels along the chromosome.
STANDS_OUT = 0.08
#: Standard deviation, in rows, of the smoothing that takes the noise of single rows away.
BLUR = 1.0


def count_bands(strip: np.ndarray, strip_mask: np.ndarray) -> int:
    """Return the number of bands, dark and pale, along a strip, uint8 and bool (N, W): at least 1.

    Between two dark bands lies a pale one, and beyond the last a pale end: n dark bands are 2 n + 1 bands.
    """
    grey = gaussian_filter1d(band_profile(strip, strip_mask), BLUR)[ENDS:-ENDS]
    if len(grey) < 3 or np.ptp(grey) == 0:
        return 1
    dark, _ = find_peaks(-grey, prominence=STANDS_OUT * float(np.ptp(grey)))
    return 2 * len(dark) + 1
