"""Fitting an outliner: its losses, and the run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import lightning
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.errors import DataError
from karyogram.training.nets.refiner import Outliner
from karyogram.training.outlines import Views
from karyogram.training.resume import done, fit_resumable

#: How much more a pixel counts that two chromosomes share, or that is another's alone.
SHARED, OTHERS = 3.0, 2.0


class Outlining(lightning.LightningModule):
    """The network with its loss."""

    def __init__(self, steps: int, rate: float = 3e-3) -> None:
        super().__init__()
        self.steps, self.rate = steps, rate
        self.net = Outliner()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Return the loss of one batch: views uint8 (n, 3, s, s), masks uint8 (n, s, s)."""
        views, masks = batch
        logits = self.net(expose(views.float() / 255).contiguous(memory_format=torch.channels_last)).float()
        loss = outline_loss(logits, masks, views[:, 2] > 127)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """AdamW with a one-cycle rate."""
        optimizer = torch.optim.AdamW(self.parameters(), self.rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=max(self.steps, 20) + 8, pct_start=0.1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def expose(views: Tensor) -> Tensor:
    """Return views, float (n, 3, s, s), whose stain another camera and another stain might have given."""

    def normal(spread: float) -> Tensor:
        return spread * torch.randn(len(views), 1, 1, device=views.device)

    stain = views[:, 0].clamp(min=1e-4) ** normal(0.12).exp() * normal(0.12).exp()
    stain = stain + 0.02 * torch.rand(len(views), 1, 1, device=views.device) * torch.randn_like(stain)
    return torch.cat([stain.clamp(0, 1)[:, None], views[:, 1:]], 1)


def outline_loss(logits: Tensor, masks: Tensor, others: Tensor) -> Tensor:
    """Soft Dice plus cross-entropy of logits (n, s, s); ``masks`` as in :class:`Views`, ``others`` bool: another's mask."""
    own = (masks > 0).float()
    weight = torch.where(masks == 2, SHARED, torch.where(others & (masks == 0), OTHERS, 1.0))
    entropy = nnf.binary_cross_entropy_with_logits(logits, own, reduction="none") * weight
    p = torch.sigmoid(logits)
    dice = 1 - (2 * (weight * p * own).sum((1, 2)) + 1) / ((weight * (p**2 + own)).sum((1, 2)) + 1)
    return (dice + 0.5 * entropy.sum((1, 2)) / own.sum((1, 2)).clamp(min=50)).mean()


class Batches(torch.utils.data.IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches of views and masks in one of eight poses; by seed, from batch ``step`` on."""

    def __init__(self, views: np.ndarray, masks: np.ndarray, batch: int, seed: int, step: int = 0) -> None:
        self.views, self.masks, self.batch, self.seed, self.step = views, masks, batch, seed, step

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches."""
        step, full = self.step, max(1, len(self.views) // self.batch)
        while True:
            order = np.random.default_rng((self.seed, step // full)).permutation(len(self.views))
            rows = np.sort(order[step % full * self.batch :][: self.batch])
            views, masks = torch.from_numpy(self.views[rows]), torch.from_numpy(self.masks[rows])
            turns, mirror = np.random.default_rng((self.seed, step, 1)).integers((4, 2)).tolist()
            views, masks = torch.rot90(views, turns, (2, 3)), torch.rot90(masks, turns, (1, 2))
            yield (views.flip(3), masks.flip(2)) if mirror else (views, masks)
            step += 1


def fit_outliner(made: Sequence[Views], folder: Path, steps: int, batch: int = 32, seed: int = 0) -> Outliner:
    """Fit an outliner in ``steps`` batches; ``last.ckpt`` in ``folder`` lets a killed run resume.

    Raises DataError if there is no view to learn from.
    """
    if not sum(len(one.views) for one in made):
        raise DataError(f"{folder}: no chromosome that meets another, so there is nothing to learn from")
    lightning.seed_everything(seed, verbose=False)
    views, masks = np.concatenate([one.views for one in made]), np.concatenate([one.masks for one in made])
    module = Outlining(steps)
    batches = Batches(views, masks, batch, seed, max(0, done(folder, "global_step")))
    fit_resumable(module, folder, batches, every=100, clip=2.0, max_steps=steps)
    return module.net
