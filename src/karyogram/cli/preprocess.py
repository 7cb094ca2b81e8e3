"""`karyogram preprocess`: single-chromosome crops, cleaned step by step."""

import sys
from pathlib import Path

import click


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--size", default=224, show_default=True, type=click.IntRange(8, 4096), help="Side of the square, in pixels.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=-1), help="Pictures at a time; -1: all cores.")
def preprocess(pictures: tuple[Path, ...], out: Path, size: int, jobs: int) -> None:
    """Clean single-chromosome PICTURES (files, or folders read recursively).

    Each picture becomes OUT/<name>.tiff, the dark-banded chromosome on a black square, and OUT/<name>_stages.png, which
    shows every step. Class folders stay class folders. OUT may lie inside an input folder; what is in it is not read.
    """
    from joblib import Parallel, delayed

    from karyogram.cli.progress import track
    from karyogram.files import find_pictures

    home = out.resolve()
    if any(path.resolve() == home for path in pictures):
        raise click.UsageError(f"{out} is an input: give the results a folder of their own")
    found = [
        (path, name)
        for path, name in find_pictures(list(pictures))
        if path in pictures or not path.resolve().is_relative_to(home)
    ]
    if not found:
        raise click.UsageError(f"no pictures in {', '.join(map(str, pictures))}")
    inputs = {path.resolve() for path, _ in found}
    targets = [out / name.with_name(f"{name.name}{end}") for _, name in found for end in (".tiff", "_stages.png")]
    if clash := [target for target in targets if target.resolve() in inputs]:
        raise click.UsageError(f"{clash[0]} is an input and would be overwritten: choose another folder")

    work = (delayed(_preprocess_one)(path, out / name, size) for path, name in found)
    results = Parallel(n_jobs=jobs or 1, return_as="generator")(work)
    errors = [error for error in track(results, "preprocess", total=len(found)) if error]
    for error in errors:
        click.echo(error, err=True)
    click.echo(f"{len(found) - len(errors)} of {len(found)} pictures done, see {out}")
    sys.exit(1 if errors else 0)


def _preprocess_one(path: Path, target: Path, size: int) -> str:
    """Write the results of one picture next to ``target``; return what went wrong, or nothing."""
    from karyogram.draw.stages import draw_stages
    from karyogram.errors import KaryogramError
    from karyogram.files import read_picture, write_picture
    from karyogram.image.crop import fit_square
    from karyogram.segment.stages import clean_crop

    try:
        stages, mask = clean_crop(read_picture(path).pixels)
        write_picture(target.with_name(f"{target.name}.tiff"), fit_square(stages["contrast"], mask, size))
        write_picture(target.with_name(f"{target.name}_stages.png"), draw_stages(stages))
    except (KaryogramError, OSError) as error:
        return str(error) if str(error).startswith(str(path)) else f"{path}: {error}"
    return ""
