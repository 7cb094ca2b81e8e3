"""Pictures a second: batches out of one array, augmented at once, against one picture after another with PIL and a DataLoader.

    python benchmarks/engine.py                 # writes benchmarks/results/engine.json

Four ways to feed a network, measured in turns in one run, first alone and then with training steps of the compact network:

    array 112x48    fit.Batches and training/augment.py on our canvases: what `karyogram train` does
    files 112x48    a PNG a picture, padded, resized and augmented by PIL in as many workers as there are cores
    array 224x224   one uint8 tensor, padded and resized once, and the founding study's augmentation by training/distort.py
    files 224x224   the same augmentation by PIL in workers: what the founding study did

All ways show the same chromosomes: cirnet in KARYOGRAM_DATA (default ../shared/data), or drawn ones where that is absent.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from karyogram.classify.prepare import Preparation, prepare
from karyogram.datasets.synth.chromosome import draw_chromosome
from karyogram.files import read_picture, write_picture, write_text
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.labels import INDEX, LABELS, parse_label
from karyogram.segment.single import find_single
from karyogram.training.augment import augment
from karyogram.training.data import Samples, make_table
from karyogram.training.distort import distort
from karyogram.training.fit import Batches
from karyogram.training.nets.compact import Compact
from karyogram.training.pictures import fit_picture
from karyogram.training.presets import PRESETS

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
CORES = os.cpu_count() or 1
#: Batches at the start of a turn that are not timed: as many as the workers hold ready.
WARM = 2 * CORES
Feed = Iterator[tuple[Tensor, Tensor]]


def read_set(number: int) -> tuple[str, list[np.ndarray], np.ndarray]:
    """Return (name, ``number`` pictures uint8 (h, w) dark on white, labels int (number,)) of cirnet, or drawn."""
    rng = np.random.default_rng(0)
    paths = sorted((DATA / "cirnet").rglob("*.tiff"))
    if paths:
        chosen = [paths[i] for i in rng.permutation(len(paths))[:number]]
        raw = [read_picture(path).pixels for path in chosen]
        labels = np.array([INDEX[str(parse_label(path.parent.name))] for path in chosen])
        return "cirnet", [to_dark_on_white(pixels, find_ground(pixels)) for pixels in raw], labels
    labels = np.arange(number) % len(LABELS)
    rods = [draw_chromosome(LABELS[label], rng, size=60.0, width=12.0) for label in labels]
    drawn = [np.clip(255 * np.exp(-rod.density), 0, 255).astype(np.uint8) for rod in rods]
    return "drawn", [np.pad(picture, 4, constant_values=255) for picture in drawn], labels


@dataclass
class Files(Dataset[tuple[Tensor, int]]):
    """Pictures on disk, each opened, padded, resized and augmented by PIL when it is asked for."""

    paths: list[Path]
    labels: np.ndarray
    height: int
    width: int

    def __len__(self) -> int:
        """How many."""
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return (picture float (1, height, width), label), augmented as the founding study did."""
        rng = np.random.default_rng()
        picture = Image.open(self.paths[index])
        scale = min(self.height / picture.height, self.width / picture.width)
        picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.BILINEAR)
        canvas = Image.new("L", (self.width, self.height), 255)
        canvas.paste(picture, ((self.width - picture.width) // 2, (self.height - picture.height) // 2))
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast):
            canvas = change(canvas).enhance(rng.uniform(0.8, 1.2))
        exponent = rng.uniform(0.8, 1.2)
        canvas = canvas.point([round(255 * (v / 255) ** exponent) for v in range(256)])
        canvas = canvas.rotate(rng.uniform(-15, 15), Image.BILINEAR, fillcolor=255)
        size, (right, down) = rng.uniform(0.9, 1.1), rng.uniform(-0.1, 0.1, 2) * (self.width, self.height)
        middle = np.array([self.width, self.height]) / 2 * (1 - 1 / size) + (right, down)
        matrix = (1 / size, 0, middle[0], 0, 1 / size, middle[1])
        canvas = canvas.transform(canvas.size, Image.AFFINE, matrix, Image.BILINEAR, fillcolor=255)
        canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.1, 0.5)))
        return torch.from_numpy(np.asarray(canvas, np.float32)[None] / 255), int(self.labels[index])


def feed_files(paths: list[Path], labels: np.ndarray, height: int, width: int, batch: int) -> Feed:
    """Yield batches for ever out of files; the workers stay from epoch to epoch."""
    files = Files(paths, labels, height, width)
    loader = DataLoader(files, batch, shuffle=True, drop_last=True, num_workers=CORES, persistent_workers=True)
    for inputs, answers in chain.from_iterable(loader for _ in count()):
        yield inputs.to(DEVICE), answers.to(DEVICE)


