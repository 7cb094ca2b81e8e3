"""One fitting run: Lightning drives it, the whole set lies in memory, augmentation runs on the batch."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import lightning
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.classify.prepare import Preparation
from karyogram.errors import DataError
from karyogram.training.augment import augment
from karyogram.training.data import Samples
from karyogram.training.nets import NETS
from karyogram.training.resume import done, fit_resumable


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, apart from the data."""

    net: str = "compact-v1"
    epochs: int = 14
    batch: int = 128
    rate: float = 3e-3
    weight_decay: float = 0.05
    smoothing: float = 0.05
    counterexamples: float = 0.5
    sizes: float = 0.08
    seed: int = 0


class Fitting(lightning.LightningModule):
    """A network with its losses: class, which end is up, one whole chromosome or not."""

    def __init__(self, recipe: Recipe, steps: int) -> None:
        super().__init__()
        self.recipe, self.steps = recipe, steps
        self.net = NETS[recipe.net]()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> Tensor:
        """Augment one batch (canvases uint8 (N, h, w), labels (N,), up (N,)) and return its loss.

        Chance is seeded by step, so that a resumed run goes on as if it had never stopped.
        """
        torch.manual_seed(1_000_000 * self.recipe.seed + self.global_step)
        canvases, labels, up = batch
        inputs, up = augment(canvases[:, None].float() / 255, up, sizes=self.recipe.sizes)
        classes, up_logit, whole_logit = self.net(inputs.contiguous(memory_format=torch.channels_last))
        whole = labels >= 0
        loss_class = nnf.cross_entropy(classes[whole], labels[whole], label_smoothing=self.recipe.smoothing)
        sure = (2 * up[whole] - 1).abs()
        loss_up = nnf.binary_cross_entropy_with_logits(up_logit[whole], (up[whole] > 0.5).float(), weight=sure)
        loss_whole = nnf.binary_cross_entropy_with_logits(whole_logit, whole.float())
        loss = loss_class + 0.5 * loss_up + (0.5 * loss_whole if not whole.all() else 0.0)
        self.log_dict({"loss": loss, "class": loss_class, "up": loss_up, "whole": loss_whole}, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> None:
        """Log accuracy of class, up (where sure) and whole on one batch."""
        canvases, labels, up = batch
        classes, up_logit, whole_logit = self.net(canvases[:, None].float() / 255)
        whole, sure = labels >= 0, (up - 0.5).abs() > 0.45
        for name, right in (
            ("val_accuracy", (classes.argmax(1) == labels)[whole]),
            ("val_up", ((up_logit > 0) == (up > 0.5))[whole & sure]),
            ("val_whole", (whole_logit > 0) == whole),
        ):
            if len(right):
                self.log(name, right.float().mean(), batch_size=len(right), prog_bar=True)

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """AdamW with a one-cycle rate."""
        optimizer = torch.optim.AdamW(self.parameters(), self.recipe.rate, weight_decay=self.recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.recipe.rate, total_steps=self.steps, pct_start=0.15, final_div_factor=1e3
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Batches(torch.utils.data.IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches out of one uint8 array: shuffled by seed and ``epoch()`` for training, in order without a seed.

    Shuffled batches are all of one size, unless the rows do not fill a single one.
    """

    def __init__(
        self,
        samples: Samples,
        rows: np.ndarray,
        batch: int,
        seed: int | None = None,
        share: float = 1.0,
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        self.samples, self.rows, self.batch, self.seed, self.share, self.epoch = samples, rows, batch, seed, share, epoch

    def __iter__(self):  # type: ignore[no-untyped-def]
        """Yield (canvases, labels, up); training leaves out a share of the counterexamples, others each epoch."""
        rows = self.rows
        if self.seed is not None:
            rng = np.random.default_rng((self.seed, self.epoch()))
            whole = self.samples.table["label"][rows] >= 0
            rows = rng.permutation(rows[whole | (rng.random(len(rows)) < self.share)])
            rows = rows[: max(len(rows) // self.batch, 1) * self.batch]
        for start in range(0, len(rows), self.batch):
            chosen = np.sort(rows[start : start + self.batch])
            table = self.samples.table[chosen]
            yield (
                torch.from_numpy(np.ascontiguousarray(self.samples.canvases[chosen])),
                torch.from_numpy(table["label"].astype(np.int64)),
                torch.from_numpy(table["up"].astype(np.float32)),
            )


def fit(samples: Samples, recipe: Recipe, folder: Path, start: Path | None = None) -> Fitting:
    """Fit on the part "train", watch the part "val", and leave ``last.ckpt`` in ``folder``, from which a killed run resumes.

    ``start`` is a checkpoint whose weights the network begins with. The part "test" is never touched. Fewer samples than a
    batch make one smaller batch. A run resumes with the samples and recipe it began with, see :mod:`karyogram.training.run`.
    Raises DataError if no sample is for training, or if ``start`` is no checkpoint of this network.
    """
    lightning.seed_everything(recipe.seed, verbose=False)
    part = samples.table["part"]
    training, validation = np.flatnonzero(part == "train"), np.flatnonzero(part == "val")
    whole = int((samples.table["label"][training] >= 0).sum())
    if not whole:
        raise DataError(f"{folder}: no whole chromosome is in the part train, so there is nothing to learn from")
    steps = recipe.epochs * (int(whole + (len(training) - whole) * recipe.counterexamples) // recipe.batch)
    module = Fitting(recipe, steps + recipe.epochs * 4)
    if start is not None:
        load_weights(module, start, recipe.net)
    # Lightning asks for the first batches before it tells the module of the epoch that it resumes with.
    begun = done(folder, "epoch") + 1
    epoch = lambda: max(begun, module.current_epoch)  # noqa: E731
    shuffled = Batches(samples, training, recipe.batch, recipe.seed, recipe.counterexamples, epoch)
    watched = Batches(samples, validation, recipe.batch)
    fit_resumable(module, folder, shuffled, watched, clip=2.0, max_epochs=recipe.epochs)
    return module


def load_weights(module: lightning.LightningModule, start: Path, net: str) -> None:
    """Give a module the weights of a checkpoint. Raises DataError if it is none of this network, called ``net``."""
    try:
        module.load_state_dict(torch.load(start, map_location="cpu", weights_only=True)["state_dict"])
    except Exception as error:  # torch raises whatever the file makes it stumble over
        raise DataError(f"{start}: no checkpoint of {net}: {str(error).splitlines()[0]}") from error


def read_fitted(folder: Path) -> tuple[torch.nn.Module, Preparation]:
    """Return the network of the last checkpoint in a run's folder, and what its canvases were made like.

    Raises DataError, naming the file, if the folder is none of `karyogram train`. One of `karyogram grid` or `search` is told
    apart: its network saw pictures resized to one size, neither turned nor at one scale, which no model file can say, and
    whether a short arm is up or a chromosome whole it was never asked.
    """
    path = folder / "run.json"
    try:
        settings = json.loads(path.read_text("utf-8"))
        if {"optimizer", "optimizers"} & set(settings):
            raise DataError(
                f"{path}: this is a run of `karyogram grid` or `search`, whose network sees each picture resized and tells its "
                "class only, so that no command could use it: fit one with `karyogram train`"
            )
        recipe = Recipe(**{field.name: settings[field.name] for field in fields(Recipe)})
        how = Preparation(**{field.name: settings[field.name] for field in fields(Preparation)})
        module = Fitting(recipe, 1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: this is no run of `karyogram train`: {type(error).__name__}: {error}") from error
    load_weights(module, folder / "last.ckpt", recipe.net)
    return module.net, how
