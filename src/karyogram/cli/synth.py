"""`karyogram synth`: draw metaphases with known truth."""

import re
from pathlib import Path

import click


def parse_size(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    """Read ``WxH`` into (height, width)."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value)
    if not found:
        raise click.BadParameter("two whole numbers with an x between, such as 700x690")
    return int(found[2]), int(found[1])


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--number", default=1, show_default=True, type=click.IntRange(min=1), help="How many pictures.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the first; then one more.")
@click.option("--karyotype", default="46,XX", show_default=True, metavar="ISCN", help="Such as 47,XX,+21 or 45,X.")
@click.option("--size", default="700x690", show_default=True, metavar="WxH", callback=parse_size, help="In pixels.")
@click.option("--touching", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share laid to touch another.")
@click.option("--crossings", default=0, show_default=True, type=click.IntRange(min=0), help="Pairs laid across each other.")
def synth(out: Path, number: int, seed: int, karyotype: str, size: tuple[int, int], touching: float, crossings: int) -> None:
    """Draw G-banded metaphases with known truth.

    Each picture, OUT/synth_<seed>.png, has OUT/synth_<seed>/karyotype.json and the boxes of
    OUT/annotations/synth_<seed>.xml. The same options draw the same pictures.
    """
    from dataclasses import replace

    from karyogram.cli.progress import track
    from karyogram.datasets.synth.metaphase import synth_metaphase
    from karyogram.datasets.voc import Annotation, Box, write_voc
    from karyogram.errors import KaryogramError
    from karyogram.files import write_picture, write_text

    for each in track(range(seed, seed + number), "synth", total=number):
        try:
            picture, truth = synth_metaphase(each, karyotype, size, touching, crossings)
        except KaryogramError as error:
            raise click.UsageError(f"seed {each}: {error}") from error
        name = f"synth_{each:04d}"
        boxes = tuple(Box(c.label, c.bbox) for c in truth.chromosomes)
        try:
            write_picture(out / f"{name}.png", picture)
            write_text(out / name / "karyotype.json", replace(truth, image=f"{name}.png").to_json())
            write_voc(out / "annotations" / f"{name}.xml", Annotation(f"{name}.png", truth.width, truth.height, boxes))
        except OSError as error:
            raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    click.echo(f"{number} pictures in {out}")
