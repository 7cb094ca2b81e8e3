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
@click.option("--format", "formats", default="json,png", show_default=True, help="Comma-separated: json, png, coco, voc.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=-1), help="Pictures at a time; -1: all cores.")
@click.option("--force", is_flag=True, help="Analyse again what is done already.")
@click.option("--model", default="gband", show_default=True, help="A model's name, or an exported .onnx file.")
@click.option(
    "--segmenter",
    default="auto",
    show_default=True,
    help="How chromosomes are cut out: auto, classical, learned, sam, or an exported segmentation network (.onnx).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def analyze(
    pictures: tuple[Path, ...], out: Path, formats: str, jobs: int, force: bool, model: str, segmenter: str, as_json: bool
) -> None:
    """Analyse metaphase PICTURES (files, or folders read recursively).

    Each picture gets OUT/<name>/ with karyotype.json and, as --format says, karyogram.png, overlay.png and chromosomes/ (png),
    coco.json and voc.xml; OUT/summary.csv has a row for each. OUT may lie inside an input folder; what is in it is not read.
    A picture that is done, by the same models and in these formats, is skipped.
    """
    from karyogram.batch import Row, analyze_many, write_summary
    from karyogram.cli.progress import track
    from karyogram.errors import ModelError
    from karyogram.files import make_folder
    from karyogram.output import FORMATS

    chosen = frozenset(part.strip() for part in formats.split(",") if part.strip())
    if unknown := sorted(chosen - set(FORMATS)):
        raise click.UsageError(f"no format {', '.join(unknown)}; there are {', '.join(sorted(FORMATS))}")
    found = find_inputs(pictures, out, ("/karyogram.png", "/overlay.png"))
    try:
        results = analyze_many(found, model=model, segmenter=segmenter, formats=chosen, jobs=jobs or 1, force=force)
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
