"""The documents say nothing that is not so."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from karyogram.cli import VERBS, main

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def options(command):
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_command_and_option_in_a_document_exists(document):
    for line in re.findall(r"^ {4}karyogram (.+)$", document.read_text("utf-8"), re.MULTILINE):
        verb, *words = line.split("#")[0].split()
        context = click.Context(main)
        command = main.get_command(context, verb)
        assert command is not None, line
        known = options(command)
        for word in words:
            if isinstance(command, click.Group) and (below := command.get_command(context, word)):
                command, known = below, known | options(below)
        used = {word for word in words if word.startswith("-")}
        assert used <= known | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_in_a_document_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
    for path in re.findall(r"`((?:docs|benchmarks|src|tests)/[\w./-]+)`", document.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_helps(verb):
    done = CliRunner().invoke(main, [verb, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage:")


def test_the_entry_point_works():
    done = subprocess.run([sys.executable, "-m", "karyogram.cli", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "version" in done.stdout
