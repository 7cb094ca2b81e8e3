"""A fit that a kill does not lose: Lightning's trainer goes on from the last checkpoint in the run's folder."""

from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, Dataset

from karyogram.training.device import find_precision

Batches = Dataset[Any] | DataLoader[Any]


def last_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint from which a run in ``folder`` goes on, if it has begun."""
    last = folder / "last.ckpt"
    return last if last.exists() else None


def done(folder: Path, unit: str) -> int:
    """Return how far a run in ``folder`` has come, -1 if it has not begun; ``unit`` is "global_step" or "epoch"."""
    last = last_checkpoint(folder)
    return int(torch.load(last, map_location="cpu", weights_only=True)[unit]) if last else -1


def fit_resumable(
    module: lightning.LightningModule,
    folder: Path,
    training: Batches,
    validation: Batches | None = None,
    *,
    clip: float,
    every: int | None = None,
    **limits: int,
) -> None:
    """Fit a module on what yields its batches, a dataset or a loader, and keep checkpoints in ``folder``.

    One is kept after ``every`` so many steps, else each epoch. Gradients are clipped to a norm of ``clip``; ``limits`` are
    Lightning's, ``max_steps`` or ``max_epochs``.
    """
    trainer = lightning.Trainer(
        **limits,  # type: ignore[arg-type]
        precision=find_precision(),
        default_root_dir=folder,
        logger=CSVLogger(folder, name="log", version=0),
        callbacks=[ModelCheckpoint(folder, save_last=True, every_n_train_steps=every, enable_version_counter=False)],
        gradient_clip_val=clip,
        enable_model_summary=False,
        log_every_n_steps=25,
    )
    last = last_checkpoint(folder)
    resumed = str(last) if last else None
    trainer.fit(module, _loader(training), _loader(validation), ckpt_path=resumed, weights_only=True)


def _loader(batches: Batches | None) -> DataLoader[Any] | None:
    return batches if batches is None or isinstance(batches, DataLoader) else DataLoader(batches, batch_size=None)
