"""Train the detector on views of real boxed metaphases: its losses, and the run."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import lightning
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from karyogram.errors import DataError
from karyogram.segment.peaks import CENTRE_STEP, MASK_FEATURES, MASK_STEP, RIM, WINDOW
from karyogram.training.cells import Cell
from karyogram.training.fit import load_weights
from karyogram.training.nets.detector import Detector, reached_boxes, window_boxes
from karyogram.training.resume import done, fit_resumable
from karyogram.training.thaw import thaw
from karyogram.training.views import CROSSED, OPEN, OTHERS, Views
from karyogram.weights.catalogue import load_model

#: How much more a pixel counts that is known to be two chromosomes', or where only the other of two that cross lies.
SHARED_WEIGHT = 3.0
#: Batches that tell the spread inside of a network whose weights come from an exported model.
THAWED = 6


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


def cut_windows(maps: Tensor, picture: Tensor, place: Tensor) -> Tensor:
    """Return the windows (n, c, WINDOW, WINDOW) of maps (N, c, h, w) around centre cells (n, 2) of ``picture`` (n,)."""
    ratio = CENTRE_STEP // MASK_STEP
    padded = nnf.pad(maps, (WINDOW // 2,) * 4)
    return Windows.apply(padded, torch.cat([picture[:, None], place * ratio + ratio // 2], 1))  # type: ignore[no-untyped-call,no-any-return]


def heat_loss(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Focal loss that forgives near misses (Zhou et al., arXiv 1904.07850, eq. 1), a centre."""
    logits = logits.float()
    p, log_p, log_q = torch.sigmoid(logits), nnf.logsigmoid(logits), nnf.logsigmoid(-logits)
    hit = heat == 1
    loss = torch.where(hit, (1 - p) ** 2 * log_p, (1 - heat) ** 4 * p**2 * log_q)
    return -(loss * weight[:, None]).sum() / hit.sum().clamp(min=1)


