"""`karyogram straighten`: single-chromosome pictures to straight, upright strips."""

from pathlib import Path

import click

from karyogram.cli.pictures import find_inputs, run_each

#: Pixels of ground around the chromosome on the sheet.
MARGIN = 4


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=-1), help="Pictures at a time; -1: all cores.")
def straighten(pictures: tuple[Path, ...], out: Path, jobs: int) -> None:
    """Straighten single-chromosome PICTURES (files, or folders read recursively).

    Each picture becomes OUT/<name>.png, the chromosome as an upright strip on white at its own scale, and
    OUT/<name>_stages.png: before, its axis, after, its width and darkness along the axis, and the arm ratio. The waist parts
    the arms: the shorter one is up, or, where they are alike, the end that lies higher in the picture. OUT may lie inside an
    input folder; what is in it is not read.
    """
    run_each(_straighten_one, find_inputs(pictures, out, (".png", "_stages.png")), out, "straighten", jobs)


def _straighten_one(path: Path, target: Path) -> None:
    """Write the results of one picture next to ``target``."""
    import numpy as np

    from karyogram.draw.straightening import draw_straightening
    from karyogram.files import read_picture, write_picture
    from karyogram.image.crop import stain_window
    from karyogram.segment.single import find_single
    from karyogram.shape.axis import medial_axis
    from karyogram.shape.centromere import short_arm_up
    from karyogram.shape.straighten import straighten

    plain, chromosome = find_single(read_picture(path).pixels)
    mask = np.zeros(plain.shape, bool)
    mask[chromosome.window()] = chromosome.mask
    window = stain_window(mask, MARGIN)
    image, mask = plain[window], mask[window]
    axis = medial_axis(mask)
    strip, strip_mask, centromere = short_arm_up(*straighten(image, mask, axis))
    sheet = draw_straightening(image, axis, strip, strip_mask, centromere)
    write_picture(target.with_name(f"{target.name}.png"), strip)
    write_picture(target.with_name(f"{target.name}_stages.png"), sheet)
