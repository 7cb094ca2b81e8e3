"""Make gband, the classifier that ships: the one of the version before, tuned with what the segmenter of today cuts out.

    python benchmarks/gband.py prepare              # cut out the chromosomes of the parts train and val, ten minutes
    python benchmarks/gband.py fit                  # 20 to 40 minutes on a core; killed and started again, it goes on
    python benchmarks/gband.py ship --out FILE      # in eight bits, its temperature fitted on the part val

It goes on from the gband that lies in the package. What is prepared and fitted lies in --work, the pictures in KARYOGRAM_DATA
(default ../shared/data).
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from orientation import straightness
from recognition import GBAND, thaw_gband, write_model

from karyogram.classify.predict import predict_canvases
from karyogram.classify.prepare import Preparation
from karyogram.datasets.splits import read_split
from karyogram.training.data import Samples, load_samples, save_samples
from karyogram.training.fit import Fitting, Recipe, fit
from karyogram.training.prepare import prepare_folder
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data")) / "tseng2023"
#: How it is tuned, and how many drawn metaphases are learned from besides.
RECIPE, DRAWN = Recipe(epochs=2, rate=7e-4, seed=2), 60
#: How straight, see orientation.py, a bent chromosome is at least and at most; of one rolled up even the axis is in doubt.
BENT = 0.5, 0.9


def prepare(folder: Path) -> None:
    """Cut out, and keep, the chromosomes of the parts train and val, those that touch or cross as the segmenter draws them.

    The band table says which end is up where gband agrees. Where it does not, half is believed of what the table is sure of on
    a bent chromosome, since gband is wrong there more often, and nothing of the rest.
    """
    split = {name: entry for name, entry in read_split(HERE / "splits" / "tseng2023.csv").items() if entry.part != "test"}
    samples = prepare_folder(DATA, split, Preparation(), "gband-segment", DRAWN)
    model, up = load_model(str(GBAND)), samples.table["up"]
    said = np.concatenate([predict_canvases(model, list(part)).up for part in np.array_split(samples.canvases, 64)])
    contested = np.flatnonzero((samples.table["label"] >= 0) & ((said > 0.5) != (up > 0.5)))
    bent = np.array([BENT[0] <= straightness(canvas > 0) < BENT[1] for canvas in samples.canvases[contested]], bool)
    sure = np.abs(up[contested] - 0.5) > 0.45
    samples.table["up"][contested] = np.where(bent & sure, 0.5 + (up[contested] - 0.5) / 2, 0.5)
    save_samples(folder, samples)


def tune(samples: Samples, work: Path) -> Fitting:
    """Fit on the part train, or go on with it; a fit that is finished comes back as it is."""
    work.mkdir(parents=True, exist_ok=True)
    return fit(samples, RECIPE, work, thaw_gband(samples, work))


def ship(samples: Samples, work: Path, out: Path) -> Path:
    """Write what was fitted, in eight bits, to ``out``; its temperature is fitted on the part val."""
    part, whole = samples.table["part"], samples.table["label"] >= 0
    train = np.flatnonzero(part == "train")
    typical = train[:: len(train) // 512][:512]
    return write_model(tune(samples, work).net, samples, typical, np.flatnonzero((part == "val") & whole), out, work)


def main() -> None:
    """Parse, then prepare, fit or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("prepare", "fit", "ship"))
    parser.add_argument("--work", type=Path, default=HERE.parent / "out" / "gband")
    parser.add_argument("--out", type=Path, default=HERE.parent / "out" / "gband.onnx")
    args = parser.parse_args()
    if args.verb == "prepare":
        prepare(args.work / "prepared")
        return
    samples = load_samples(args.work / "prepared")
    samples = replace(samples, canvases=np.array(samples.canvases))
    if args.verb == "fit":
        tune(samples, args.work)
        return
    print(ship(samples, args.work, args.out))


if __name__ == "__main__":
    main()
