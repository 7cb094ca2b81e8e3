"""Train the detector on views of real boxed metaphases: its losses, and the run."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import lightning
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.segment.maps import CENTRE_STEP, LAYERS, MASK_STEP, PLACE, WINDOW
from karyogram.training.cells import Cell
from karyogram.training.fit import load_weights
from karyogram.training.nets.detector import Detector
from karyogram.training.views import OPEN, Views


class Windows(torch.autograd.Function):
    """Windows (n, c, WINDOW, WINDOW) of padded maps (N, c, h, w) at given (picture, y, x); gradients of common pixels add."""

    @staticmethod
    def forward(ctx, maps: Tensor, where: Tensor) -> Tensor:  # type: ignore[no-untyped-def,override]
        """Copy the windows out."""
        ctx.shape, ctx.where = maps.shape, where.tolist()
        return torch.stack([maps[b, :, y : y + WINDOW, x : x + WINDOW] for b, y, x in ctx.where])

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def,override]
        """Add the windows' gradients where they came from."""
        total = grad.new_zeros(ctx.shape)
        for (b, y, x), g in zip(ctx.where, grad, strict=True):
            total[b, :, y : y + WINDOW, x : x + WINDOW] += g
        return total, None


def draw_masks(features: Tensor, filters: Tensor, picture: Tensor, place: Tensor) -> Tensor:
    """Return mask logits (n, WINDOW, WINDOW) for filters (n, 169) at centre cells ``place`` (n, 2) of ``picture`` (n,)."""
    half = WINDOW // 2
    padded = nnf.pad(features, (half,) * 4)
    ratio = CENTRE_STEP // MASK_STEP
    start = place * ratio + ratio // 2
    windows = Windows.apply(padded, torch.cat([picture[:, None], start], 1)).float()  # type: ignore[no-untyped-call]
    n = len(windows)
    steps = (torch.arange(WINDOW, device=features.device) + 0.5 - half) * MASK_STEP / PLACE
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="ij"))[None].expand(n, -1, -1, -1)
    x = torch.cat([windows, grid], 1).flatten(2)
    for weight, bias in split_filters(filters.float()):
        x = torch.baddbmm(bias, weight, x)
        x = torch.relu(x) if weight.shape[1] > 1 else x
    return x.reshape(n, WINDOW, WINDOW)


