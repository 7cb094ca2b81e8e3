"""`karyogram classify`: pictures of single chromosomes to classes."""

import re
import sys
from pathlib import Path

import click


def check_regex(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Accept a regular expression with at least one group."""
    if value is None:
        return None
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise click.BadParameter(f"no regular expression: {error}") from error
    if not groups:
        raise click.BadParameter("needs a group, for instance '_(\\d+_\\d+)\\.'")
    return value


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="CSV file for results.")
@click.option("--model", default="gband", show_default=True, help="A model's name, or an exported .onnx file.")
@click.option("--cell-regex", callback=check_regex, help="In file names: an equal first group is one cell.")
@click.option("--explain", is_flag=True, help="Draw where the model looked: a PNG a picture, in a folder beside the CSV file.")
def classify(pictures: tuple[Path, ...], out: Path, model: str, cell_regex: str | None, explain: bool) -> None:
    """Classify PICTURES of single chromosomes (files, or folders read recursively)."""
    from karyogram.cli.pictures import spare_inputs
    from karyogram.cli.progress import track
    from karyogram.errors import KaryogramError
    from karyogram.files import find_pictures, make_folder, write_picture
    from karyogram.singles import Answer, Failure, classify_pictures, explain_answer, try_each, write_predictions
    from karyogram.weights.catalogue import load_model

    folder = out.with_name(f"{out.stem}-explained")
    found = find_pictures(list(pictures), folder)
    paths, drawings = [path for path, _ in found], {path: folder / f"{name}.png" for path, name in found if explain}
    if not paths:
        raise click.UsageError(f"no pictures in {', '.join(map(str, pictures))}")
    spare_inputs(paths, (out, *drawings.values()), "file")
    try:
        opened = load_model(model)
    except KaryogramError as error:
        raise click.UsageError(str(error)) from error
    make_folder(folder if explain else out.parent)
    results = list(track(classify_pictures(paths, opened, cell_regex), "classify", total=len(paths)))
    answers = sorted((r for r in results if isinstance(r, Answer)), key=lambda a: a.path)
    write_predictions(out, answers)
    failures = [r for r in results if isinstance(r, Failure)]
    for answer in track(answers, "explain", total=len(answers)) if explain else ():
        drawn, failed = try_each(explain_answer, [(Path(answer.path), (answer, opened))])
        failures += failed
        for path, image in drawn:
            write_picture(drawings[path], image)
    for failure in failures:
        click.echo(failure.error, err=True)
    click.echo(f"{len(answers)} of {len(paths)} pictures classified, see {click.format_filename(out)}")
    sys.exit(1 if failures else 0)
