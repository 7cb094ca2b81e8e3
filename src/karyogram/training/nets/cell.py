"""A small network that looks at all chromosomes of a cell at once: attention over the set, round after round."""

import torch
from torch import Tensor, nn

from karyogram.labels import LABELS

CLASSES = len(LABELS)


class Round(nn.Module):
    """One look round the cell: every chromosome asks all others, and its log-probabilities are moved.

    A chromosome is told how many of each class the others seem to be; that count is made anew each round, as a Sinkhorn
    layer makes its row and column sums, but what a full class does to it is learned and nothing is forced.
    Attention as in Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv 1706.03762.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.told = nn.Linear(2 * CLASSES, width)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * width)
        self.answer = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.move = nn.Linear(width, CLASSES)
        nn.init.zeros_(self.move.weight)
        nn.init.zeros_(self.move.bias)

    def forward(self, state: Tensor, logs: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """(C, n, width), (C, n, 24), bool (C, n) -> next state and log-probabilities; absent ones neither tell nor count."""
        cells, n = logs.shape[0], logs.shape[1]
        believed = logs.exp() * present[..., None]
        others = believed.sum(1, keepdim=True) - believed
        state = state + self.told(torch.cat([logs / 4, others], -1))
        queries, keys, values = (
            part.reshape(cells, n, self.heads, -1).transpose(1, 2) for part in self.ask(self.before(state)).chunk(3, -1)
        )
        likeness = queries @ keys.transpose(2, 3) / (self.width // self.heads) ** 0.5
        heard = likeness.masked_fill(~present[:, None, None], -1e4).softmax(-1) @ values
        state = state + self.answer(heard.transpose(1, 2).reshape(cells, n, self.width))
        state = state + self.think(self.between(state))
        return state, (logs + self.move(state)).log_softmax(-1)


class CellNet(nn.Module):
    """About 0.13 M parameters, each round starting from the first stage's opinion and what the last one made of it.

    Input float (C, n, 26), see :func:`karyogram.classify.cell.gather_evidence`, and which are present, bool (C, n). Output:
    log-probabilities (C, n, 24). Untrained, it repeats what it is told.
    """

    def __init__(self, width: int = 64, heads: int = 4, rounds: int = 3, dropout: float = 0.1) -> None:
        super().__init__()
        self.sizes = nn.Linear(2, width)
        self.rounds = nn.ModuleList(Round(width, heads) for _ in range(rounds))
        self.dropout = nn.Dropout(dropout)

    def forward(self, evidence: Tensor, present: Tensor) -> Tensor:
        """See the class."""
        logs, state = evidence[..., :CLASSES].log_softmax(-1), self.sizes(4 * evidence[..., CLASSES:])
        for look in self.rounds:
            state, logs = look(self.dropout(state), logs, present)
        return logs