def split_filters(filters: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return (weight (n, out, in), bias (n, out, 1)) of the three layers of filters (n, 169)."""
    layers, start = [], 0
    for inputs, outputs in LAYERS:
        weight = filters[:, start : start + inputs * outputs].reshape(-1, outputs, inputs)
        start += inputs * outputs
        layers.append((weight, filters[:, start : start + outputs, None]))
        start += outputs
    return layers


def heat_loss(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Focal loss that forgives near misses (Zhou et al., arXiv 1904.07850, eq. 1), a centre."""
    logits = logits.float()
    p, log_p, log_q = torch.sigmoid(logits), nnf.logsigmoid(logits), nnf.logsigmoid(-logits)
    hit = heat == 1
    loss = torch.where(hit, (1 - p) ** 2 * log_p, (1 - heat) ** 4 * p**2 * log_q)
    return -(loss * weight[:, None]).sum() / hit.sum().clamp(min=1)


def box_loss(reach: Tensor, place: Tensor, boxes: Tensor) -> Tensor:
    """1 - generalised IoU (Rezatofighi et al., CVPR 2019, doi 10.1109/CVPR.2019.00075) of reaches (n, 4) and boxes (n, 4)."""
    centre = ((place.float() + 0.5) * CENTRE_STEP).flip(1)
    found = torch.cat([centre - reach[:, :2], centre + reach[:, 2:]], 1)
    low, high = torch.maximum(found[:, :2], boxes[:, :2]), torch.minimum(found[:, 2:], boxes[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = (found[:, 2:] - found[:, :2]).prod(1) + (boxes[:, 2:] - boxes[:, :2]).prod(1) - common
    hull = (torch.maximum(found[:, 2:], boxes[:, 2:]) - torch.minimum(found[:, :2], boxes[:, :2])).prod(1)
    return (1 - common / union + (hull - union) / hull).mean()


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice (n, WINDOW, WINDOW) where the target is known."""
    known, truth = (masks != OPEN).float(), (masks == 1).float()
    entropy = nnf.binary_cross_entropy_with_logits(logits, truth, reduction="none") * known
    p = torch.sigmoid(logits) * known
    dice = 1 - (2 * (p * truth).sum((1, 2)) + 1) / ((p**2).sum((1, 2)) + truth.sum((1, 2)) + 1)
    area = truth.sum((1, 2)).clamp(min=50)
    return (dice + 0.5 * entropy.sum((1, 2)) / area).mean()


def projection_loss(logits: Tensor, masks: Tensor, place: Tensor, boxes: Tensor) -> Tensor:
    """How far masks (n, WINDOW, WINDOW) are from reaching from side to side of their boxes (n, 4), and from staying inside.

    The highest probability in each row and column is compared with the box; what is near its edge, or outside of the picture,
    is left open. So the pixels of a crossing, whose owner no box tells, are learned as far as a mask must not break there
    (Tian et al., "BoxInst", CVPR 2021, arXiv 2012.02310).
    """
    ratio, cells = CENTRE_STEP // MASK_STEP, torch.arange(WINDOW, device=logits.device) + 0.5
    first = (place * ratio + ratio // 2 - WINDOW // 2).flip(1).float()
    box = boxes / MASK_STEP - first.repeat(1, 2)
    seen = masks != OPEN
    total = logits.new_zeros(())
    for axis, low, high in ((1, box[:, 0], box[:, 2]), (2, box[:, 1], box[:, 3])):
        highest = logits.amax(axis)
        within = (cells > low[:, None] + 1) & (cells < high[:, None] - 1)
        beyond = (cells < low[:, None] - 1.5) | (cells > high[:, None] + 1.5)
        known = (within | (beyond & seen.all(axis))).float()
        entropy = nnf.binary_cross_entropy_with_logits(highest, within.float(), reduction="none") * known
        total = total + (entropy.sum(1) / within.sum(1).clamp(min=4)).mean()
    return total


class Detection(lightning.LightningModule):
    """The network with its losses."""

    def __init__(self, steps: int, rate: float = 2e-3) -> None:
        super().__init__()
        self.steps, self.rate = steps, rate
        self.net = Detector()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        """Return the loss of one batch."""
        absorbance = (batch["absorbance"].float() / 255).contiguous(memory_format=torch.channels_last)
        centres, reach, filters, features = self.net(absorbance)
        picture, row = torch.nonzero(batch["place"][..., 0] >= 0, as_tuple=True)
        place = batch["place"][picture, row]
        heat = heat_loss(centres, batch["heat"], batch["weight"])
        box = box_loss(reach.float()[picture, :, place[:, 0], place[:, 1]], place, batch["boxes"][picture, row])
        picture, slot = torch.nonzero(batch["chosen"] >= 0, as_tuple=True)
        place = batch["place"][picture, batch["chosen"][picture, slot]]
        drawn = draw_masks(features, filters[picture, :, place[:, 0], place[:, 1]], picture, place)
        masks = batch["masks"][picture, slot]
        mask = mask_loss(drawn, masks)
        reached = projection_loss(drawn, masks, place, batch["boxes"][picture, batch["chosen"][picture, slot]])
        self.log_dict({"heat": heat, "box": box, "mask": mask, "reached": reached})
        return heat + box + mask + reached

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """AdamW with a one-cycle rate."""
        optimizer = torch.optim.AdamW(self.parameters(), self.rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.rate, total_steps=max(self.steps, 40) + 8, pct_start=0.05
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fit_detection(
    cells: Sequence[Cell], folder: Path, steps: int, batch: int = 8, seed: int = 0, start: Path | None = None
) -> Detection:
    """Train for ``steps`` batches; ``last.ckpt`` in ``folder`` lets a killed run resume.

    ``start`` is a checkpoint whose weights the network begins with. Raises DataError if it is none of this network.
    """
    lightning.seed_everything(seed, verbose=False)
    cv2.setNumThreads(1)  # a worker forked from a process with a pool of OpenCV threads would wait for them for ever
    module = Detection(steps)
    if start is not None:
        load_weights(module, start, "the segmenter")
    last = folder / "last.ckpt"
    done = torch.load(last, map_location="cpu", weights_only=True)["global_step"] if last.exists() else 0
    trainer = lightning.Trainer(
        max_steps=steps,
        precision="bf16-mixed",
        default_root_dir=folder,
        logger=lightning.pytorch.loggers.CSVLogger(folder, name="log", version=0, flush_logs_every_n_steps=50),
        callbacks=[lightning.pytorch.callbacks.ModelCheckpoint(folder, save_last=True, every_n_train_steps=100)],
        gradient_clip_val=5.0,
        enable_model_summary=False,
        log_every_n_steps=25,
    )
    trainer.fit(
        module,
        torch.utils.data.DataLoader(Views(cells, batch, seed, done), batch_size=None, num_workers=1, persistent_workers=True),
        ckpt_path=str(last) if last.exists() else None,
        weights_only=True,
    )
    return module
