"""`karyogram train-segmenter`: boxed metaphases to a segmentation model."""

from pathlib import Path

import click

from karyogram.training.cli import plain_words

#: So many pictures tell the ranges of numbers in the network, for eight bits.
TYPICAL = 24


@click.command("train-segmenter")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option(
    "--split", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part."
)
@click.option(
    "--start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Checkpoint or exported model (.onnx) to start from.",
)
@click.option("--refine", is_flag=True, help="Train only what refines masks; the rest stays as --start has it.")
@click.option("--rate", default=2e-3, show_default=True, type=click.FloatRange(min=0, min_open=True), help="Learning rate.")
@click.option("--steps", default=7000, show_default=True, type=click.IntRange(min=1), help="Batches to learn from.")
@click.option("--batch", default=8, show_default=True, type=click.IntRange(min=1), help="Pictures a batch.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--name", default="own-segment", show_default=True, help="Name of the model.")
def train_segmenter(
    data: Path,
    out: Path,
    split: Path,
    start: Path | None,
    refine: bool,
    rate: float,
    steps: int,
    batch: int,
    seed: int,
    name: str,
) -> None:
    """Train a segmenter on DATA: a folder with images/ and annotations/ (VOC).

    Only the part "train" of the split is read. OUT gets run.json, the prepared cells, checkpoints (a killed run resumes from
    the last) and NAME.onnx, in eight bits.
    """
    if refine and start is None:
        raise click.UsageError("--refine needs --start: what is not trained must come from somewhere")
    with plain_words("train-segmenter"):
        from karyogram.datasets.splits import read_split
        from karyogram.errors import DataError
        from karyogram.training.cells import make_cells, show_cells
        from karyogram.training.detection import fit_detection
        from karyogram.training.export import export_segmenter
        from karyogram.training.quantize import quantize
        from karyogram.training.run import begin_run, split_digest

        entries = read_split(split)
        settings = {"data": str(data.resolve()), "split": split_digest(entries.values())}
        settings["start"] = str(start.resolve()) if start else ""
        begin_run(out, settings | {"refine": refine, "rate": rate, "steps": steps, "batch": batch, "seed": seed})
        names = sorted(name for name, entry in entries.items() if entry.part == "train")
        cells = make_cells(data, names, out / "cells")
        if not cells:
            raise DataError(f"{data}: no chromosome was found in any of the {len(names)} pictures of the part train")
        net = fit_detection(cells, out, steps, batch, seed, start, rate, refine).net
        path = export_segmenter(net, out / f"{name}.onnx", name)
        quantize(path, path, show_cells(cells, TYPICAL))
    click.echo(f"{path}")