def box_loss(reach: Tensor, place: Tensor, boxes: Tensor) -> Tensor:
    """1 - generalised IoU (Rezatofighi et al., CVPR 2019, doi 10.1109/CVPR.2019.00075) of reaches (n, 4) and boxes (n, 4)."""
    found = reached_boxes(reach, place)
    low, high = torch.maximum(found[:, :2], boxes[:, :2]), torch.minimum(found[:, 2:], boxes[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = (found[:, 2:] - found[:, :2]).prod(1) + (boxes[:, 2:] - boxes[:, :2]).prod(1) - common
    hull = (torch.maximum(found[:, 2:], boxes[:, 2:]) - torch.minimum(found[:, :2], boxes[:, :2])).prod(1)
    return (1 - common / union + (hull - union) / hull).mean()


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice (n, WINDOW, WINDOW) where the target is known.

    Pixels that two chromosomes share, and another's within the box, count ``SHARED_WEIGHT`` times.
    """
    known, truth = (masks != OPEN).float(), ((masks == 1) | (masks == CROSSED)).float()
    weight = known * torch.where((masks == CROSSED) | (masks == OTHERS), SHARED_WEIGHT, 1.0)
    entropy = nnf.binary_cross_entropy_with_logits(logits, truth, reduction="none") * weight
    p = torch.sigmoid(logits)
    dice = 1 - (2 * (weight * p * truth).sum((1, 2)) + 1) / ((weight * (p**2 + truth)).sum((1, 2)) + 1)
    area = truth.sum((1, 2)).clamp(min=50)
    return (dice + 0.5 * entropy.sum((1, 2)) / area).mean()


def projection_loss(logits: Tensor, masks: Tensor, box: Tensor) -> Tensor:
    """How far masks (n, WINDOW, WINDOW) are from reaching from side to side of their boxes (n, 4), and from staying inside.

    Boxes are in pixels of the windows. The highest probability in each row and column is compared with the box; what is near
    its edge, or outside of the picture, is left open. So the pixels of a crossing, whose owner no box tells, are learned as
    far as a mask must not break there (Tian et al., "BoxInst", CVPR 2021, arXiv 2012.02310).
    """
    cells = torch.arange(WINDOW, device=logits.device) + 0.5
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
    """The network with its losses; ``refine``: only what refines masks learns, the rest stays as it is."""

    def __init__(self, steps: int, rate: float = 2e-3, refine: bool = False) -> None:
        super().__init__()
        self.steps, self.rate, self.refine = steps, rate, refine
        self.net = Detector()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        """Return the loss of one batch."""
        losses = self.losses(batch)
        self.log_dict(losses)
        return torch.stack(list(losses.values())).sum()

    def losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the parts of the loss of one batch of views, by name."""
        absorbance = (batch["absorbance"].float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.set_grad_enabled(not self.refine):
            centres, reach, filters, fine = self.net.look(absorbance)
            features = self.net.features(fine)
        maps, losses = torch.cat([features, self.net.texture(fine)], 1), {}
        if not self.refine:
            picture, row = torch.nonzero(batch["place"][..., 0] >= 0, as_tuple=True)
            place = batch["place"][picture, row]
            losses["heat"] = heat_loss(centres, batch["heat"], batch["weight"])
            reached = reach.float()[picture, :, place[:, 0], place[:, 1]]
            losses["box"] = box_loss(reached, place, batch["boxes"][picture, row])
        picture, slot = torch.nonzero(batch["chosen"] >= 0, as_tuple=True)
        row, masks = batch["chosen"][picture, slot], batch["masks"][picture, slot]
        place = batch["place"][picture, row]
        own = reached_boxes(reach.detach().float()[picture, :, place[:, 0], place[:, 1]], place)
        windows, own = cut_windows(maps, picture, place), window_boxes(own, place)
        around, texture = windows[:, :MASK_FEATURES], windows[:, MASK_FEATURES:, RIM:-RIM, RIM:-RIM]
        rough, fine = self.net.draw(around, texture, filters[picture, :, place[:, 0], place[:, 1]], own)
        true = window_boxes(batch["boxes"][picture, row], place)
        for name, drawn in ({"fine": fine} if self.refine else {"fine": fine, "rough": rough}).items():
            losses[name], losses[f"{name}-reach"] = mask_loss(drawn.float(), masks), projection_loss(drawn.float(), masks, true)
        return losses

    def train(self, mode: bool = True) -> "Detection":
        """Batch norms of what does not learn keep their statistics."""
        super().train(mode)
        if mode and self.refine:
            self.net.eval()
            self.net.texture.train()
            self.net.refiner.train()
        return self

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        """AdamW with a one-cycle rate."""
        learning = nn.ModuleList([self.net.texture, self.net.refiner]) if self.refine else self.net
        optimizer = torch.optim.AdamW(learning.parameters(), self.rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.rate, total_steps=max(self.steps, 40) + 8, pct_start=0.05
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fit_detection(
    cells: Sequence[Cell],
    folder: Path,
    steps: int,
    batch: int = 8,
    seed: int = 0,
    start: Path | None = None,
    rate: float = 2e-3,
    refine: bool = False,
) -> Detection:
    """Train for ``steps`` batches; ``last.ckpt`` in ``folder`` lets a killed run resume.

    ``start`` is a checkpoint or an exported model (.onnx) whose weights the network begins with; with ``refine``, only what
    refines masks learns, in a third of the time. Raises DataError if no chromosome is of known class or if the checkpoint is
    none of this network, ModelError if the exported model is no segmenter.
    """
    if not any((cell.labels >= 0).any() for cell in cells):
        raise DataError(f"{folder}: no chromosome of known class is in the cells, so there is nothing to learn from")
    lightning.seed_everything(seed, verbose=False)
    cv2.setNumThreads(1)  # a worker forked from a process with a pool of OpenCV threads would wait for them for ever
    module = Detection(steps, rate, refine)
    if start is not None and start.suffix == ".onnx":
        load_model(str(start), "segmenter", 1)  # what is none says so
        thaw(start, module.net, lambda: [module.losses(view) for view in itertools.islice(Views(cells, batch, seed), THAWED)])
    elif start is not None:
        load_weights(module, start, "the segmenter")
    views = Views(cells, batch, seed, max(0, done(folder, "global_step")))
    loader = torch.utils.data.DataLoader(views, batch_size=None, num_workers=1, persistent_workers=True)
    fit_resumable(module, folder, loader, every=100, clip=5.0, max_steps=steps)
    return module
