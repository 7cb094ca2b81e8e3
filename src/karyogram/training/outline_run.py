"""`karyogram train-outliner`: boxed metaphases to a network that redraws masks where chromosomes meet."""

from pathlib import Path

import click

from karyogram.training.cli import plain_words

#: So many views tell the ranges of numbers in the network, for eight bits, in batches of so many.
TYPICAL, BATCH = 256, 32


@click.command("train-outliner")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option(
    "--split", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part."
)
@click.option("--limit", type=click.IntRange(min=1), help="Learn from so many pictures only, drawn by the seed.")
@click.option("--steps", default=2500, show_default=True, type=click.IntRange(min=1), help="Batches to learn from.")
@click.option("--batch", default=32, show_default=True, type=click.IntRange(min=1), help="Chromosomes a batch.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--name", default="own-outline", show_default=True, help="Name of the model.")
def train_outliner(data: Path, out: Path, split: Path, limit: int | None, steps: int, batch: int, seed: int, name: str) -> None:
    """Train an outliner on DATA: a folder with images/ and annotations/ (VOC).

    Only the part "train" of the split is read. OUT gets run.json, what the program's own masks are and should be (views/),
    checkpoints (a killed run resumes from the last) and NAME.onnx, in eight bits.
    """
    with plain_words("train-outliner"):
        import numpy as np

        from karyogram.datasets.splits import read_split
        from karyogram.training.export import export_outliner
        from karyogram.training.outlines import make_views
        from karyogram.training.outlining import fit_outliner
        from karyogram.training.quantize import quantize
        from karyogram.training.run import begin_run, split_digest

        entries = read_split(split)
        settings = {"data": str(data.resolve()), "split": split_digest(entries.values()), "limit": limit}
        begin_run(out, settings | {"steps": steps, "batch": batch, "seed": seed})
        names = sorted(name for name, entry in entries.items() if entry.part == "train")
        learned = np.random.default_rng(seed).permutation(names)[:limit].tolist()
        made = make_views(data, learned, out / "views")
        net = fit_outliner(made, out, steps, batch, seed)
        path = export_outliner(net, out / f"{name}.onnx", name)
        typical = np.concatenate([one.views[:4] for one in made])[:TYPICAL]
        quantize(path, path, [typical[start : start + BATCH] for start in range(0, len(typical), BATCH)])
    click.echo(f"{path}")
