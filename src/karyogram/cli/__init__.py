"""The command line: one file per verb, loaded when it is called.

Exit status: 0 all done; 1 some inputs failed, each named on standard error; 2 wrong usage.
"""

import importlib
from importlib.metadata import entry_points
from typing import Any

import click

#: verb -> the line ``karyogram --help`` shows. The verb's code is ``karyogram.cli.<verb>:<verb>``.
VERBS = {
    "analyze": "Metaphase photographs to karyograms.",
    "case": "Several metaphases of one person to clones, an ISCN text and a sheet.",
    "classify": "Single chromosomes to classes.",
    "crop": "VOC boxes to class folders of single chromosomes.",
    "demo": "Analyse the picture that ships with karyogram.",
    "evaluate": "Score results against truth.",
    "models": "List the models, show a card, verify checksums, fetch optional ones, add your own.",
    "preprocess": "Clean single-chromosome crops, step by step.",
    "straighten": "Single chromosomes to straight strips.",
    "synth": "Metaphases with known truth: drawn, or composed of real chromosomes.",
}


class LazyGroup(click.Group):
    """A group that imports a verb's module only when the verb is called or asked for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, those of the extras included."""
        return sorted({*VERBS, *(e.name for e in entry_points(group="karyogram.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one verb, or None if there is none of that name."""
        if cmd_name in VERBS:
            command: click.Command = getattr(importlib.import_module(f"karyogram.cli.{cmd_name}"), cmd_name)
            return command
        for entry in entry_points(group="karyogram.commands"):
            if entry.name == cmd_name:
                return _load_extra(entry)
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; what it could not read or write ends in one line and status 1."""
        from karyogram.errors import KaryogramError

        try:
            return super().invoke(ctx)
        except KaryogramError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:  # a verb of an extra imports what is heavy when it runs
            for entry in entry_points(group="karyogram.commands", name=ctx.invoked_subcommand or ""):
                raise _missing(entry, error) from error
            raise
        except BrokenPipeError:
            raise
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'input or output'}: {error.strerror or error}") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs without importing any of them."""
        with formatter.section("Commands"):
            extras = {e.name: f"Needs karyogram[{_extra(e)}]." for e in entry_points(group="karyogram.commands")}
            rows = [(name, VERBS.get(name) or extras[name]) for name in self.list_commands(ctx)]
            formatter.write_dl(rows)


def _load_extra(entry) -> click.Command:  # type: ignore[no-untyped-def]
    try:
        command: click.Command = entry.load()
    except ModuleNotFoundError as error:
        raise _missing(entry, error) from error
    return command


def _missing(entry, error: ModuleNotFoundError) -> click.UsageError:  # type: ignore[no-untyped-def]
    return click.UsageError(f"'{entry.name}' needs {error.name}: pip install 'karyogram[{_extra(entry)}]'")


def _extra(entry) -> str:  # type: ignore[no-untyped-def]
    """Return the extra that brings what a verb needs."""
    return "web" if entry.value.startswith("karyogram.web") else "train"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="karyogram")
def main() -> None:
    """Read human chromosomes: a metaphase photograph goes in, a karyogram comes out."""
