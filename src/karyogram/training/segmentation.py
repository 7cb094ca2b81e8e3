"""Train the segmentation network on composites, drawn afresh for every batch and never twice."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import lightning
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.datasets.compose import Composite, compose
from karyogram.datasets.cutouts import Cutout, load_cutouts
from karyogram.image.background import flatten
from karyogram.training.nets.unet import UNet

#: How much a channel's loss counts: chromosome, overlap, contact.
WEIGHTS = (1.0, 1.0, 1.0)


def targets(composite: Composite) -> np.ndarray:
    """Return uint8 (3, H, W), 0 or 1: chromosome, overlap of two or more, contact.

    Contact is what must be taken away to part neighbours: pixels of one chromosome within two pixels of another, and the two
    pixels around an overlap, where four arms meet.
    """
    shape = composite.picture.shape
    depth, near = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    for item in composite.instances:
        depth[item.window()] += item.mask
        top, left = min(item.y, 3), min(item.x, 3)
        padded = np.pad(item.mask.astype(np.uint8), ((top, 3), (left, 3)))
        h, w = padded.shape
        area = near[item.y - top : item.y - top + h, item.x - left : item.x - left + w]
        np.add(area, cv2.dilate(padded, kernel)[: area.shape[0], : area.shape[1]], out=area, casting="unsafe")
    overlap = depth >= 2
    contact = (near >= 2) & (depth == 1)
    return np.stack([depth >= 1, overlap, contact]).astype(np.uint8)


class Composites(torch.utils.data.IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches of composites: absorbance float (N, 1, h, w) and targets uint8 (N, 3, h, w), from batch ``step`` on."""

    def __init__(self, cutouts: Sequence[Cutout], grounds: Sequence[np.ndarray], batch: int, seed: int, step: int = 0) -> None:
        self.cutouts, self.grounds, self.batch, self.seed = cutouts, grounds, batch, seed + step * batch

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches; each worker draws seeds of its own."""
        worker = torch.utils.data.get_worker_info()
        seed = self.seed + (worker.id * 10_000_000 if worker else 0)
        while True:
            composites = [compose(self.cutouts, seed + k, grounds=self.grounds) for k in range(self.batch)]
            seed += self.batch
            absorbance = np.stack([255 - flatten(c.picture) for c in composites]).astype(np.float32) / 255
            yield torch.from_numpy(absorbance)[:, None], torch.from_numpy(np.stack([targets(c) for c in composites]))


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice, channel by channel; logits (N, 3, h, w), truth (N, 3, h, w) 0 or 1."""
    truth = truth.float()
    total = logits.new_zeros(())
    for channel, weight in enumerate(WEIGHTS):
        x, t = logits[:, channel].float(), truth[:, channel]
        p = torch.sigmoid(x)
        dice = 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
        total = total + weight * (nnf.binary_cross_entropy_with_logits(x, t) + 0.3 * dice)
    return total


class Segmentation(lightning.LightningModule):
    """The network with its loss."""

    def __init__(self, steps: int, rate: float = 2e-3) -> None:
        super().__init__()
        self.steps, self.rate = steps, rate
        self.net = UNet()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Return the loss of one batch."""
        inputs, truth = batch
        logits = self.net(inputs.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits, truth)
        with torch.no_grad():
            hits, want = logits > 0, truth > 0
            iou = (hits & want).sum((0, 2, 3)) / (hits | want).sum((0, 2, 3)).clamp(min=1)
        self.log_dict({"loss": loss, "iou_fg": iou[0], "iou_overlap": iou[1], "iou_contact": iou[2]})
        return loss

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """AdamW with a one-cycle rate."""
        optimizer = torch.optim.AdamW(self.parameters(), self.rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=max(self.steps, 12) + 8, pct_start=0.1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fit_segmentation(
    library: Path, folder: Path, steps: int, batch: int = 8, seed: int = 0, grounds: Sequence[np.ndarray] = ()
) -> Segmentation:
    """Train for ``steps`` batches on composites of a cut-out library; ``last.ckpt`` in ``folder`` lets a killed run resume."""
    lightning.seed_everything(seed, verbose=False)
    module = Segmentation(steps)
    last = folder / "last.ckpt"
    done = torch.load(last, map_location="cpu", weights_only=True)["global_step"] if last.exists() else 0
    data = Composites(load_cutouts(library), grounds, batch, seed, done)
    trainer = lightning.Trainer(
        max_steps=steps,
        precision="bf16-mixed",
        default_root_dir=folder,
        logger=lightning.pytorch.loggers.CSVLogger(folder, name="log", version=0, flush_logs_every_n_steps=50),
        callbacks=[lightning.pytorch.callbacks.ModelCheckpoint(folder, save_last=True, every_n_train_steps=100)],
        gradient_clip_val=2.0,
        enable_model_summary=False,
        log_every_n_steps=50,
    )
    trainer.fit(
        module,
        torch.utils.data.DataLoader(data, batch_size=None, num_workers=1, persistent_workers=True),
        ckpt_path=str(last) if last.exists() else None,
        weights_only=True,
    )
    return module
