"""`karyogram preprocess`: single-chromosome crops, cleaned step by step."""

from functools import partial
from pathlib import Path

import click

from karyogram.cli.pictures import find_inputs, run_each


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
    found = find_inputs(pictures, out, (".tiff", "_stages.png"))
    run_each(partial(_preprocess_one, size), found, out, "preprocess", jobs)


def _preprocess_one(size: int, path: Path, target: Path) -> None:
    """Write the results of one picture next to ``target``."""
    from karyogram.draw.stages import draw_stages
    from karyogram.files import read_picture, write_picture
    from karyogram.image.crop import fit_square
    from karyogram.segment.stages import clean_crop

    stages, mask = clean_crop(read_picture(path).pixels)
    write_picture(target.with_name(f"{target.name}.tiff"), fit_square(stages["contrast"], mask, size))
    write_picture(target.with_name(f"{target.name}_stages.png"), draw_stages(stages))
