"""One setting of a study, fitted: Lightning drives it, the whole set lies on the device, pictures are distorted there."""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lightning
import torch
import torch.nn.functional as nnf
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader, DistributedSampler

from karyogram.training.device import find_precision
from karyogram.training.distort import distort
from karyogram.training.nets import NETS
from karyogram.training.nets.weights import load_weights
from karyogram.training.pictures import Pictures
from karyogram.training.presets import Preset
from karyogram.training.run import begin_run

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "Adam": torch.optim.Adam,
    "SGD": torch.optim.SGD,
    "RMSprop": torch.optim.RMSprop,
}
#: Mean and spread of ImageNet's pictures: what the library's networks, and its weights, are made for.
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Point:
    """One setting: names in ``NETS`` and ``OPTIMIZERS``, the first learning rate, the weight decay."""

    net: str
    optimizer: str
    rate: float
    weight_decay: float

    @property
    def key(self) -> str:
        """The setting as a name, the same wherever and whenever it is met."""
        return f"{self.net}_{self.optimizer}_{self.rate!r}_{self.weight_decay!r}"


@dataclass
class Outcome:
    """What a run leaves: one row an epoch (``{train,val}_{loss,accuracy}``), the test part's rows kept apart, seconds.

    ``tested`` is the number of pictures in the test part.
    """

    curves: list[dict[str, float]] = field(default_factory=list)
    sealed: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    tested: int = 0

    def best(self) -> int:
        """Return the epoch, from 0, of the best validation accuracy, the first if there are several."""
        accuracies = [row["val_accuracy"] for row in self.curves]
        return accuracies.index(max(accuracies))


def to_input(pictures: Tensor, channels: int) -> Tensor:
    """Turn grey on white, float (N, 1, h, w), 0..1, into what a network sees.

    That is, in one channel, stain bright on 0; in three, ImageNet's scale.
    """
    if channels == 1:
        return 1 - pictures
    mean, spread = (pictures.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, SPREAD))
    return (pictures - mean) / spread


