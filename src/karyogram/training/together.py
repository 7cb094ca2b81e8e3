"""Fitting the second stage: cells with missing, extra and foreign chromosomes, so that two of each is a habit and no law."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.classify.cell import gather_evidence
from karyogram.errors import DataError
from karyogram.training.calibrate import fit_temperature
from karyogram.training.nets.cell import CLASSES, CellNet
from karyogram.training.opinions import Opinions


@dataclass(frozen=True)
class Disorder:
    """How far drawn cells stray from real ones: chances a cell, spreads in nats or logarithms of size."""

    worn: float = 0.6
    missing: float = 0.5
    foreign: float = 0.4
    most_foreign: int = 3
    temperature: float = 0.25
    noise: float = 0.5
    size: float = 0.04


def draw_cell(cells: Sequence[Opinions], rng: np.random.Generator, how: Disorder = Disorder()) -> tuple[np.ndarray, np.ndarray]:
    """Return (evidence float32 (n, 26), labels (n,)) of a cell as it might have been.

    Each chromosome is seen as it is or in a worn state; some may be missing, whole classes among them; some from other cells
    may have come in, which makes trisomies and worse; what the first stage says is blurred.
    """
    cell = cells[int(rng.integers(len(cells)))]
    keep = np.ones(len(cell.labels), bool)
    if rng.random() < how.missing:
        keep = rng.random(len(keep)) < rng.uniform(0.3, 1.0)
    chosen = [(cell, row) for row in np.flatnonzero(keep).tolist()]
    if rng.random() < how.foreign:
        for _ in range(rng.integers(1, how.most_foreign + 1)):
            other = cells[int(rng.integers(len(cells)))]
            chosen.append((other, int(rng.integers(len(other.labels)))))
    chosen = chosen or [(cell, 0)]
    worn = rng.random(len(chosen)) < how.worn
    looks = [
        source.looks[rng.integers(1, len(source.looks)) if w else 0, row] for (source, row), w in zip(chosen, worn, strict=True)
    ]
    sizes = np.array([source.sizes[row] for source, row in chosen]) * np.exp(rng.normal(0, how.size, (len(chosen), 2)))
    evidence = gather_evidence(np.array(looks), sizes)
    noise = rng.normal(0, rng.uniform(0, how.noise), (len(chosen), CLASSES))
    evidence[:, :CLASSES] = evidence[:, :CLASSES] * np.exp(rng.normal(0, how.temperature)) + noise
    return evidence, np.array([source.labels[row] for source, row in chosen])


def stack_cells(drawn: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return evidence float (C, n, 26), presence bool (C, n) and labels int64 (C, n), -1 where nothing is known, of C cells."""
    most = max(len(labels) for _, labels in drawn)
    evidence = torch.zeros(len(drawn), most, drawn[0][0].shape[1])
    present = torch.zeros(len(drawn), most, dtype=torch.bool)
    labels = torch.full((len(drawn), most), -1)
    for k, (told, truth) in enumerate(drawn):
        evidence[k, : len(truth)] = torch.from_numpy(told)
        present[k, : len(truth)] = True
        labels[k, : len(truth)] = torch.from_numpy(truth.astype(np.int64))
    return evidence, present, labels


def fit_cell(cells: Sequence[Opinions], steps: int = 3000, batch: int = 32, rate: float = 2e-3, seed: int = 0) -> CellNet:
    """Fit the second stage on what the first says of whole cells; a few minutes on one core.

    Raises DataError if no chromosome is of known class.

    AdamW, rate by one cycle. Cross-entropy, over the chromosomes with a known class, of the last round's log-probabilities.
    """
    cells = [cell for cell in cells if (cell.labels >= 0).any()]
    if not cells:
        raise DataError("no cell with a chromosome of known class, so there is nothing to learn from")
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = CellNet().train()
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 20), pct_start=0.1)
    for _ in range(steps):
        evidence, present, labels = stack_cells([draw_cell(cells, rng) for _ in range(batch)])
        logs = net(evidence, present)
        loss = nnf.cross_entropy(logs.flatten(0, 1), labels.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return net.eval()


def decide(net: CellNet, cell: Opinions) -> np.ndarray:
    """Return log-probabilities float32 (N, 24) of the chromosomes of one cell, seen as they are."""
    evidence, present, _ = stack_cells([(gather_evidence(cell.looks[0], cell.sizes), cell.labels)])
    with torch.no_grad():
        return np.asarray(net.eval()(evidence, present)[0].numpy())


def fit_cell_temperature(net: CellNet, cells: Sequence[Opinions]) -> float:
    """Return the temperature that makes the second stage's probabilities true on cells it never saw; 1 where none is known."""
    logs = [decide(net, cell)[cell.labels >= 0] for cell in cells]
    labels = [cell.labels[cell.labels >= 0] for cell in cells]
    if not sum(map(len, labels)):
        return 1.0
    return fit_temperature(np.exp(np.concatenate(logs)), np.concatenate(labels))
