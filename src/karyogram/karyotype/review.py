"""Why a person should look at a chromosome: short reasons, an empty list means sure."""

from collections.abc import Sequence

import numpy as np

#: Below this probability of its class a chromosome is for a person to decide. With the two limits below, nine of ten errors
#: on validation pictures are among the tenth of the chromosomes that is flagged (benchmarks/review.md).
SURE_CLASS = 0.98
#: Below this probability of being one whole chromosome its outline is.
SURE_MASK = 0.8
#: Within this distance of one half nobody knows which end is up.
SURE_UP = 0.15
#: From this probability of its class on a chromosome may be compared with its homologue.
CLEAR_CLASS = 0.9


def is_clear(probability: float, whole: float, overlaps: Sequence[int]) -> bool:
    """Tell whether class and outline are sure enough to compare a chromosome with others, and nothing lies across it."""
    return probability >= CLEAR_CLASS and whole >= SURE_MASK and not overlaps


def review_reasons(
    placed: int, probabilities: np.ndarray, whole: float, up: float, extra: bool, at_border: bool
) -> tuple[str, ...]:
    """Return the reasons to look at one chromosome.

    ``placed`` is its class index (-1: unplaced), ``probabilities`` (24,), ``whole`` and ``up`` as predicted,
    ``extra`` whether its class has more copies than it should, ``at_border`` whether the picture's edge may cut it.
    """
    reasons = {
        "unplaced": placed < 0,
        "class uncertain": placed >= 0 and float(probabilities[placed]) < SURE_CLASS,
        "moved by its cell": placed >= 0 and int(np.argmax(probabilities)) != placed,
        "outline uncertain": whole < SURE_MASK,
        "orientation uncertain": abs(up - 0.5) < SURE_UP,
        "extra copy": placed >= 0 and extra,
        "cut by the border": at_border,
    }
    return tuple(reason for reason, applies in reasons.items() if applies)
