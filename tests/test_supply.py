"""What is installed and what is loaded: locked with hashes, and never code from a file of weights."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINNED = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", LOCK, re.MULTILINE))
CONTAINER = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"].get("web", [])]


@pytest.mark.parametrize("text", CONTAINER)
def test_the_lock_holds_every_dependency_at_a_version_that_fits(text):
    wanted = Requirement(text)
    assert wanted.specifier.contains(PINNED[canonicalize_name(wanted.name)]), "run: make lock"


def test_every_locked_file_has_a_hash_and_no_place_is_named():
    blocks = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINNED)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert not re.search(r"://|--index|--find-links|--trusted", LOCK)


def calls(path):
    """(line, dotted name, keywords) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}


SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_torch_files_are_read_as_tensors_only():
    found = [(path.name, line, words) for path in SOURCES for line, name, words in calls(path) if name == "torch.load"]
    assert len(found) >= 3
    assert all(words.get("weights_only") == "True" for _, _, words in found), found
    fits = [words for path in SOURCES for _, name, words in calls(path) if name == "trainer.fit" and "ckpt_path" in words]
    assert fits
    assert all(words.get("weights_only") == "True" for words in fits)


def test_nothing_that_runs_code_from_a_file_is_used():
    for path in SOURCES:
        text = path.read_text("utf-8")
        assert not re.search(r"^\s*(import|from) (pickle|dill|cloudpickle|marshal|shelve)\b", text, re.MULTILINE), path
        for line, name, words in calls(path):
            assert name not in ("joblib.load", "eval", "exec", "yaml.load", "load_from_checkpoint"), f"{path}:{line}"
            assert words.get("allow_pickle", "False") == "False", f"{path}:{line}"