def feed_canvases(pictures: list[np.ndarray], labels: np.ndarray, batch: int) -> Feed:
    """Yield batches for ever out of one array of canvases, as a fitting run does."""
    canvases = np.stack([prepare(*find_single(picture), Preparation()) for picture in pictures])
    table = make_table([(label, 1.0, "", "", "", 0) for label in labels.tolist()])
    samples, epochs = Samples(canvases, table, Preparation()), count()
    batches = Batches(samples, np.arange(len(labels)), batch, seed=0, epoch=lambda: next(epochs))
    for found, answers, up in chain.from_iterable(batches for _ in count()):
        inputs, _ = augment(found.to(DEVICE)[:, None].float() / 255, up.to(DEVICE))
        yield inputs, answers.to(DEVICE)


def feed_tensor(pictures: list[np.ndarray], labels: np.ndarray, side: int, batch: int) -> Feed:
    """Yield batches for ever out of one uint8 tensor of squares, with the founding study's augmentation."""
    pixels = torch.from_numpy(np.stack([fit_picture(picture, side, side) for picture in pictures])).to(DEVICE)
    answers, steps = torch.from_numpy(labels).to(DEVICE), PRESETS["founders"].steps
    while True:
        for rows in torch.randperm(len(pixels), device=DEVICE).split(batch)[: len(pixels) // batch]:
            yield distort(pixels[rows, None].float() / 255, steps), answers[rows]


def training_step() -> Callable[[Tensor, Tensor], None]:
    """Return a function that takes one training step with a new compact network."""
    net = Compact().to(DEVICE, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters())

    def step(inputs: Tensor, answers: Tensor) -> None:
        with torch.autocast(DEVICE.type, torch.bfloat16):
            classes, *_ = net(inputs.contiguous(memory_format=torch.channels_last))
            loss = torch.nn.functional.cross_entropy(classes, answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def rate(feed: Feed, batches: int, step: Callable[[Tensor, Tensor], None] | None) -> float:
    """Return pictures a second over ``batches`` batches, after ``WARM`` more that are not timed."""
    start, seen = 0.0, 0
    for number, (inputs, answers) in enumerate(islice(feed, batches + WARM)):
        if step is not None:
            step(inputs, answers)
        seen += len(inputs) if number >= WARM else 0
        if number in (WARM - 1, batches + WARM - 1) and DEVICE.type == "cuda":
            torch.cuda.synchronize()
        if number == WARM - 1:
            start = time.perf_counter()
    return seen / (time.perf_counter() - start)


def main() -> None:
    """Parse, measure in turns, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--batches", type=int, default=48, help="Timed batches a turn; a sixth of them with the network.")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", default=str(HERE / "results" / "engine.json"), help="JSON file, or - for none.")
    args = parser.parse_args()
    torch.manual_seed(0)
    name, pictures, labels = read_set(args.pictures)
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_picture(Path(folder) / f"{number}.png", picture) for number, picture in enumerate(pictures)]
        feeds = {
            "array 112x48": feed_canvases(pictures, labels, args.batch),
            "files 112x48": feed_files(paths, labels, 112, 48, args.batch),
            "array 224x224": feed_tensor(pictures, labels, 224, args.batch),
            "files 224x224": feed_files(paths, labels, 224, 224, args.batch),
        }
        steps = {way: training_step() for way in feeds}
        alone = [{way: rate(feed, args.batches, None) for way, feed in feeds.items()} for _ in range(args.turns)]
        fitting = [{way: rate(f, max(args.batches // 6, 1), steps[way]) for way, f in feeds.items()} for _ in range(args.turns)]
    report = {
        "set": name,
        "pictures": len(pictures),
        "batch": args.batch,
        "device": DEVICE.type,
        "cores": CORES,
        "torch_threads": torch.get_num_threads(),
        "feeding": summary(alone),
        "feeding_and_fitting": summary(fitting),
    }
    text = json.dumps(report, indent=1) + "\n"
    print(text, end="")
    if args.out != "-":
        write_text(args.out, text)


def summary(turns: list[dict[str, float]]) -> dict[str, object]:
    """Return the median pictures a second of each way, and how many times as fast ours is as each way with files."""
    median = {way: float(np.median([turn[way] for turn in turns])) for way in turns[0]}
    pairs = (("array 112x48", "files 112x48"), ("array 224x224", "files 224x224"), ("array 112x48", "files 224x224"))
    return {
        "pictures_a_second": {way: round(value, 1) for way, value in median.items()},
        "times_as_fast": {f"{ours} / {plain}": round(median[ours] / median[plain], 2) for ours, plain in pairs},
    }


if __name__ == "__main__":
    main()
