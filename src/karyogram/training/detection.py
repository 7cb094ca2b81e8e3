"""Train the detector on real boxed metaphases, into which chromosomes of the same cell are pasted, touching and crossing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import lightning
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from karyogram.datasets.compose import Scene, find_place, pose
from karyogram.datasets.cutouts import to_density, to_grey
from karyogram.labels import LABELS
from karyogram.records import Instance
from karyogram.segment.maps import CENTRE_STEP, LAYERS, MASK_STEP, PLACE, WINDOW
from karyogram.training.cells import EDGE, SHARED, Cell
from karyogram.training.fit import load_weights
from karyogram.training.nets.detector import Detector

#: A training picture is a square of this many pixels; at most so many chromosomes in it, and so many of these with masks.
SIDE, MOST, MASKS = 448, 96, 20
#: Value of a mask's target where nobody knows.
OPEN = 255
#: How a pasted chromosome lies: mostly across others.
PASTE = Scene(touching=0.3, crossing=0.6, bend=0.08)


@dataclass(eq=False)
class View:
    """A square cut out of a cell, turned and scaled at random, with the boxes and masks of what is in it."""

    absorbance: np.ndarray
    owners: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    exact: np.ndarray
    numbers: np.ndarray
    pasted: list[Instance]


def cut_view(cell: Cell, rng: np.random.Generator, side: int = SIDE) -> View:
    """Return a random square of a cell at a random one of eight poses and a scale near 1."""
    scale = float(np.exp(np.clip(rng.normal(0, 0.12), -0.3, 0.3)))
    height, width = cell.absorbance.shape
    reach = side / scale
    left = rng.uniform(min(0, width - reach), max(0, width - reach))
    top = rng.uniform(min(0, height - reach), max(0, height - reach))
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    absorbance = cv2.warpAffine(cell.absorbance, matrix, (side, side), flags=cv2.INTER_LINEAR)
    owners = cv2.warpAffine(cell.owners, matrix, (side, side), flags=cv2.INTER_NEAREST)
    boxes = cell.boxes * scale - np.array([left, top, left, top], np.float32) * scale
    if rng.random() < 0.5:
        absorbance, owners, boxes = absorbance.T, owners.T, boxes[:, [1, 0, 3, 2]]
    if rng.random() < 0.5:
        absorbance, owners = absorbance[:, ::-1], owners[:, ::-1]
        boxes = np.stack([side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]], 1)
    if rng.random() < 0.5:
        absorbance, owners = absorbance[::-1], owners[::-1]
        boxes = np.stack([boxes[:, 0], side - boxes[:, 3], boxes[:, 2], side - boxes[:, 1]], 1)
    clipped = np.clip(boxes, 0, side)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    seen = np.prod(clipped[:, 2:] - clipped[:, :2], 1) / np.maximum(area, 1)
    keep = np.flatnonzero(seen > 0.02)
    labels = np.where(seen >= 0.6, cell.labels, -1)[keep].astype(np.int16)
    return View(
        np.ascontiguousarray(absorbance),
        np.ascontiguousarray(owners),
        clipped[keep].astype(np.float32),
        labels,
        cell.exact[keep],
        keep + 1,
        [],
    )


def paste(view: View, cell: Cell, rng: np.random.Generator, most: int = 8) -> None:
    """Lay chromosomes of the same cell across what is in the view; optical densities add."""
    density = to_density(255 - view.absorbance)
    taken = view.owners > 0
    whole = np.flatnonzero(cell.exact & (cell.labels >= 0))
    boxes, labels = [], []
    for _ in range(int(rng.integers(0, most + 1)) if len(whole) and taken.any() else 0):
        number = int(whole[rng.integers(len(whole))])
        left, top, right, bottom = np.round(cell.boxes[number]).astype(int)
        window = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        own = cell.owners[window] == number + 1
        if own.sum() < 30:
            continue
        patch = pose(np.where(own, np.maximum(to_density(255 - cell.absorbance[window]), 1e-3), 0), rng, PASTE.bend, 1.0)
        place = find_place(patch > 0, taken, [Instance(taken, 0, 0)], rng, PASTE)
        if place is None:
            continue
        y, x = place
        h, w = patch.shape
        density[y : y + h, x : x + w] += patch
        taken[y : y + h, x : x + w] |= patch > 0
        view.pasted.append(Instance(patch > 0, x, y))
        boxes.append((x, y, x + w, y + h))
        labels.append(cell.labels[number])
    if boxes:
        view.absorbance = np.clip(255.5 - to_grey(density), 0, 255).astype(np.uint8)
        view.boxes = np.concatenate([view.boxes, np.array(boxes, np.float32)])
        view.labels = np.concatenate([view.labels, np.array(labels, np.int16)])
        view.exact = np.concatenate([view.exact, np.ones(len(boxes), bool)])
        view.numbers = np.concatenate([view.numbers, -1 - np.arange(len(boxes))])


def photograph(absorbance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the absorbance, uint8 (h, w), as another camera and another stain would give it."""
    values: np.ndarray = absorbance.astype(np.float32) / 255
    values = values ** np.float32(np.exp(rng.normal(0, 0.15))) * np.float32(np.exp(np.clip(rng.normal(0, 0.2), -0.5, 0.4)))
    values += np.float32(rng.normal(0, 0.01))
    if rng.random() < 0.4:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.3, 1.0))))
    if rng.random() < 0.5:
        values += rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(0, 0.03))
    return np.clip(values * 255, 0, 255).astype(np.uint8)


