"""Docstrings as Markdown: roles to links, examples to blocks. Griffe, which reads them for mkdocstrings, calls the class."""

import re
from itertools import takewhile
from typing import Any

import griffe

ROLE = re.compile(r":(?:func|class|mod|data|meth):`([\w.]+)`")
EXAMPLE = re.compile(r"^>>> (?:.+\n?)+", re.MULTILINE)


class PlainDocstrings(griffe.Extension):
    """Rewrites what is said of an object before it is shown; of a constant, the comment ``#:`` above it says it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Find or rewrite the docstring of one object."""
        if obj.is_attribute and not obj.docstring and obj.lineno:
            above = reversed(obj.lines_collection[obj.filepath][: obj.lineno - 1])
            comment = [line.strip().removeprefix("#:").strip() for line in takewhile(_is_comment, above)]
            obj.docstring = griffe.Docstring(" ".join(reversed(comment)), parent=obj) if comment else None
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)


def _is_comment(line: str) -> bool:
    return line.strip().startswith("#:")


def to_markdown(docstring: str) -> str:
    """Return a docstring with Sphinx's roles as links and examples, ``>>>`` up to an empty line, as blocks of code."""
    linked = ROLE.sub(r"[`\1`][\1]", docstring)
    return EXAMPLE.sub(lambda example: f"```pycon\n{example[0].rstrip()}\n```\n", linked)
