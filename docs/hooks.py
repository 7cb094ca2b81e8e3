"""What the site shows besides the pages of this folder, and in which order. mkdocs calls the functions named ``on_...``.

README, changelog, contributing and benchmarks stay where they are; model cards and the reference are made from the models' own
cards and from docstrings. A link in a page is right in the repository; here it is turned to where the page stands on the site.
"""

import ast
import json
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from cards import show_card, show_table
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "karyogram"

#: Section -> its pages, in order; a pattern stands for those that no name before it took. What no section names explains.
SECTIONS = {
    "Tutorial": ("tutorial/analyze.md", "tutorial/correct.md", "tutorial/train.md", "tutorial/*"),
    "How-to": ("python.md", "exchange.md", "report.md", "scale.md", "serve.md", "bench.md", "editing.md", "how-to/*"),
    "Reference": ("cli-reference.md", "api.md", "reference/karyogram.md", "reference/*"),
    "Explanation": ("architecture.md", "segmentation.md", "straightening.md", "findings.md", "training.md", "data.md"),
    "Models": ("models/*",),
    "Benchmarks": ("benchmarks/README.md", "benchmarks/*"),
    "Decisions": ("decisions/README.md", "decisions/*"),
    "Project": ("CONTRIBUTING.md", "CHANGELOG.md"),
}
REST = "Explanation"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are kept or made elsewhere, and arrange all in sections."""
    kept = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("benchmarks/**/*.md"))
    pages = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in kept}
    pages["index.md"] = pages.pop("README.md")
    cards = sorted((PACKAGE / "weights").glob("*.json"))
    pages |= {f"models/{path.stem}.md": show_card(json.loads(path.read_text("utf-8"))) for path in cards}
    pages |= {f"reference/{name}.md": text for name, text in references()}
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    for path in (*ROOT.glob("benchmarks/**/*.png"), *ROOT.glob("benchmarks/**/*.svg")):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    config.nav = arrange([file.src_uri for file in files.documentation_pages()])
    return files


def on_page_markdown(markdown: str, *, page: Page, files: Files, **_: Any) -> str:
    """Turn links that are right in the repository to the site's own places; a file that is no page is shown by its name."""
    uri = page.file.src_uri
    home = "README.md" if uri == "index.md" else uri if (ROOT / uri).exists() else f"docs/{uri}"

    def turn(link: re.Match[str]) -> str:
        mark, text, target, anchor = link.groups(default="")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(home), target))
        place = "index.md" if path == "README.md" else path.removeprefix("docs/")
        if files.get_file_from_path(place) is None:
            return f"{text} (`{path}`)" if (ROOT / path).exists() else link[0]
        return f"{mark}[{text}]({posixpath.relpath(place, posixpath.dirname(uri) or '.')}{anchor})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)", turn, markdown)


def on_post_page(output: str, *, page: Page, **_: Any) -> str:
    """Refuse a page that would load anything from elsewhere."""
    if found := re.search(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(https?:[^\"\s>]+)", output):
        raise PluginError(f"{page.file.src_uri}: loads {found[1]}")
    return output


def arrange(uris: list[str]) -> list[dict[str, Any]]:
    """Return mkdocs's navigation of all pages: the home page, then the sections that have any."""
    left = sorted(set(uris) - {"index.md"})
    sections: dict[str, list[str]] = {title: [] for title in SECTIONS}
    for title, patterns in SECTIONS.items():
        for pattern in patterns:
            taken = [uri for uri in left if fnmatch(uri, pattern)]
            sections[title] += taken
            left = [uri for uri in left if uri not in taken]
    sections[REST] += left
    return [{"Start": "index.md"}, *({title: pages} for title, pages in sections.items() if pages)]


def references() -> Iterator[tuple[str, str]]:
    """Yield (name, page) of the reference: the public names, a page a room, a page for the modules that are rooms alone."""
    yield "karyogram", _public_names()
    rooms = [path.parent.name for path in sorted(PACKAGE.glob("*/__init__.py"))]
    for room in rooms:
        yield room, f"# karyogram.{room}\n\n::: karyogram.{room}\n    options:\n      show_root_heading: false\n"
    modules = [path.stem for path in sorted(PACKAGE.glob("*.py")) if not path.stem.startswith("_")]
    yield "modules", "# Modules\n\n" + "\n".join(f"::: karyogram.{module}\n" for module in modules)


def _public_names() -> str:
    """Return the page of ``import karyogram``: each public name with the first line of what is said of it."""
    import karyogram

    rows = [("name", "what it is")]
    for name in karyogram.__all__:
        home = karyogram._HOMES[name]
        rows.append((f"[`{name}`][karyogram.{home}.{name}]", _first_line(home, name)))
    return "# karyogram\n\nWhat `import karyogram` offers.\n\n" + show_table(rows) + "\n"


def _first_line(module: str, name: str) -> str:
    """Return the first line of what is said of a class or function; of a constant, that of its module."""
    tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
    return (ast.get_docstring(nodes[0] if nodes else tree) or "").partition("\n")[0]