def mask_target(view: View, number: int, window: tuple[int, int]) -> np.ndarray:
    """Return uint8 (WINDOW, WINDOW) for one chromosome of a view: 1 its own, 0 not its own, ``OPEN`` where nobody knows.

    ``window`` is (y, x) of the first mask feature, which may lie outside of the view.
    """
    side = view.owners.shape[0]
    own = view.numbers[number]
    if own < 0:
        item = view.pasted[-1 - own]
        full = np.zeros(view.owners.shape, np.uint8)
        full[item.window()] = item.mask
    else:
        full = (view.owners == own).astype(np.uint8)
        if not view.exact[number]:
            full[(view.owners == SHARED) | (view.owners == EDGE)] = OPEN
            left, top, right, bottom = np.round(view.boxes[number]).astype(int)
            inner, outer = np.zeros_like(full), np.zeros_like(full)
            inner[max(top, 0) : bottom, max(left, 0) : right] = 1
            outer[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = 1
            full[outer == 0] = 0
            full[(outer > inner) & (full == 1)] = OPEN
    fine = full[1::MASK_STEP, 1::MASK_STEP]
    target = np.full((WINDOW, WINDOW), OPEN, np.uint8)
    y, x = window
    top, left, end = max(0, -y), max(0, -x), side // MASK_STEP
    bottom, right = min(WINDOW, end - y), min(WINDOW, end - x)
    target[top:bottom, left:right] = fine[y + top : y + bottom, x + left : x + right]
    return target


def targets(view: View, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what the detector should answer to a view, in arrays of fixed size.

    ``heat`` float32 (24, s, s) and ``weight`` float32 (s, s) with s = SIDE / 4; ``place`` int64 (MOST, 2), the centre's cell
    (y, x), -1 where there is no more; ``boxes`` float32 (MOST, 4); ``chosen`` int64 (MASKS,), the rows that have a mask, -1
    for none; ``masks`` uint8 (MASKS, WINDOW, WINDOW).
    """
    side = view.owners.shape[0] // CENTRE_STEP
    heat, weight = np.zeros((len(LABELS), side, side), np.float32), np.ones((side, side), np.float32)
    place, boxes = np.full((MOST, 2), -1, np.int64), np.zeros((MOST, 4), np.float32)
    grid = np.arange(side, dtype=np.float32)
    count, rows = 0, []
    for number, (box, label) in enumerate(zip(view.boxes, view.labels, strict=True)):
        left, top, right, bottom = box / CENTRE_STEP
        if label < 0:
            weight[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = 0
            continue
        cy, cx = min(int((top + bottom) / 2), side - 1), min(int((left + right) / 2), side - 1)
        sigma = float(np.clip(0.08 * np.sqrt((right - left) * (bottom - top)), 0.6, 1.5))
        bell = np.exp(-((grid[:, None] - cy) ** 2 + (grid[None] - cx) ** 2) / (2 * sigma**2))
        np.maximum(heat[label], bell, out=heat[label])
        if count < MOST:
            place[count], boxes[count] = (cy, cx), box
            rows.append(number)
            count += 1
    for cy, cx in place[:count]:
        weight[cy, cx] = 1
    chosen, masks = np.full(MASKS, -1, np.int64), np.full((MASKS, WINDOW, WINDOW), OPEN, np.uint8)
    order = rng.permutation(count)
    order = order[np.argsort([0 if view.numbers[rows[k]] < 0 else 1 for k in order], kind="stable")]
    for slot, k in enumerate(order[:MASKS]):
        chosen[slot] = k
        masks[slot] = mask_target(view, rows[k], window_of(*place[k]))
    return {"heat": heat, "weight": weight, "place": place, "boxes": boxes, "chosen": chosen, "masks": masks}


def window_of(cy: int, cx: int) -> tuple[int, int]:
    """Return (y, x) of the first mask feature of the window around a centre's cell."""
    ratio = CENTRE_STEP // MASK_STEP
    return int(cy) * ratio + ratio // 2 - WINDOW // 2, int(cx) * ratio + ratio // 2 - WINDOW // 2


class Views(torch.utils.data.IterableDataset[dict[str, Tensor]]):
    """Endless batches: ``absorbance`` uint8 (N, 1, SIDE, SIDE) and the targets, stacked; by seed, from batch ``step`` on."""

    def __init__(self, cells: Sequence[Cell], batch: int, seed: int, step: int = 0) -> None:
        self.cells, self.batch, self.seed, self.step = cells, batch, seed, step

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """Yield batches."""
        step = self.step
        while True:
            rng = np.random.default_rng((self.seed, step))
            rows = []
            for _ in range(self.batch):
                cell = self.cells[int(rng.integers(len(self.cells)))]
                view = cut_view(cell, rng)
                paste(view, cell, rng)
                rows.append({"absorbance": photograph(view.absorbance, rng)[None], **targets(view, rng)})
            yield {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}
            step += 1


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
