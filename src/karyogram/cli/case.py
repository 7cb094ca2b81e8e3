"""`karyogram case`: several metaphases of one person to a case."""

import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for results.")
@click.option("--name", help="What the case is called; by default as FOLDER.")
@click.option(
    "--constitutional/--acquired",
    default=True,
    show_default=True,
    help="What someone was born with, or what some cells became: decides how ISCN writes it.",
)
@click.option(
    "--sex", type=click.Choice(("XX", "XY")), help="The constitutional sex chromosomes; by default what most cells show."
)
@click.option("--structural", multiple=True, metavar="TERM", help='A rearrangement found in all cells: "t(9;22)(q34;q11.2)".')
@click.option("--karyograms", default=3, show_default=True, type=click.IntRange(min=0), help="How many cells to propose.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=-1), help="Pictures at a time; -1: all cores.")
@click.option("--model", default="gband", show_default=True, help="A model's name, or an exported .onnx file.")
@click.option("--segmenter", default="auto", show_default=True, help="How chromosomes are cut out; see karyogram analyze.")
def case(
    folder: Path,
    out: Path,
    name: str | None,
    constitutional: bool,
    sex: str | None,
    structural: tuple[str, ...],
    karyograms: int,
    jobs: int,
    model: str,
    segmenter: str,
) -> None:
    """Put the metaphases of one person together.

    FOLDER holds pictures, or results of karyogram analyze; or it is a manifest: a CSV file with the columns path, use
    (karyogram, counted, excluded), number, iscn (what a person found) and note. Pictures are analysed into OUT/cells, those
    done already are not done again. OUT gets case.json, cells.csv and sheet.png.
    """
    from karyogram.batch import analyze_many
    from karyogram.cases import find_sources, read_entries, write_case
    from karyogram.cli.progress import track
    from karyogram.errors import AnnotationError, DataError, ModelError
    from karyogram.files import make_folder
    from karyogram.karyotype.case import make_case
    from karyogram.karyotype.iscn_terms import check_term

    try:
        terms = tuple(check_term(term) for term in structural)
    except AnnotationError as error:
        raise click.UsageError(str(error)) from error
    if folder.resolve() == out.resolve():
        raise click.UsageError(f"{out} is the input: give the results a folder of their own")
    sources = find_sources(folder, out)
    make_folder(out)
    failed = []
    if wanted := [(s.picture, s.result.parent) for s in sources if s.picture and s.result]:
        try:
            rows = analyze_many(wanted, model=model, segmenter=segmenter, formats=frozenset({"json", "png"}), jobs=jobs or 1)
        except ModelError as error:
            raise click.UsageError(str(error)) from error
        failed = [row for row in track(rows, "analyze", total=len(wanted)) if row.status == "failed"]
    for row in failed:
        click.echo(row.error, err=True)
    lost = {row.path for row in failed}
    entries, pictures = [], {}
    for entry, picture in read_entries([source for source in sources if str(source.picture) not in lost]):
        entries.append(entry)
        if picture is not None:
            pictures[entry.image] = picture
    if not entries:
        raise DataError(f"{folder}: no cell could be read")
    kind = "constitutional" if constitutional else "acquired"
    made = make_case(name or (folder.resolve().name if folder.is_dir() else folder.stem), entries, kind, sex, terms, karyograms)
    write_case(out, made, pictures)
    for warning in made.warnings:
        click.echo(warning, err=True)
    click.echo(f"{made.iscn or 'no karyotype'}, {len(made.cells)} cells, see {click.format_filename(out)}")
    sys.exit(1 if failed else 0)
