"""One network, two sets, two ways to split: by picture, as the founding study did, and by case, as a laboratory meets it.

    python benchmarks/recognition.py fit --set cirnet --split case --part 0     # one fit; parts 0 to 4; a JSON file each
    python benchmarks/recognition.py fit --set cirnet --split picture --part 0  # 70 % train, 10 % test, 20 % validation, seed 0
    python benchmarks/recognition.py all --set cirnet                           # whatever of the ten is not there yet
    python benchmarks/recognition.py report                                     # recognition_splits.md from all JSON files
    python benchmarks/recognition.py ship                                       # gband-cirnet, which ships

Kill it and start it again: prepared pictures, checkpoints and finished fits stay (in --work and
benchmarks/results/recognition). On cirnet the compact network starts from the shipped gband, which never saw that set: first it
is tuned with isolated chromosomes of tseng2023's part train that are made wider and shorter, as those of cirnet are, then with
cirnet and a few of these. On tseng2023 (isolated chromosomes) it starts from nothing, since gband has seen most of that set.
The last epoch counts: nothing is chosen on the test part, nor on the validation part.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from recognition_report import write_report
from recognition_sets import CASE_OF, DATA, HOW, PARTS, at_cell_scale, beside, deal, look_alikes, prepared
from scipy.special import softmax
from torch import nn

from karyogram.classify.predict import Prediction, predict_canvases
from karyogram.datasets.splits import read_split
from karyogram.files import write_text
from karyogram.labels import LABELS
from karyogram.metrics.classification import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    macro_auc,
    macro_f1,
    reliability,
)
from karyogram.singles import decide_cell
from karyogram.training.calibrate import fit_temperature
from karyogram.training.data import Samples
from karyogram.training.export import export
from karyogram.training.fit import Fitting, Recipe, fit
from karyogram.training.quantize import quantize
from karyogram.training.thaw import thaw
from karyogram.weights.catalogue import load_model

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "recognition"
GBAND = HERE.parent / "src" / "karyogram" / "weights" / "gband.onnx"
#: What gband is tuned with before it sees cirnet: so many chromosomes a class, so many times, and how.
LOOKALIKES, COPIES, LOOKALIKE = 1500, 2, Recipe(epochs=2, batch=64, rate=1.5e-3, counterexamples=0.0, sizes=0.15)
#: How each set is learned: recipes, and so many chromosomes a class that look like cirnet's beside them. Weights are averaged.
WAYS = {
    "cirnet": (
        (Recipe(epochs=10, batch=64, rate=7e-4, counterexamples=0.0, sizes=0.15), 50),
        (Recipe(epochs=10, batch=64, rate=1.5e-3, counterexamples=0.0, sizes=0.15), 0),
    ),
    "tseng2023": ((Recipe(epochs=10, batch=128, rate=3e-3, counterexamples=0.0), 0),),
}


def thaw_gband(samples: Samples, folder: Path) -> Path:
    """Return a checkpoint of the compact network that computes what gband does on training pictures, written once a process."""
    module = Fitting(Recipe(), 1)
    rows = np.flatnonzero(samples.table["part"] == "train")[:512]
    canvases = torch.from_numpy(np.ascontiguousarray(samples.canvases[rows]))[:, None].float() / 255
    thaw(GBAND, module.net, lambda: [module.net(part) for part in canvases.split(64)])
    path = folder / "gband.ckpt"
    torch.save({"state_dict": module.state_dict()}, path)
    return path


def starting_point(work: Path) -> Path:
    """Return a checkpoint of gband, tuned with chromosomes that are not cirnet's but as wide and short; made once in ``work``.

    Each class as often, Y three times as often, each chromosome widened in ``COPIES`` ways.
    """
    folder = work / "start"
    path = folder / "start.ckpt"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        wide = look_alikes(work, LOOKALIKES, 0, COPIES, of_y=3)
        wide.table["part"] = np.where(np.arange(len(wide.table)) % 80, "train", "val")
        torch.save({"state_dict": fit(wide, LOOKALIKE, folder, thaw_gband(wide, folder)).state_dict()}, path)
    return path


def decide_cells(found: Prediction, cells: np.ndarray) -> np.ndarray:
    """Return the class (N,) of each chromosome when those of one cell, named by ``cells`` (N,), are decided together."""
    classes = np.zeros(len(cells), int)
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        own = Prediction(*(getattr(found, field.name)[rows] for field in fields(Prediction)))
        classes[rows] = [opinion.label for opinion in decide_cell(own)]
    return classes


def fit_ways(name: str, samples: Samples, seed: int, folder: Path, work: Path, epochs: int | None = None) -> nn.Module:
    """Return a network fitted in all ``WAYS`` of a set, from one start, its weights their mean.

    Networks tuned from one start lie in one valley, and their mean errs less than any (Wortsman et al., ICML 2022, arXiv
    2203.05482). ``epochs`` stands for another number of them.
    """
    start = starting_point(work) if name == "cirnet" else None
    fitted = []
    for number, (recipe, others) in enumerate(WAYS[name]):
        own = folder / str(number)
        own.mkdir(parents=True, exist_ok=True)
        learned = beside(samples, look_alikes(work, others, seed)) if others else samples
        fitted.append(fit(learned, replace(recipe, seed=seed, epochs=epochs or recipe.epochs), own, start).net)
    states = [net.state_dict() for net in fitted]
    mean = {key: torch.stack([state[key].double() for state in states]).mean(0).to(states[0][key].dtype) for key in states[0]}
    fitted[0].load_state_dict(mean)
    return fitted[0]


def fit_one(name: str, split: str, part: int, work: Path, epochs: int | None) -> None:
    """Fit one part of one split, score its test part, and write the result; nothing if that is there already."""
    result = RESULTS / f"{name}-{split}-{part}.json"
    if result.is_file():
        return
    folder = work / f"{name}-{split}-{part}"
    folder.mkdir(parents=True, exist_ok=True)
    samples = deal(name, split, part, prepared(name, work))
    begun = time.time()
    net = fit_ways(name, samples, part, folder, work, epochs)
    model = load_model(str(export(net, folder / "fitted.onnx", "fitted", samples.how)), threads=2)
    rows = np.flatnonzero(samples.table["part"] == "test")
    table = samples.table[rows]
    found, truth = predict_canvases(model, list(samples.canvases[rows])), table["label"].astype(int)
    best = found.probabilities.argmax(1)
    in_cell = predict_canvases(model, list(at_cell_scale(name, work, samples)[rows])) if split == "case" else found
    np.savez(folder / "said.npz", probabilities=found.probabilities, truth=truth)
    sure = np.abs(table["up"] - 0.5) > 0.45
    scores = {
        "set": name,
        "split": split,
        "part": part,
        "recipes": [
            {"epochs": epochs or way.epochs, "batch": way.batch, "rate": way.rate, "sizes": way.sizes, "beside": others}
            for way, others in WAYS[name]
        ],
        "train": int((samples.table["part"] == "train").sum()),
        "test": len(rows),
        "cases": sorted({CASE_OF[name](n) for n in table["name"].tolist()}),
        "minutes": round((time.time() - begun) / 60, 1),
        "accuracy": accuracy(truth, best),
        "cell_accuracy": accuracy(truth, decide_cells(in_cell, table["cell"])) if split == "case" else None,
        "macro_f1": macro_f1(truth, best),
        "auc": macro_auc(truth, found.probabilities),
        "ece": expected_calibration_error(best == truth, found.probabilities.max(1)),
        "up": accuracy(table["up"][sure] > 0.5, found.up[sure] > 0.5),
        "confusion": confusion_matrix(truth, best).tolist(),
        "labels": list(LABELS),
    }
    write_text(result, json.dumps(scores) + "\n")
    print(result, {key: round(scores[key], 4) for key in ("accuracy", "macro_f1", "auc", "ece", "minutes")}, flush=True)


def calibrate(name: str, split: str, work: Path) -> None:
    """Add to each fit's result the temperature that suits the test parts of the other fits, and the error that it leaves."""
    parts = [part for part in range(PARTS) if (work / f"{name}-{split}-{part}" / "said.npz").is_file()]
    said = {part: np.load(work / f"{name}-{split}-{part}" / "said.npz") for part in parts}
    for part in parts:
        others = [said[other] for other in parts if other != part]
        if not others:
            continue
        rows, labels = (np.concatenate([other[key] for other in others]) for key in ("probabilities", "truth"))
        temperature = fit_temperature(rows, labels)
        calm = softmax(np.log(np.maximum(said[part]["probabilities"], 1e-12)) / temperature, axis=1)
        result = RESULTS / f"{name}-{split}-{part}.json"
        scores = json.loads(result.read_text("utf-8"))
        right = calm.argmax(1) == said[part]["truth"]
        scores |= {"temperature": temperature, "calibrated_ece": expected_calibration_error(right, calm.max(1))}
        write_text(result, json.dumps(scores | {"reliability": reliability(right, calm.max(1)).round(6).tolist()}) + "\n")


