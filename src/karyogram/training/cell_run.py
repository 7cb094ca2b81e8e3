"""`karyogram train-cell`: what a classifier says of whole cells to a second stage that decides them together."""

from pathlib import Path

import click

from karyogram.training.cli import plain_words


@click.command("train-cell")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option(
    "--split", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part."
)
@click.option("--model", default="gband", show_default=True, help="First stage: a classifier's name or file.")
@click.option("--limit", type=click.IntRange(min=1), help="Learn from so many pictures only, drawn by the seed.")
@click.option("--steps", default=3000, show_default=True, type=click.IntRange(min=1), help="Batches of 32 cells.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--name", default="own-cell", show_default=True, help="Name of the model.")
def train_cell(data: Path, out: Path, split: Path, model: str, limit: int | None, steps: int, seed: int, name: str) -> None:
    """Train a second stage on DATA: a folder with images/ and annotations/ (VOC).

    The parts "train" and "val" of the split are read: one to learn from, the other to make probabilities true. OUT gets
    run.json, opinions/ (what the classifier says of each picture, formed once) and NAME.onnx.
    """
    with plain_words("train-cell"):
        import numpy as np

        from karyogram.datasets.splits import read_split
        from karyogram.training.export import export_cell
        from karyogram.training.opinions import make_opinions
        from karyogram.training.run import begin_run, split_digest
        from karyogram.training.together import fit_cell, fit_cell_temperature

        entries = read_split(split)
        settings = {"data": str(data.resolve()), "split": split_digest(entries.values()), "model": model}
        begin_run(out, settings | {"limit": limit, "steps": steps, "seed": seed})
        parts = {part: sorted(n for n, e in entries.items() if e.part == part) for part in ("train", "val")}
        learned = np.random.default_rng(seed).permutation(parts["train"])[:limit].tolist()
        net = fit_cell(make_opinions(data, learned, out / "opinions", model), steps, seed=seed)
        temperature = fit_cell_temperature(net, make_opinions(data, parts["val"], out / "opinions", model))
        path = export_cell(net, out / f"{name}.onnx", name, temperature)
    click.echo(f"{path}")
