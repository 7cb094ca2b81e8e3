"""`karyogram train`: the user's own pictures to a model file that every karyogram command takes."""

from pathlib import Path

import click


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run.")
@click.option("--split", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV name,case,part.")
@click.option("--case-regex", default=r"^(.*)$", show_default=True, help="Without --split: the first group is the case.")
@click.option("--name", default="own", show_default=True, help="Name of the model.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the pictures' chromosomes is multiplied by this.")
@click.option("--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Checkpoint to start from.")
@click.option("--epochs", default=12, show_default=True, type=click.IntRange(min=1))
@click.option("--rate", default=3e-3, show_default=True, type=float, help="Highest learning rate.")
@click.option("--seed", default=0, show_default=True, type=int)
def train(
    data: Path,
    out: Path,
    split: Path | None,
    case_regex: str,
    name: str,
    scale: float,
    start: Path | None,
    epochs: int,
    rate: float,
    seed: int,
) -> None:
    """Train on DATA: a folder with images/ and annotations/ (VOC), or class folders of single upright chromosomes.

    OUT gets split.csv, the prepared samples, checkpoints (a killed run resumes from the last) and NAME.onnx. Whole cases go to
    training, validation or test; the test part is not touched here.
    """
    from karyogram.training.data import load_samples, save_samples
    from karyogram.training.export import export
    from karyogram.training.fit import Recipe, fit
    from karyogram.training.prepare import prepare_folder, read_or_make_split

    try:
        entries = read_or_make_split(data, out, split, case_regex, seed)
        prepared = out / "prepared"
        if not (prepared / "preparation.json").is_file():
            save_samples(prepared, prepare_folder(data, entries, scale))
        samples = load_samples(prepared)
        fitted = fit(samples, Recipe(epochs=epochs, rate=rate, seed=seed), out, start)
        path = export(fitted.net, out / f"{name}.onnx", name, samples.how)
    except Exception as error:
        from karyogram.errors import KaryogramError

        if isinstance(error, KaryogramError):
            raise click.ClickException(str(error)) from error
        raise
    click.echo(f"{path}")
