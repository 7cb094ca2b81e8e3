"""Several fits from one start, made one network.

Networks tuned from one start lie in one valley, and their mean errs less than any (Wortsman et al., ICML 2022, arXiv
2203.05482).
"""

from collections.abc import Sequence

import torch
from torch import nn


def average(nets: Sequence[nn.Module]) -> nn.Module:
    """Give the first of some networks of one kind the mean of all their weights, and return it."""
    states = [net.state_dict() for net in nets]
    mean = {key: torch.stack([state[key].double() for state in states]).mean(0).to(states[0][key].dtype) for key in states[0]}
    nets[0].load_state_dict(mean)
    return nets[0]
