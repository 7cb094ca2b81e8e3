"""``karyogram evaluate``: results against truth."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from karyogram.datasets.tseng import MARGIN

if TYPE_CHECKING:
    from karyogram.datasets.results import PairFiles
    from karyogram.metrics.metaphases import Pair, Scores, Share

#: Score -> what the table calls it. Shares have an interval, the rest are plain numbers.
SHARES = {
    "found": ("Found", "boxes"),
    "found_and_right": ("Found and right", "boxes"),
    "pictures_wholly_right": ("Pictures wholly right", "pictures"),
    "pictures_count_right": ("Pictures, count right", "pictures"),
    "pictures_class_counts_right": ("Pictures, class counts right", "pictures"),
}
PRECISIONS = {
    "ap50": "AP50, any class",
    "ap50_by_class": "AP50, mean of classes",
    "map_50_95": "mAP 0.5:0.95, any class",
    "map_50_95_by_class": "mAP 0.5:0.95, mean of classes",
}


def parse_margin(ctx: click.Context, param: click.Parameter, value: str) -> tuple[float, ...]:
    """Read ``L,T,R,B`` into four numbers, 0 or more."""
    try:
        margin = tuple(float(part) for part in value.split(","))
    except ValueError:
        margin = ()
    if len(margin) != 4 or not all(0 <= side < 1e6 for side in margin):
        raise click.BadParameter("four numbers, 0 or more, with commas between: left,top,right,bottom")
    return margin


@click.command()
@click.argument("truth", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--margin",
    default=",".join(f"{side:g}" for side in MARGIN),
    metavar="L,T,R,B",
    callback=parse_margin,
    show_default=True,
    help="Pixels by which predicted boxes grow, as the annotators' boxes stand off the chromosome; "
    "the default was measured on tseng2023.",
)
@click.option("--iou", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, help="IoU that finds a box.")
@click.option("--names", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Pictures: a name a line.")
@click.option("--split", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Pictures: name,case,part.")
@click.option(
    "--part", type=click.Choice(("train", "val", "test")), default="test", show_default=True, help="Part of the split."
)
@click.option("--first", type=click.IntRange(min=1), help="Only the first so many pictures, in name order.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE|-",
    help="Write all numbers here; - is standard output, without the tables.",
)
def evaluate(
    truth: Path,
    out: Path,
    margin: tuple[float, float, float, float],
    iou: float,
    names: Path | None,
    split: Path | None,
    part: str,
    first: int | None,
    json_path: str | None,
) -> None:
    """Score the results in OUT, as analyze writes them, against TRUTH, a folder of VOC files or one of them.

    OUT may also be the predictions.csv of classify, and TRUTH class folders of single chromosomes.

    Scored are the pictures that --names or --split asks for, those without a result as pictures in which nothing was
    found; without either, the truth files that have a result.
    """
    from karyogram.datasets.results import find_pairs, read_names, read_pair
    from karyogram.datasets.splits import read_split
    from karyogram.errors import KaryogramError
    from karyogram.files import write_text
    from karyogram.metrics.metaphases import score_pairs

    if names and split:
        raise click.UsageError("--names and --split exclude each other")
    if first and out.is_file():
        raise click.UsageError("--first is for metaphases: predictions are limited by --names or --split")
    wanted: list[str] | None = None
    try:
        if names:
            wanted = read_names(names)
        elif split:
            wanted = [name for name, entry in read_split(split).items() if entry.part == part]
        if out.is_file():
            _evaluate_predictions(truth, out, wanted, json_path)
            return
        files = find_pairs(truth, out, wanted)
    except KaryogramError as error:
        raise click.ClickException(str(error)) from error
    if wanted is None:
        lacking = sum(f.result is None for f in files)
        files = [f for f in files if f.result]
        if lacking:
            click.echo(f"{lacking} truth files have no result and are left out", err=True)
    files = files[:first]

    pairs: dict[PairFiles, Pair] = {}
    failed: dict[str, str] = {}
    for file in files:
        try:
            pairs[file] = read_pair(file, margin)
        except KaryogramError as error:
            failed[file.name] = str(error)
            click.echo(str(error), err=True)
    if not pairs:
        raise click.ClickException(f"{out}: nothing to score against {truth}")
    without_result = [file.name for file in pairs if file.result is None]
    for name in without_result:
        click.echo(f"{name}: no result, counted as nothing found", err=True)

    scores = score_pairs(list(pairs.values()), iou)
    if json_path:
        settings = {"iou": iou, "margin": list(margin)}
        lists = {"names": [file.name for file in pairs], "without_result": without_result, "failed": failed}
        text = json.dumps(settings | scores.to_dict() | lists, indent=1, allow_nan=False) + "\n"
        if json_path == "-":
            click.echo(text, nl=False)
        else:
            write_text(json_path, text)
    if json_path != "-":
        _print_tables(scores, iou)
    sys.exit(1 if failed else 0)


def _evaluate_predictions(truth: Path, out: Path, wanted: list[str] | None, json_path: str | None) -> None:
    """Score a predictions.csv against class folders; a picture that was asked for and not answered counts as wrong."""
    from karyogram.datasets.predictions import read_answers
    from karyogram.files import write_text
    from karyogram.metrics.classification import score_answers

    answers = read_answers(truth, out, None if wanted is None else set(wanted))
    without = [path.name for path, said in zip(answers.paths, answers.said.tolist(), strict=True) if said < 0]
    for name in without:
        click.echo(f"{name}: no prediction, counted as wrong", err=True)
    scores = score_answers(answers.truth, answers.said, answers.probability)
    text = json.dumps({**scores, "without_result": without}, indent=1, allow_nan=False) + "\n"
    if json_path == "-":
        click.echo(text, nl=False)
        return
    if json_path:
        write_text(json_path, text)
    interval = f"{scores['low']:.4f} to {scores['high']:.4f}"
    click.echo(f"{scores['pictures']} pictures of single chromosomes\n")
    click.echo(f"Accuracy             {scores['accuracy']:.4f}   95 % interval {interval}")
    click.echo(f"Macro F1             {scores['macro_f1']:.4f}")
    click.echo(f"Calibration error    {scores['ece']:.4f}\n")
    for label, (right, number) in scores["classes"].items():
        click.echo(f"  {label:>2}   {right} of {number} right")


def _print_tables(scores: "Scores", iou: float) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    whole = Table("Score", box=box.SIMPLE)
    for heading in ("Value", "95 % interval", "Out of"):
        whole.add_column(heading, justify="right")
    for name, (title, unit) in SHARES.items():
        share: Share = getattr(scores, name)
        title += f" (IoU >= {iou:g})" if name == "found" else ""
        whole.add_row(title, _show(share.share), f"{_show(share.low)} to {_show(share.high)}", f"{share.total} {unit}")
    whole.add_row("Spurious boxes", str(scores.spurious), "", f"{scores.predicted} predicted")
    for name, title in PRECISIONS.items():
        whole.add_row(title, _show(getattr(scores, name)))

    classes = Table("Class", box=box.SIMPLE)
    for heading in ("Boxes", "AP50", "Found", "Right"):
        classes.add_column(heading, justify="right")
    for row in scores.classes:
        classes.add_row(row.label, str(row.boxes), _show(row.ap50), _show(row.found), _show(row.right))

    console = Console(highlight=False)
    console.print(f"{scores.pictures} pictures, {scores.boxes} boxes")
    console.print(whole)
    console.print(classes)


def _show(value: float) -> str:
    return "-" if value != value else f"{value:.4f}"
