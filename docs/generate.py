"""Write the page that is generated and kept: the help of every command. A test fails when it is stale.

python docs/generate.py [FILE]
"""

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import click

from karyogram.cli import VERBS, main

DOCS = Path(__file__).parent
HEAD = """# Command line

What `--help` says, command by command. This page is written by `python docs/generate.py`.

Exit status: 0 all done; 1 some inputs failed, each named on standard error; 2 wrong usage.
"""


def commands() -> dict[str, click.Command]:
    """Return every verb's command, by name, those of the extras included, installed or not."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["entry-points"]["karyogram.commands"]
    found = {verb: main.get_command(click.Context(main), verb) for verb in VERBS}
    found |= {verb: EntryPoint(verb, place, "karyogram.commands").load() for verb, place in extras.items()}
    return {verb: command for verb, command in sorted(found.items()) if command}


def cli_reference() -> str:
    """Return the page of all commands."""
    sections = (section for verb, command in commands().items() for section in _sections(command, f"karyogram {verb}", 2))
    return "\n".join([HEAD, *sections])


def _sections(command: click.Command, name: str, level: int) -> Iterator[str]:
    """Yield the section of a command, then those of the commands below it."""
    context = click.Context(command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"])
    yield f"{'#' * level} {name}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            below = command.get_command(context, verb)
            if below is not None:
                yield from _sections(below, f"{name} {verb}", level + 1)


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else DOCS / "cli-reference.md").write_text(cli_reference(), "utf-8")