class Fitting(lightning.LightningModule):
    """A network, the pictures, and what is known of its epochs."""

    def __init__(
        self, net: nn.Module, point: Point, preset: Preset, pictures: Pictures, seed: int, watch: Callable[[int, float], None]
    ) -> None:
        super().__init__()
        self.net, self.point, self.preset, self.seed, self.watch = net, point, preset, seed, watch
        self.channels = NETS[point.net].channels
        self.rows = {part: pictures.rows(part) for part in ("train", "val", "test")}
        # No buffers: they would be sent from device to device at every step.
        self.pixels, self.straight, self.labels = pictures.pixels, pictures.straight, pictures.labels
        self.outcome, self.begun = Outcome(tested=len(self.rows["test"])), time.monotonic()

    def on_fit_start(self) -> None:
        """Bring all pictures to the device, once."""
        self.pixels, self.straight, self.labels = (t.to(self.device) for t in (self.pixels, self.straight, self.labels))
        self.begun = time.monotonic() - self.outcome.seconds

    def train_dataloader(self) -> DataLoader:
        """Batches of rows, dealt to the devices, in an order fixed by seed and epoch; all are full unless there is but one."""
        rows, world = self.rows["train"], self.trainer.world_size
        order: DistributedSampler[int] = DistributedSampler(rows, world, self.trainer.global_rank, seed=self.seed)  # type: ignore[arg-type]
        order.set_epoch(len(self.outcome.curves))  # Lightning draws the first batch before it names the epoch of a resumed run
        full = len(rows) // world >= self.preset.batch
        return DataLoader(rows, self.preset.batch, sampler=order, drop_last=full)  # type: ignore[arg-type]

    def val_dataloader(self) -> list[DataLoader]:
        """The rows of val and, where there are any, of test."""
        return [DataLoader(self.rows[part], self.preset.batch) for part in ("val", "test") if len(self.rows[part])]  # type: ignore[arg-type]

    def training_step(self, rows: Tensor, _: int) -> Tensor:
        """Distort the pictures of some rows, int64 (n,), and return the loss.

        Chance is seeded by step, so that a resumed run goes on as if it had never stopped.
        """
        torch.manual_seed(1_000_000 * self.seed + self.global_step)
        pixels = self.pixels[rows]
        if self.preset.straightened:
            chosen = torch.rand(len(rows), 1, 1, device=self.device) < self.preset.straightened
            pixels = torch.where(chosen, self.straight[rows], pixels)
        with torch.autocast(self.device.type, enabled=False):
            pictures = distort(pixels[:, None].float() / 255, self.preset.steps)
        return self._score("train", pictures, rows)

    def validation_step(self, rows: Tensor, _: int, dataloader_idx: int = 0) -> None:
        """Score the untouched pictures of some rows of the part val, or, in the second loader, test."""
        self._score(("val", "test")[dataloader_idx], self.pixels[rows][:, None].float() / 255, rows)

    def _score(self, part: str, pictures: Tensor, rows: Tensor) -> Tensor:
        logits = self.net(to_input(pictures, self.channels))
        logits = logits[0] if isinstance(logits, tuple) else logits
        labels = self.labels[rows]
        loss = nnf.cross_entropy(logits, labels)
        scores = {f"{part}_loss": loss, f"{part}_accuracy": (logits.argmax(1) == labels).float().mean()}
        how = {"on_step": False, "on_epoch": True, "add_dataloader_idx": False, "sync_dist": True}
        self.log_dict(scores, batch_size=len(rows), **how)  # type: ignore[arg-type]
        return loss

    def on_train_epoch_end(self) -> None:
        """Write down the epoch; the test part goes where no choice looks."""
        scores = {name: float(value) for name, value in self.trainer.callback_metrics.items()}
        self.outcome.curves.append({k: v for k, v in scores.items() if not k.startswith("test_")})
        self.outcome.sealed.append({k: v for k, v in scores.items() if k.startswith("test_")})
        self.outcome.seconds = time.monotonic() - self.begun
        self.watch(len(self.outcome.curves) - 1, scores["val_accuracy"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the epochs so far with the weights."""
        checkpoint["outcome"] = asdict(self.outcome)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the epochs so far."""
        self.outcome = Outcome(**checkpoint["outcome"])

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """The point's optimizer; its rate falls in steps."""
        make = OPTIMIZERS[self.point.optimizer]
        optimizer = make(self.parameters(), lr=self.point.rate, weight_decay=self.point.weight_decay)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, self.preset.decay_every, self.preset.decay)]


def fit_point(
    point: Point,
    preset: Preset,
    pictures: Pictures,
    folder: Path,
    seed: int,
    weights: Path | None = None,
    watch: Callable[[int, float], None] = lambda epoch, accuracy: None,
) -> Outcome:
    """Fit one setting and return its epochs; ``folder`` gets ``best.ckpt``, the weights of the best validation accuracy.

    A killed run leaves ``last.ckpt`` and resumes from it. ``weights`` is a file to start from. ``watch`` is told the
    validation accuracy after each epoch (from 0) and may raise to end the run. bf16 is used where the device has it. Raises
    DataError if the folder holds a run begun otherwise, ModelError if the weights do not fit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begin_run(folder, {**asdict(point), "epochs": preset.epochs, "seed": seed, "size": list(pictures.pixels.shape)})
    lightning.seed_everything(seed, verbose=False)
    net = NETS[point.net]()
    if weights is not None:
        load_weights(net, weights)
    module = Fitting(net, point, preset, pictures, seed, watch)
    last = folder / "last.ckpt"
    trainer = lightning.Trainer(
        max_epochs=preset.epochs,
        precision=find_precision(),
        deterministic="warn",
        default_root_dir=folder,
        logger=False,
        callbacks=[
            EarlyStopping("val_accuracy", mode="max", patience=preset.patience),
            ModelCheckpoint(folder, "best", "val_accuracy", mode="max", save_weights_only=True, enable_version_counter=False),
            ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False),
        ],
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(does not have many workers|exists and is not empty|LeafSpec)")
        trainer.fit(module, ckpt_path=str(last) if last.exists() else None, weights_only=True)
    last.unlink(missing_ok=True)
    return module.outcome
