"""`karyogram demo`: analyse the picture that ships with karyogram."""

import sys
from importlib.resources import files
from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--out",
    default=Path("karyogram-demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for picture and results.",
)
@click.option("--no-open", is_flag=True, help="Do not show the karyogram when it is done.")
@click.pass_context
def demo(ctx: click.Context, out: Path, no_open: bool) -> None:
    """Analyse the drawn metaphase that ships with karyogram, and show its karyogram.

    The same as `karyogram analyze OUT/demo.png -o OUT --force`; OUT/demo.png is a copy of the shipped picture.
    """
    from karyogram.cli.analyze import analyze
    from karyogram.files import write_bytes

    picture = write_bytes(out / "demo.png", (files("karyogram") / "data" / "demo.png").read_bytes())
    try:
        analyze.main([str(picture), "-o", str(out), "--force"], standalone_mode=False, prog_name="karyogram analyze")
    except SystemExit as end:
        if end.code:
            raise
    result = out / "demo" / "karyogram.png"
    click.echo(f"karyogram: {click.format_filename(result)}")
    if sys.stdout.isatty() and not no_open:
        click.launch(str(result))
