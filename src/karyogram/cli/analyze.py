"""`karyogram analyze`: metaphase photographs to karyograms."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from karyogram.cli.pictures import find_inputs


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--format", "formats", default="json,png", show_default=True, help="Comma-separated, of those above.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=-1), help="Pictures at a time; -1: all cores.")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler whose workers do it, as tcp://host:8786.")
@click.option("--force", is_flag=True, help="Analyse again what is done already.")
@click.option("--model", default="gband", show_default=True, help="A model's name, or an exported .onnx file.")
@click.option(
    "--segmenter",
    default="auto",
    show_default=True,
    help="How chromosomes are cut out: auto, classical, learned, sam, or a segmentation network's name or exported .onnx file; "
    "+NAME or +FILE after it is an outliner that redraws masks where chromosomes meet.",
)
@click.option(
    "--dpi", default=144, show_default=True, type=click.IntRange(36, 600), help="Resolution of the karyogram in print."
)
@click.option("--ideograms", type=click.Choice(["400", "550", "850"]), help="Draw ideograms of so many bands beside the pairs.")
@click.option("--measures", is_flag=True, help="Write relative length and arm ratio below each chromosome.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def analyze(
    pictures: tuple[Path, ...],
    out: Path,
    formats: str,
    jobs: int,
    cluster: str | None,
    force: bool,
    model: str,
    segmenter: str,
    dpi: int,
    ideograms: str | None,
    measures: bool,
    as_json: bool,
) -> None:
    """Analyse metaphase PICTURES (files, or folders read recursively).

    Each picture gets OUT/<name>/ with karyotype.json; OUT/summary.csv has a row for each. OUT may lie inside an input folder;
    what is in it is not read. A picture that is done, by the same models and in these formats, is skipped, however its
    karyogram was to be drawn.

    \b
    --format   writes
    png        karyogram.png, overlay.png, chromosomes/
    html, pdf  report.html, report.pdf
    coco       coco.json: masks that may overlap
    voc        voc.xml: boxes
    tiff       labels.tif: ids as pixels, crossings on further pages
    csv        chromosomes.csv: a row a chromosome
    iscn       iscn.txt
    geojson    chromosomes.geojson: outlines, for QuPath
    imagej     rois.zip: outlines, for ImageJ and Fiji
    """  # noqa: D301  # click reads the backspace
    from karyogram.batch import Row, analyze_many, write_summary
    from karyogram.cli.progress import track
    from karyogram.draw.karyogram import Style
    from karyogram.errors import ModelError
    from karyogram.files import make_folder
    from karyogram.output import parse_formats

    try:
        chosen = parse_formats(formats)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    style = Style(dpi, int(ideograms) if ideograms else None, measures)
    found = find_inputs(pictures, out, ("/karyogram.png", "/overlay.png", "/labels.tif"))
    try:
        results = analyze_many(
            found,
            model=model,
            segmenter=segmenter,
            formats=chosen,
            style=style,
            jobs=jobs or 1,
            cluster=cluster,
            force=force,
        )
    except ModelError as error:
        raise click.UsageError(str(error)) from error
    summary = make_folder(out) / "summary.csv"
    rows: list[Row] = []
    try:
        for row in track(results, "analyze", total=len(found)):
            rows.append(row)  # noqa: PERF402  # what is done counts, though the rest be interrupted
    finally:
        rows.sort(key=lambda row: row.path)
        if rows:
            write_summary(summary, rows)
    failed = [row for row in rows if row.status == "failed"]
    for row in failed:
        click.echo(row.error, err=True)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        click.echo(f"{len(rows) - len(failed)} of {len(rows)} pictures done, see {click.format_filename(summary)}")
    sys.exit(1 if failed else 0)
