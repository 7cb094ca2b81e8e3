"""The ruler: how large a cell's chromosomes are, and what brings them to the size that the networks know."""

import numpy as np

#: Mean area of a chromosome in the pictures the models learned from: stained pixels of a cell / 46, square root.
REFERENCE_SIZE = 35.5


def cell_scale(stained_pixels: int, chromosomes: int = 46) -> float:
    """Return the factor that brings a cell to the reference size, 0.4 to 2.5.

    Magnification and condensation differ from cell to cell; the stained area of the whole cell is the steadiest ruler for
    both: it spreads class lengths less than native pixels or the chromosomes' width do, and clusters do not disturb it.
    """
    size = (max(stained_pixels, 1) / max(chromosomes, 1)) ** 0.5
    return float(np.clip(REFERENCE_SIZE / size, 0.4, 2.5))


def mean_area(scale: float) -> float:
    """Return the area, in pixels, of a mean chromosome of a cell that ``scale`` brings to the reference size."""
    return (REFERENCE_SIZE / scale) ** 2
