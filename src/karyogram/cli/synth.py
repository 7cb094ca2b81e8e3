"""`karyogram synth`: metaphases with known truth, drawn from the band table or composed of real chromosomes."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from karyogram.datasets.compose import Scene


def parse_size(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    """Read ``WxH`` into (height, width)."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value)
    if not found or "0" in found.groups():
        raise click.BadParameter("two whole numbers with an x between, such as 700x690")
    return int(found[2]), int(found[1])


def parse_range(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read ``A-B`` or ``A`` into (least, most)."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", value)
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= least <= most:
        raise click.BadParameter("two whole numbers with a dash between, such as 18-34")
    return least, most


def parse_karyotype(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no karyotype."""
    from karyogram.errors import AnnotationError
    from karyogram.karyotype.iscn import parse_counts

    try:
        if value is not None:
            parse_counts(value)
    except AnnotationError as error:
        raise click.BadParameter(str(error)) from error
    return value


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--from", "source", metavar="FOLDER", type=click.Path(exists=True, path_type=Path), help="Real chromosomes.")
@click.option("--number", default=1, show_default=True, type=click.IntRange(min=1), help="How many pictures.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the first; then one more.")
@click.option("--karyotype", metavar="ISCN", callback=parse_karyotype, help="Such as 47,XX,+21. [drawn: 46,XX by default]")
@click.option("--size", default="700x690", show_default=True, metavar="WxH", callback=parse_size, help="In pixels.")
@click.option("--chromosomes", metavar="A-B", callback=parse_range, help="How many a picture, with --from. [default: 30-50]")
@click.option("--touching", type=click.FloatRange(0, 1), help="Share laid to touch another. [default: 0; 0.35 with --from]")
@click.option("--crossings", type=click.IntRange(min=0), help="Pairs laid across each other. [default: 0; 10 with --from]")
def synth(
    out: Path,
    source: Path | None,
    number: int,
    seed: int,
    karyotype: str | None,
    size: tuple[int, int],
    chromosomes: tuple[int, int] | None,
    touching: float | None,
    crossings: int | None,
) -> None:
    """Make G-banded metaphases with known truth. The same options make the same pictures.

    Drawn from the band table, each picture, OUT/synth_<seed>.png, has OUT/synth_<seed>/karyotype.json and the boxes of
    OUT/annotations/synth_<seed>.xml.

    With --from, real chromosomes are pasted at any place and angle: OUT/images/composite_<seed>.png, boxes in
    OUT/annotations/composite_<seed>.xml, and OUT/coco.json with masks that overlap where chromosomes cross. FOLDER holds
    class folders (1 to 22, X, Y) of pictures of single chromosomes; or images and annotations (VOC) of metaphases, whose
    isolated chromosomes are cut out; or it is a library, .npz. With --karyotype each picture is a whole cell. Here
    --crossings is how many chromosomes are laid across others, on average; one may cross several.
    """
    if chromosomes and (karyotype or not source):
        raise click.UsageError("--chromosomes goes with --from, and not with --karyotype")
    seeds = range(seed, seed + number)
    if source is None:
        _draw(out, seeds, karyotype or "46,XX", size, touching or 0.0, crossings or 0)
        return
    if out.resolve() == source.resolve():
        raise click.UsageError(f"{out}: results cannot go where the chromosomes come from")
    from karyogram.datasets.compose import Scene

    least, most = chromosomes or (30, 50)
    mean = int(karyotype.partition(",")[0]) if karyotype else (least + most) / 2
    crossing = min(1.0, (10 if crossings is None else crossings) / mean)
    touching = 0.35 if touching is None else touching
    _compose(out, seeds, source, Scene(size, (least, most), touching, crossing, karyotype=karyotype or ""))


def _compose(out: Path, seeds: range, source: Path, scene: "Scene") -> None:
    from karyogram.cli.progress import track
    from karyogram.datasets.composites import write_composites
    from karyogram.datasets.material import find_material
    from karyogram.errors import DataError, KaryogramError

    cutouts, grounds, failed = [], [], 0
    readers = find_material(source)
    for read in track(readers, "read", total=len(readers)):
        try:
            material = read()
        except KaryogramError as error:
            failed += 1
            click.echo(str(error), err=True)
            continue
        cutouts += material.cutouts
        grounds += material.grounds
    if not cutouts:
        raise DataError(f"{source}: no chromosome could be cut out")
    done = sum(1 for _ in track(write_composites(out, seeds, cutouts, scene, grounds), "synth", total=len(seeds)))
    click.echo(f"{done} pictures of {len(cutouts)} chromosomes in {click.format_filename(out)}")
    sys.exit(1 if failed else 0)


def _draw(out: Path, seeds: range, karyotype: str, size: tuple[int, int], touching: float, crossings: int) -> None:
    from dataclasses import replace

    from karyogram.cli.progress import track
    from karyogram.datasets.synth.metaphase import synth_metaphase
    from karyogram.datasets.voc import Annotation, Box, write_voc
    from karyogram.errors import KaryogramError
    from karyogram.files import write_picture, write_text

    for each in track(seeds, "synth", total=len(seeds)):
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
    click.echo(f"{len(seeds)} pictures in {click.format_filename(out)}")
