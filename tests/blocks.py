"""The blocks of code in the documents: found, run where they can be run in a moment, and else checked as far as they can be."""

import ast
import doctest
import json
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import click
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

from karyogram.cli import main

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
from generate import commands  # noqa: E402  # the scripts of that folder are no package

#: (document, what a command or the first line of other code looks like, why it is not run). What is not run is still checked: a
#: command of karyogram for its options and their values, a script of ours for its options, Python for its syntax.
NOT_RUN = (
    ("benchmarks/*", "*", "real pictures"),
    ("*", "pip install *", "a network"),
    ("*", "make *", "sets up a virtual environment"),
    ("*", "karyogram train*", "torch, and time"),
    ("*", "karyogram grid *", "torch, and time"),
    ("*", "karyogram search *", "torch, and time"),
    ("*", "karyogram compare *", "torch, and a set of chromosomes"),
    ("*", "karyogram export *", "torch, and a run"),
    ("*", "karyogram models --trainable", "torch"),
    ("*", "karyogram models fetch *", "a network"),
    ("*", "karyogram serve*", "does not end"),
    ("*", "python docs/generate.py", "a test says whether its page is stale"),
    ("*", "curl *", "a server that runs"),
    ("*", "python -m zipfile *", "what a server that runs has sent"),
    ("*", "dask *", "does not end"),
    ("*", "karyogram analyze *--cluster*", "a scheduler that runs: tests/test_cluster.py"),
    ("*", "python benchmarks/*", "real pictures, or time"),
    ("*", "docker *", "docker"),
)
#: What is run with smaller numbers than the documents show.
SMALLER = {"--number 10": "--number 1", "--jobs 2": "--jobs 1"}
#: Languages of blocks that only show something.
SHOWN = ("text",)


@dataclass(frozen=True)
class Block:
    """A block of code: its document (a path relative to the root), line, language and text."""

    document: str
    line: int
    language: str
    text: str

    def kept_from(self, command: str) -> bool:
        """Tell whether the table says that a command of this block is not run."""
        return any(fnmatch(self.document, page) and fnmatch(command, pattern) for page, pattern, _ in NOT_RUN)


def find_blocks(document: Path) -> Iterator[Block]:
    """Yield the blocks of a document; an indented one is commands if it starts with one, else shown."""
    name = document.relative_to(ROOT).as_posix()
    for token in MarkdownIt("commonmark").parse(document.read_text("utf-8")):
        if token.type == "fence":
            yield Block(name, token.map[0] + 1, token.info.split()[0] if token.info.strip() else "", token.content)
        elif token.type == "code_block":
            language = "sh" if re.match(r"(karyogram|python|pip|make) ", token.content) else "text"
            yield Block(name, token.map[0] + 1, language, token.content)


def run_block(block: Block, names: dict[str, object]) -> None:
    """Run a block, or check it; ``names`` are what the Python blocks of the same document made so far."""
    where = f"{block.document}:{block.line}"
    if block.language in ("sh", "bash", "shell"):
        for command in _commands(block.text):
            (_check_command if block.kept_from(command) else _run_command)(command, where)
    elif block.language in ("python", "pycon"):
        if block.kept_from(block.text.splitlines()[0]):
            ast.parse(block.text)
        elif block.language == "python":
            exec(compile("\n" * block.line + block.text, block.document, "exec"), names)
        else:
            _run_session(block, names)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)
    else:
        assert block.language in SHOWN, f"{where}: nothing runs or checks the language {block.language!r}"


def _commands(text: str) -> Iterator[str]:
    """Yield the commands of a block, without comments; lines that end in a backslash go on."""
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield shlex.join(words)


def _run_command(command: str, where: str) -> None:
    for shown, smaller in SMALLER.items():
        command = command.replace(shown, smaller)
    program, *words = shlex.split(command)
    assert program == "karyogram", f"{where}: say in NOT_RUN why this is not run: {command}"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, f"{where}: {command}\n{done.output}\n{done.exception!r}"


def _check_command(command: str, where: str) -> None:
    program, *words = shlex.split(command)
    if program == "karyogram":
        check_options(words, f"{where}: {command}")
    elif program == "python" and words[0] != "-m":
        script = ROOT / words[0]
        source = script.read_text("utf-8")
        source += "".join(f.read_text("utf-8") for f in script.parent.glob("*.py") if f"from {f.stem} import" in source)
        missing = [word for word in words if word.startswith("--") and f'"{word}"' not in source]
        assert not missing, f"{where}: {words[0]} has no {missing}"


def check_options(words: list[str], where: str) -> None:
    """Check a command of karyogram without running it: its options, how many words they take, their numbers and choices."""
    command = commands()[words[0]]
    context = click.Context(command, info_name=words[0])
    if isinstance(command, click.Group) and words[1:] and not words[1].startswith("-"):
        command = command.get_command(context, words[1])
        assert command is not None, where
        words = words[1:]
    try:
        given, _, _ = command.make_parser(context).parse_args(words[1:])
    except click.UsageError as error:
        raise AssertionError(f"{where}: {error.format_message()}") from error
    for parameter in command.params:
        if isinstance(given.get(parameter.name), str) and not isinstance(parameter.type, click.Path | click.File):
            parameter.type.convert(given[parameter.name], parameter, context)


def _run_session(block: Block, names: dict[str, object]) -> None:
    """Run an interactive session, ``>>>`` and what it prints."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    session = doctest.DocTestParser().get_doctest(block.text, names, block.document, block.document, block.line)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(session, out=report.append, clear_globs=False)
    names |= session.globs
    assert not result.failed, "".join(report)
