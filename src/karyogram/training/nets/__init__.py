"""The networks that can be trained, by name. A name carries a version, so that saved configurations keep working."""

from collections.abc import Callable

from torch import nn

from karyogram.training.nets.compact import Compact

NETS: dict[str, Callable[[], nn.Module]] = {"compact-v1": Compact}
