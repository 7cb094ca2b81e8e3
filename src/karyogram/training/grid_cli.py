"""`karyogram grid` and `karyogram search`: networks and settings compared on single chromosomes."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from karyogram.training.cli import plain_words
from karyogram.training.presets import PRESETS


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both verbs have."""
    options = (
        click.option("--preset", default="founders", show_default=True, type=click.Choice(list(PRESETS)), help="Protocol."),
        click.option("--nets", help="Names with commas between, as `karyogram models --trainable` lists; else the preset's."),
        click.option(
            "--data",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Class folders of single chromosomes; else cirnet/ in KARYOGRAM_DATA.",
        ),
        click.option("--split", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV; else by picture."),
        click.option("--storage", metavar="URL", help="sqlite:///FILE or postgresql://...; else a journal file in OUT."),
        click.option("--weights", metavar="FILE|imagenet", help="Weights to start from."),
        click.option("--epochs", type=click.IntRange(min=1), help="Reduce: epochs at most."),
        click.option("--limit", type=click.IntRange(min=1), help="Reduce: pictures a class at most."),
        click.option("--side", type=click.IntRange(min=8), help="Reduce: side of the pictures in pixels."),
        click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0)),
        click.option(
            "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the study."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_shared
def grid(**given: Any) -> None:
    """Fit every network of a preset with each of its optimizers and learning rates.

    OUT gets the split, the runs' checkpoints, runs.csv, table.md and a page of curves a network. The same command, again or on
    other machines that share OUT or the storage, goes on; nothing is fitted twice. Settings are chosen by validation accuracy;
    test scores are shown when all are fitted.
    """
    _study("grid", **given)


@click.command()
@_shared
@click.option("--trials", default=50, show_default=True, type=click.IntRange(min=1), help="Settings to try.")
def search(**given: Any) -> None:
    """Search networks, optimizers, rates and weight decays; runs that lag behind are ended early.

    OUT and how to resume: see `karyogram grid --help`.
    """
    _study("search", **given)


def _study(
    verb: str, *, data: Path | None, nets: str | None, storage: str | None, out: Path, trials: int = 0, **options: Any
) -> None:
    if data is None:
        if not os.environ.get("KARYOGRAM_DATA"):
            raise click.UsageError("give --data, or set KARYOGRAM_DATA to a folder that holds cirnet/")
        data = Path(os.environ["KARYOGRAM_DATA"]) / "cirnet"
    names = tuple(dict.fromkeys(nets.split(","))) if nets else PRESETS[options["preset"]].nets
    weights = options["weights"]
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise click.UsageError(f"--weights: there is no file {weights}")
    if weights not in (None, "imagenet") and len(names) > 1:
        raise click.UsageError("--weights FILE fits one network: name it with --nets")
    with plain_words(verb):
        from karyogram.training.grid import Plan, run_grid, run_search
        from karyogram.training.nets import NETS
        from karyogram.training.report import write_report

        logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # it would greet at every run

        if unknown := [name for name in names if name not in NETS]:
            raise click.UsageError(f"--nets: no network {', '.join(unknown)}; there are {', '.join(NETS)}")
        plan = Plan(nets=names, **options)

        def say(line: str) -> None:
            click.echo(line, err=True)

        if verb == "grid":
            study, failed = run_grid(data, plan, out, storage, say)
        else:
            study, failed = run_search(data, plan, out, storage, say, trials)
        for line in write_report(study, plan, out, complete=not failed):
            click.echo(line)
    if failed:
        raise click.exceptions.Exit(1)
