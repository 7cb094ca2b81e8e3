"""How well masks agree that may overlap: matching, F1, and the pixels that two chromosomes share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karyogram.metrics.detection import assign_pairs
from karyogram.records import Instance


def mask_iou(truth: Sequence[Instance], predicted: Sequence[Instance]) -> np.ndarray:
    """Return the intersection over union of every pair of masks: float (N, M), 0..1."""
    areas = [item.area for item in truth], [item.area for item in predicted]
    iou = np.zeros((len(truth), len(predicted)))
    for i, one in enumerate(truth):
        for j, other in enumerate(predicted):
            common = one.common(other)
            if common:
                iou[i, j] = common / (areas[0][i] + areas[1][j] - common)
    return iou


def depth_map(instances: Sequence[Instance], shape: tuple[int, int]) -> np.ndarray:
    """Return how many masks lie on each pixel: uint8 (H, W)."""
    depth = np.zeros(shape, np.uint8)
    for item in instances:
        depth[item.window()] += item.mask
    return depth


@dataclass(frozen=True)
class MaskCounts:
    """Counts that add up over pictures: chromosomes, predictions, matches at IoU 0.5 and 0.75, their IoU, overlap pixels."""

    truths: int = 0
    predicted: int = 0
    matched_50: int = 0
    matched_75: int = 0
    iou_sum: float = 0.0
    overlap_common: int = 0
    overlap_either: int = 0

    def __add__(self, other: "MaskCounts") -> "MaskCounts":
        """Add counts, field by field."""
        return MaskCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def scores(self) -> dict[str, float]:
        """Return recall, precision and F1 at IoU 0.5, F1 at 0.75, mean IoU of what matched, IoU of the overlap pixels."""

        def f1(matched: int) -> float:
            return 2 * matched / max(self.truths + self.predicted, 1)

        return {
            "found": self.matched_50 / max(self.truths, 1),
            "precision": self.matched_50 / max(self.predicted, 1),
            "f1_50": f1(self.matched_50),
            "f1_75": f1(self.matched_75),
            "mean_iou": self.iou_sum / max(self.matched_50, 1),
            "overlap_iou": self.overlap_common / max(self.overlap_either, 1),
        }


def count_masks(
    truth: Sequence[Instance], predicted: Sequence[Instance], overlap: np.ndarray, sure: Sequence[bool] | None = None
) -> MaskCounts:
    """Compare the masks of one picture; ``overlap`` bool (H, W) are the pixels that truly belong to two chromosomes.

    Truths that are not ``sure`` are left out, and so are predictions that match one of them or lie mostly in one.
    """
    keep = np.ones(len(truth), bool) if sure is None else np.asarray(sure, bool)
    iou = mask_iou(truth, predicted)
    pairs = assign_pairs(iou, 0.5)
    doubtful = [item for item, kept in zip(truth, keep, strict=True) if not kept]
    ignored = {
        j
        for j, item in enumerate(predicted)
        if j not in set(pairs[keep]) and any(2 * item.common(d) > item.area for d in doubtful)
    }
    matched = np.array([iou[i, j] for i, j in enumerate(pairs) if keep[i] and j >= 0])
    shared = depth_map(predicted, overlap.shape) >= 2
    return MaskCounts(
        int(keep.sum()),
        len(predicted) - len(ignored),
        len(matched),
        int((matched >= 0.75).sum()),
        float(matched.sum()),
        int((shared & overlap).sum()),
        int((shared | overlap).sum()),
    )
