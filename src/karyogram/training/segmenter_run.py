"""`karyogram train-segmenter`: boxed metaphases to a segmentation model."""

from pathlib import Path

import click

from karyogram.training.cli import plain_words


@click.command("train-segmenter")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option(
    "--split", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part."
)
@click.option("--judge", metavar="MODEL", help="Classifier (name or file) that throws out cut-outs it doubts.")
@click.option("--steps", default=3000, show_default=True, type=click.IntRange(min=1), help="Batches to learn from.")
@click.option("--batch", default=6, show_default=True, type=click.IntRange(min=1), help="Composites a batch.")
@click.option("--seed", default=0, show_default=True, type=int)
@click.option("--name", default="own-segment", show_default=True, help="Name of the model.")
def train_segmenter(
    data: Path, out: Path, split: Path, judge: str | None, steps: int, batch: int, seed: int, name: str
) -> None:
    """Train a segmenter on composites of DATA: a folder with images/ and annotations/ (VOC).

    OUT gets run.json, library.npz (exactly masked chromosomes from the training part), grounds.npz (its backgrounds),
    checkpoints (a killed run resumes from the last) and NAME.onnx.
    """
    with plain_words("train-segmenter"):
        from karyogram.datasets.splits import read_split
        from karyogram.training.export import export_segmenter
        from karyogram.training.library import make_library
        from karyogram.training.run import begin_run, split_digest
        from karyogram.training.segmentation import fit_segmentation

        entries = read_split(split)
        settings = {"data": str(data.resolve()), "split": split_digest(entries.values()), "judge": judge}
        begin_run(out, settings | {"steps": steps, "batch": batch, "seed": seed})
        library, grounds = make_library(data, entries, out, judge)
        net = fit_segmentation(library, out, steps, batch, seed, grounds).net
        path = export_segmenter(net, out / f"{name}.onnx", name)
    click.echo(f"{path}")
