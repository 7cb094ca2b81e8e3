"""`karyogram compare` and `karyogram export`: models side by side, and a run's checkpoint as a model."""

import json
from pathlib import Path
from typing import Any

import click

from karyogram.training.cli import plain_words


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Class folders of single chromosomes.",
)
@click.option("--split", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part; else all.")
@click.option(
    "--part", type=click.Choice(("train", "val", "test")), default="test", show_default=True, help="Part of the split."
)
@click.option("--json", "json_path", type=click.Path(allow_dash=True), metavar="FILE|-", help="Write all numbers here.")
def compare(models: tuple[str, ...], data: Path, split: Path | None, part: str, json_path: str | None) -> None:
    """Compare MODELs, names or exported .onnx files, on the same single chromosomes.

    Each picture is judged alone. The models after the first are compared with it: "better" and "worse" are the chromosomes that
    only this one, or only the first, has right, and "p" is how often chance alone parts these as unevenly.
    """
    with plain_words("compare"):
        from karyogram.datasets.material import class_pictures
        from karyogram.datasets.splits import read_split
        from karyogram.errors import DataError
        from karyogram.files import write_text
        from karyogram.training.compare import ask_models, compare_answers
        from karyogram.weights.catalogue import load_model

        opened = {name: load_model(name, "classifier") for name in models}
        named = class_pictures(data)
        if split is not None:
            wanted = {name for name, entry in read_split(split).items() if entry.part == part}
            named = [(path, label) for path, label in named if path.stem in wanted]
            if not named:
                raise DataError(f"{split}: none of the pictures in {data} is in the part {part}")
        rows = compare_answers(*ask_models(opened, named))
        text = json.dumps(rows, indent=1) + "\n"
        if json_path == "-":
            click.echo(text, nl=False)
            return
        if json_path:
            write_text(json_path, text)
    _print_table(rows)


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=box.SIMPLE, padding=(0, 1, 0, 0), title=f"{rows[0]['pictures']} chromosomes, each alone", title_justify="left"
    )
    table.add_column("model", overflow="fold", min_width=12)
    for column in ("accuracy", "95 %", "macro F1", "ECE", "better", "worse", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for number, row in enumerate(rows):
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        scores = (f"{row['accuracy']:.4f}", interval, f"{row['macro_f1']:.4f}", f"{row['ece']:.4f}")
        against = (f"{row['better']}", f"{row['worse']}", f"{row['p']:.1g}") if number else ("", "", "")
        table.add_row(str(row["model"]), *scores, *against)
    Console().print(table)


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Model file; else NAME.onnx in RUN.")
@click.option("--name", default="own", show_default=True, help="Name of the model.")
def export(run: Path, out: Path | None, name: str) -> None:
    """Write the last checkpoint of RUN, a folder of `karyogram train`, as a model that every command takes.

    A run that is still going on, or was killed, can be tried so.
    """
    with plain_words("export"):
        from karyogram.training.export import export as write_model
        from karyogram.training.fit import read_fitted

        net, how = read_fitted(run)
        path = write_model(net, out or run / f"{name}.onnx", name, how)
    click.echo(f"{path}")
