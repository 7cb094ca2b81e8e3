"""Published protocols as tables: what is done to a training picture, how parts are dealt, which settings are compared."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A protocol. ``shares`` are of train, test and val; ``rates`` fall by ``decay`` every ``decay_every`` epochs.

    ``steps`` are operations of :mod:`karyogram.training.distort` with their settings, applied to training pictures in turn.
    ``straightened`` is the share of times that a training picture is shown straightened. A run ends after ``patience`` epochs
    without a better validation accuracy, or after ``epochs``.
    """

    source: str
    nets: tuple[str, ...]
    steps: tuple[tuple[str, dict[str, Any]], ...]
    straightened: float = 0.0
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2)
    optimizers: tuple[str, ...] = ("Adam", "SGD", "RMSprop")
    rates: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    batch: int = 16
    epochs: int = 30
    decay: float = 0.1
    decay_every: int = 15
    weight_decay: float = 1e-5
    patience: int = 10


#: ``founders``: the ranges of place and expose are ours; the study names the operations but not how far they go.
#: ``dangelo``: the augmentations are the paper's; their radii, shares and chances and all of the fitting are ours.
PRESETS = MappingProxyType(
    {
        "founders": Preset(
            source="the study of single chromosomes that karyogram grew from",
            nets=("inception-v3", "inception-v3-paper", "vgg16", "resnet50", "resnet18", "inception-resnet-v2"),
            steps=(
                ("place", {"degrees": 15.0, "shift": 0.1, "scale": 0.1}),
                ("expose", {"brightness": 0.2, "contrast": 0.2, "intensity": 0.2}),
                ("blur", {"sizes": (5, 7, 9), "sigma": (0.1, 0.5)}),
            ),
        ),
        "dangelo": Preset(
            source="D'Angelo and Nanni, Information 14:389 (2023), doi 10.3390/info14070389",
            nets=("resnet50",),
            steps=(
                ("turn", {"step": 15}),
                ("low_pass", {"radius": (6.0, 16.0), "chance": 0.25}),
                ("thin_spectrum", {"share": (0.02, 0.2), "chance": 0.25}),
            ),
            straightened=0.5,
        ),
    }
)
