"""``karyogram evaluate``: results against truth."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from karyogram.cli.score_tables import print_metaphases, print_singles

if TYPE_CHECKING:
    from karyogram.datasets.boxed import Margin
    from karyogram.datasets.predictions import Singles
    from karyogram.datasets.sources import Told
    from karyogram.metrics.metaphases import Pair


def parse_margin(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Read ``L,T,R,B`` into four numbers, 0 or more; None stays what it is."""
    if value is None:
        return None
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
    metavar="L,T,R,B",
    callback=parse_margin,
    help="Pixels by which predicted boxes grow, as the annotators' boxes stand off the chromosome. Unless given: 7,8,5,4, as "
    "measured on tseng2023, where TRUTH is VOC, else 0,0,0,0.",
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
    margin: "Margin | None",
    iou: float,
    names: Path | None,
    split: Path | None,
    part: str,
    first: int | None,
    json_path: str | None,
) -> None:
    """Score the results OUT against TRUTH, each a file or a folder of any kind.

    Of metaphases: VOC files, a COCO file (the boxes of its masks, where it has any), karyotype.json files as analyze writes
    them. Of single chromosomes: class folders, or the predictions.csv of classify.

    Scored are the pictures that --names or --split asks for, those without a result as pictures in which nothing was
    found; without either, those of TRUTH that have a result. Two files of one picture each are taken for the same picture.
    """
    from karyogram.datasets.predictions import Singles
    from karyogram.datasets.results import read_names
    from karyogram.datasets.sources import RESULTS, TRUTH, open_source, pair_pictures
    from karyogram.datasets.splits import read_split
    from karyogram.errors import KaryogramError
    from karyogram.metrics.metaphases import score_pairs

    if names and split:
        raise click.UsageError("--names and --split exclude each other")
    wanted: list[str] | None = None
    try:
        if names:
            wanted = read_names(names)
        elif split:
            wanted = [name for name, entry in read_split(split).items() if entry.part == part]
        known, said = open_source(truth, TRUTH), open_source(out, RESULTS)
        if isinstance(known, Singles) and isinstance(said, Singles):
            if first:
                raise click.UsageError("--first is for metaphases: single chromosomes are limited by --names or --split")
            _evaluate_singles(known, said, wanted, json_path)
            return
        if isinstance(known, Singles) or isinstance(said, Singles):
            raise click.ClickException(f"{truth} and {out}: one is of metaphases, the other of single chromosomes")
    except KaryogramError as error:
        raise click.ClickException(str(error)) from error
    told = pair_pictures(known, said, wanted, alike=truth.is_file() and out.is_file())
    if wanted is None:
        lacking = sum(result is None for _, result in told.values())
        told = {name: pair for name, pair in told.items() if pair[1]}
        if lacking:
            click.echo(f"{lacking} truth files have no result and are left out", err=True)
    pairs, failed = _read_pairs(dict(list(told.items())[:first]), margin or known.margin)
    if not pairs:
        raise click.ClickException(f"{out}: nothing to score against {truth}")
    without = [name for name in pairs if told[name][1] is None]
    for name in without:
        click.echo(f"{name}: no result, counted as nothing found", err=True)

    scores = score_pairs(list(pairs.values()), iou)
    lists = {"names": list(pairs), "without_result": without, "failed": failed}
    _write({"iou": iou, "margin": list(margin or known.margin)} | scores.to_dict() | lists, json_path)
    if json_path != "-":
        print_metaphases(scores, iou)
    sys.exit(1 if failed else 0)


def _read_pairs(
    told: "dict[str, tuple[Told | None, Told | None]]", margin: "Margin"
) -> "tuple[dict[str, Pair], dict[str, str]]":
    """Return what could be read, and why the rest could not, which is said at once."""
    from karyogram.datasets.sources import read_pair
    from karyogram.errors import KaryogramError

    pairs, failed = {}, {}
    for name, (truth, said) in told.items():
        try:
            pairs[name] = read_pair(name, truth, said, margin)
        except KaryogramError as error:
            failed[name] = str(error)
            click.echo(str(error), err=True)
    return pairs, failed


def _evaluate_singles(truth: "Singles", said: "Singles", wanted: list[str] | None, json_path: str | None) -> None:
    """Score single chromosomes; a picture that was asked for and not answered counts as wrong."""
    from karyogram.datasets.predictions import match_answers
    from karyogram.metrics.classification import score_answers

    answers = match_answers(truth, said, None if wanted is None else set(wanted))
    without = [path.name for path, index in zip(answers.paths, answers.said.tolist(), strict=True) if index < 0]
    for name in without:
        click.echo(f"{name}: no prediction, counted as wrong", err=True)
    scores = score_answers(answers.truth, answers.said, answers.probability)
    _write({**scores, "without_result": without}, json_path)
    if json_path != "-":
        print_singles(scores)


def _write(numbers: dict[str, Any], json_path: str | None) -> None:
    from karyogram.files import write_text

    text = json.dumps(numbers, indent=1, allow_nan=False) + "\n"
    if json_path == "-":
        click.echo(text, nl=False)
    elif json_path:
        write_text(json_path, text)
