"""What a metaphase costs: seconds and memory, ours and the founding study's way side by side, against size and number.

    python benchmarks/speed.py                  # writes benchmarks/results/speed.json and benchmarks/speed.png
    python benchmarks/speed.py --pictures 0     # drawn metaphases only: needs no data

Ours goes from the photograph to karyotype.json, karyogram.png, overlay.png and a picture of each chromosome, warm, all threads.
The founding study's way classifies chromosomes that somebody has cut out: each is padded, resized to 224 x 224 and shown to a
ResNet18 in torch, one at a time, in evaluation mode without gradients; speed does not depend on weights, so they are random. It
gets the chromosomes that ours has just cut out of the same picture, and as many threads. Pictures are every ninth of the part
"val" of benchmarks/splits/tseng2023.csv, in KARYOGRAM_DATA (default ../shared/data).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from karyogram.datasets.splits import read_split
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.draw.chromosomes import chromosome_cutouts
from karyogram.files import write_picture, write_text
from karyogram.output import write_results
from karyogram.pipeline import make_reader, open_metaphase, read_karyotype
from karyogram.records import Karyotype

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
FORMATS = frozenset({"json", "png"})
#: Sides of the drawn picture, as shares of 700 x 690 pixels, and chromosomes left in it.
SIZES, NUMBERS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0), (6, 12, 23, 35, 46)
COMMANDS = {"import karyogram": ["-c", "import karyogram"], "karyogram --help": ["-m", "karyogram.cli", "--help"]}


def seconds(work: Callable[[], object], turns: int = 1) -> float:
    """Return how long a call takes, the median of some."""
    taken = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


def start_up(turns: int) -> dict[str, float]:
    """Return how much longer than Python itself each command takes to start, and Python itself."""

    def run(words: list[str]) -> float:
        return seconds(lambda: subprocess.run([sys.executable, *words], capture_output=True, check=True), turns)

    bare = run(["-c", ""])
    return {name: round(run(words) - bare, 3) for name, words in COMMANDS.items()} | {"python": round(bare, 3)}


def make_ours(folder: Path, threads: int) -> Callable[[Path], Karyotype]:
    """Return what analyses a picture and writes all files into the folder."""
    reader = make_reader(threads=threads)

    def ours(path: Path) -> Karyotype:
        picture = open_metaphase(path)
        karyotype = read_karyotype(picture, str(path), reader)
        write_results(folder / path.stem, picture.pixels, karyotype, FORMATS)
        return karyotype

    return ours


def make_theirs(threads: int) -> Callable[[list[np.ndarray]], None]:
    """Return what classifies pictures of single chromosomes, uint8 (h, w), one at a time."""
    import torch

    from karyogram.training.nets import NETS

    torch.set_num_threads(threads)
    net = NETS["resnet18"]().eval()

    def theirs(crops: list[np.ndarray]) -> None:
        for crop in crops:
            side = max(crop.shape)
            below, right = side - crop.shape[0], side - crop.shape[1]
            square = cv2.copyMakeBorder(crop, 0, below, 0, right, cv2.BORDER_CONSTANT, value=255)
            large = torch.from_numpy(cv2.resize(square, (224, 224))).float().div(255).expand(1, 3, 224, 224)
            with torch.inference_mode():
                net(large).softmax(1)

    return theirs


def drawn(folder: Path) -> Path:
    """Return a drawn metaphase, 690 x 700 pixels, chromosomes touching and crossing."""
    return write_picture(folder / "drawn.png", synth_metaphase(1, touching=0.3, crossings=4)[0])


def enlarged(folder: Path, share: float) -> Path:
    """Return the drawn metaphase at another magnification."""
    picture = synth_metaphase(1, touching=0.3, crossings=4)[0]
    return write_picture(folder / f"size-{share}.png", cv2.resize(picture, None, fx=share, fy=share))


def thinned(folder: Path, number: int) -> Path:
    """Return the drawn metaphase with so many chromosomes left."""
    picture, truth = synth_metaphase(1)
    for left, top, right, bottom in (c.bbox for c in truth.chromosomes[number:]):
        picture[top - 3 : bottom + 3, left - 3 : right + 3] = np.median(picture)
    return write_picture(folder / f"number-{number}.png", picture)


def plot(found: dict, path: Path) -> None:
    """Draw cost against picture size and against the number of chromosomes."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True, layout="constrained")
    marks = (("by_megapixels", "megapixels"), ("by_chromosomes", "chromosomes in a 700 x 690 picture"))
    for axis, (key, label) in zip(axes, marks, strict=True):
        axis.plot(*zip(*found[key], strict=True), "o-", color="#335c81")
        axis.set(xlabel=label, ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds")
    figure.savefig(path, dpi=90)


def main() -> None:
    """Measure in turns, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=12, help="Real pictures; 0: the drawn one.")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    names = [name for name, entry in sorted(read_split(HERE / "splits" / "tseng2023.csv").items()) if entry.part == "val"]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = [DATA / "tseng2023" / "images" / f"{name}.jpg" for name in names[::9][: args.pictures]] or [drawn(folder)]
        ours = make_ours(folder, args.threads)
        ours(paths[0])
        for path in paths:
            ours(path)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sizes = [enlarged(folder, share) for share in SIZES]
        areas = [round(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).size / 1e6, 2) for path in sizes]
        curves = {
            "by_megapixels": list(zip(areas, [seconds(partial(ours, path), args.turns) for path in sizes], strict=True)),
            "by_chromosomes": [(n, seconds(partial(ours, thinned(folder, n)), args.turns)) for n in NUMBERS],
        }
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        theirs, turns = make_theirs(args.threads), []
        for path in paths:
            crops = [image for _, image in chromosome_cutouts(open_metaphase(path).pixels, ours(path))]
            turns.append([(seconds(partial(ours, path)), seconds(partial(theirs, crops))) for _ in range(args.turns)])
    both = np.median(np.array(turns), axis=1)
    found = {
        "threads": args.threads,
        "pictures": len(paths),
        "start_up": start_up(9),
        "ours": {name: round(float(f(both[:, 0])), 3) for name, f in (("median", np.median), ("max", np.max))},
        "founders_classification_only": round(float(np.median(both[:, 1])), 3),
        "ratio": round(float(np.median(both[:, 1] / both[:, 0])), 2),
        "peak_mb": round(memory),
        f"peak_mb_at_{areas[-1]}_megapixels": round(largest),
        **{key: [(x, round(value, 3)) for x, value in curve] for key, curve in curves.items()},
    }
    print(json.dumps(found, indent=1))
    write_text(HERE / "results" / "speed.json", json.dumps(found, indent=1) + "\n")
    plot(found, HERE / "speed.png")


if __name__ == "__main__":
    main()
