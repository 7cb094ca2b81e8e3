"""`karyogram train`: the user's own pictures to a model file that every karyogram command takes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from karyogram.cli.classify import check_regex
from karyogram.errors import KaryogramError

#: The modules that only the extra brings.
EXTRA = ("lightning", "matplotlib", "onnx", "optuna", "psycopg", "pytorchcv", "torch")
#: How they get here, unless by the extra: pytorchcv asks for a torchvision that torch's CPU build cannot load.
BESIDE = {"pytorchcv": "pip install --no-deps pytorchcv==0.0.74"}


@contextmanager
def plain_words(verb: str) -> Iterator[None]:
    """Turn warnings and errors into single lines, and a missing extra into what installs it."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: click.echo(f"Warning: {message}", err=True)
        try:
            yield
        except KaryogramError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            module = (error.name or "").partition(".")[0]
            if module not in EXTRA:
                raise
            how = BESIDE.get(module, "pip install 'karyogram[train]'")
            raise click.UsageError(f"'{verb}' needs {error.name}: {how}") from error


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option("--split", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part.")
@click.option("--case-regex", callback=check_regex, help="Without --split: the first group, searched in a name, is the case.")
@click.option("--name", default="own", show_default=True, help="Name of the model.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the pictures' chromosomes is multiplied by this.")
@click.option("--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Checkpoint to start from.")
@click.option("--segmenter", metavar="MODEL", help="Cuts out the chromosomes that touch or cross, too (metaphases only).")
@click.option("--drawn", default=0, type=click.IntRange(min=0), help="Drawn metaphases that are added (metaphases only).")
@click.option("--epochs", default=12, show_default=True, type=click.IntRange(min=1))
@click.option("--rate", default=3e-3, show_default=True, type=float, help="Highest learning rate.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
def train(
    data: Path,
    out: Path,
    split: Path | None,
    case_regex: str | None,
    name: str,
    scale: float,
    start: Path | None,
    segmenter: str | None,
    drawn: int,
    epochs: int,
    rate: float,
    seed: int,
) -> None:
    """Train on DATA: a folder with images/ and annotations/ (VOC), or class folders of single upright chromosomes.

    OUT gets split.csv, run.json, the prepared samples, checkpoints (a killed run resumes from the last) and NAME.onnx. Whole
    cases go to training, validation or test; the test part is not touched here. Pictures of one case look alike, so there is
    no split by picture: give --split or --case-regex.
    """
    if split is None and case_regex is None:
        raise click.UsageError("give --split, or --case-regex to read the case from a picture's name: parts are split by case")
    if (segmenter or drawn) and not (data / "annotations").is_dir():
        raise click.UsageError("--segmenter and --drawn need metaphases: DATA has no annotations/")
    with plain_words("train"):
        from dataclasses import asdict

        from karyogram.classify.prepare import Preparation
        from karyogram.datasets.splits import read_split, write_split
        from karyogram.training.data import load_samples, save_samples
        from karyogram.training.export import export
        from karyogram.training.fit import Recipe, fit
        from karyogram.training.prepare import make_split, prepare_folder
        from karyogram.training.run import begin_run, split_digest

        entries = make_split(data, case_regex, seed) if split is None else read_split(split)  # type: ignore[arg-type]
        how, recipe = Preparation(scale=Preparation().scale * scale), Recipe(epochs=epochs, rate=rate, seed=seed)
        settings = {
            "data": str(data.resolve()),
            "split": split_digest(entries.values()),
            "segmenter": segmenter,
            "drawn": drawn,
        }
        begin_run(out, settings | {"start": str(start.resolve()) if start else None} | asdict(how) | asdict(recipe))
        write_split(out / "split.csv", entries.values())
        prepared = out / "prepared"
        if not (prepared / "preparation.json").is_file():
            save_samples(prepared, prepare_folder(data, entries, how, segmenter, drawn))
        samples = load_samples(prepared)
        path = export(fit(samples, recipe, out, start).net, out / f"{name}.onnx", name, samples.how)
    click.echo(f"{path}")