def ship(work: Path) -> Path:
    """Fit gband-cirnet as the folds of ``cirnet`` are fitted, on benchmarks/splits/cirnet.csv, and put it in its place."""
    samples, split, folder = prepared("cirnet", work), read_split(HERE / "splits" / "cirnet.csv"), work / "gband-cirnet"
    folder.mkdir(parents=True, exist_ok=True)
    table = samples.table.copy()
    table["part"] = [split[name].part for name in table["name"].tolist()]
    samples = replace(samples, table=table)
    net = fit_ways("cirnet", samples, 0, folder, work)
    parts = {part: np.flatnonzero(table["part"] == part) for part in ("train", "val")}
    return write_model(net, samples, parts["train"][:512], parts["val"], GBAND.with_name("gband-cirnet.onnx"), folder)


def write_model(net: nn.Module, samples: Samples, typical: np.ndarray, watched: np.ndarray, out: Path, folder: Path) -> Path:
    """Write a classifier in eight bits to ``out``, whose stem is the model's name; the whole one stays in ``folder``.

    Of the samples, the rows ``typical`` (M,) set the ranges of numbers, the rows ``watched`` (K,), whole ones, the temperature.
    """
    ranges = [np.ascontiguousarray(samples.canvases[typical[start : start + 64]]) for start in range(0, len(typical), 64)]

    def put(temperature: float) -> Path:
        return quantize(export(net, folder / "whole.onnx", out.stem, samples.how, temperature), out, ranges)

    said = predict_canvases(load_model(str(put(1.0)), threads=2), list(samples.canvases[watched])).probabilities
    return put(fit_temperature(said, samples.table["label"][watched].astype(int)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, fit or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("fit", "all", "report", "ship"))
    parser.add_argument("--set", choices=tuple(HOW), default="cirnet")
    parser.add_argument("--split", choices=("picture", "case"), default="case")
    parser.add_argument("--part", type=int, choices=range(PARTS), default=0)
    parser.add_argument("--parts", type=int, default=PARTS, help="with 'all': how many parts of each split")
    parser.add_argument("--epochs", type=int, help="another number of epochs; written into the result")
    parser.add_argument("--work", type=Path, default=HERE.parent / "out" / "recognition")
    args = parser.parse_args(arguments)
    if args.verb == "report":
        print(write_report(RESULTS, HERE / "recognition_splits.md", DATA.parent / "reference" / "founders_grid.csv"))
        return
    if args.verb == "ship":
        print(ship(args.work))
        return
    todo = [(args.split, args.part)] if args.verb == "fit" else [(s, p) for p in range(args.parts) for s in ("case", "picture")]
    for split, part in todo:
        fit_one(args.set, split, part, args.work, args.epochs)
    for split in {split for split, _ in todo}:
        calibrate(args.set, split, args.work)


if __name__ == "__main__":
    main()
