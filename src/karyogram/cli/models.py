"""`karyogram models`: what there is, what is known about it, and whether the files are intact."""

import json
import sys

import click


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the cards as JSON.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the models that ship with karyogram."""
    if ctx.invoked_subcommand is not None:
        return
    from karyogram.weights.catalogue import DEFAULT, model_names, read_card

    cards = [read_card(name) for name in model_names()]
    if as_json:
        click.echo(json.dumps(cards, indent=1))
        return
    for card in cards:
        click.echo(f"{card['name']}{' (default)' if card['name'] == DEFAULT else ''}: {card['summary']}")


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """Show the card of model NAME: data, licence, split, scores."""
    from karyogram.errors import ModelError
    from karyogram.weights.catalogue import read_card

    try:
        click.echo(json.dumps(read_card(name), indent=1))
    except ModelError as error:
        raise click.UsageError(str(error)) from error


@models.command()
def verify() -> None:
    """Check every shipped file against the checksum on its card."""
    from karyogram.errors import ModelError
    from karyogram.weights.catalogue import model_names, verify

    failed = False
    for name in model_names():
        try:
            verify(name)
            click.echo(f"{name}: intact")
        except ModelError as error:
            click.echo(str(error), err=True)
            failed = True
    sys.exit(1 if failed else 0)
