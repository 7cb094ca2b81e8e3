"""`karyogram crop`: VOC boxes to class folders of single chromosomes."""

import sys
from pathlib import Path

import click


@click.command()
@click.argument("annotations", type=click.Path(exists=True, path_type=Path))
@click.argument("images", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for crops.")
@click.option("--margin", default=0, show_default=True, metavar="PX", help="Pixels added to each side; negative: taken off.")
def crop(annotations: Path, images: Path | None, out: Path, margin: int) -> None:
    """Cut the boxes of VOC ANNOTATIONS (a folder read recursively, or one file) out of the pictures in IMAGES.

    IMAGES is by default the folder `images` beside the annotations. Each box becomes OUT/<class>/<name>_<index>.png,
    class 1 to 22, X or Y, or OUT/unknown/... where the annotation's class is none of these.
    """
    from karyogram.cli.progress import track
    from karyogram.datasets.crop import crop_annotation
    from karyogram.errors import KaryogramError, explain

    folder = annotations if annotations.is_dir() else annotations.parent
    files = sorted(annotations.rglob("*.xml")) if annotations.is_dir() else [annotations]
    images = images or folder.resolve().parent / "images"
    if not files:
        raise click.UsageError(f"no .xml files in {annotations}")
    if not images.is_dir():
        raise click.UsageError(f"{images} is no folder; name the folder of pictures after the annotations")
    crops = failed = 0
    for path in track(files, "crop", total=len(files)):
        try:
            crops += crop_annotation(path, images, out, path.relative_to(folder).with_suffix(""), margin)
        except (KaryogramError, OSError) as error:
            failed += 1
            click.echo(explain(path, error), err=True)
    click.echo(f"{crops} crops of {len(files) - failed} of {len(files)} annotations in {click.format_filename(out)}")
    sys.exit(1 if failed else 0)
