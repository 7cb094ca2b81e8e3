"""The pages: four templates without data. What they show comes from the API by fetch, so a page is the same for everyone.

The scripts are plain ES modules and run as they are: nothing is built, nothing comes from another host, and the templates hold
no inline script or style, so the strictest content policy fits. What the scripts must know of the 24 classes stands in the
page as JSON (:func:`classes`), told by the rooms that own it.
"""

from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template

from karyogram.bands import LEVELS, centromere
from karyogram.draw.colours import CLASS_COLOURS
from karyogram.draw.karyogram import ROWS
from karyogram.labels import GROUPS
from karyogram.output import FORMATS

HERE = Path(__file__).parent

pages = Blueprint("pages", __name__, static_folder="static", static_url_path="/assets", template_folder="templates")


@pages.get("/")
def cases() -> str:
    """List the cases; pictures are dropped here."""
    return render_template("cases.html", script="cases")


@pages.get("/cases/<int:case>")
def case(case: int) -> str:
    """Show one case: its metaphases, what they add up to, who did what."""
    return render_template("case.html", script="case", key=case)


@pages.get("/analyses/<int:analysis>")
def bench(analysis: int) -> str:
    """Show the bench: one metaphase beside its karyogram."""
    return render_template("bench.html", script="bench", key=analysis, classes=classes(), formats=list(FORMATS), levels=LEVELS)


@pages.get("/login")
def login() -> str:
    """Ask for name and password."""
    return render_template("login.html", script="login")


@pages.app_context_processor
def modules() -> dict[str, Any]:
    """Tell the templates which modules to load early, so that imports of imports cost no round trips."""
    return {"modules": _modules()}


@cache
def _modules() -> list[str]:
    folder = HERE / "static"
    return sorted(file.relative_to(folder).as_posix() for file in (folder / "js").rglob("*.js"))


@cache
def classes() -> dict[str, Any]:
    """Return rows of the karyogram, and of each class its Denver group, where ISCN draws its centromere, and its colour."""
    colours = {label: "#{:02x}{:02x}{:02x}".format(*colour) for label, colour in CLASS_COLOURS.items()}
    return {
        "rows": [[list(GROUPS[group]) for group in row] for row in ROWS],
        "centromeres": {label: round(centromere(label), 3) for label in colours},
        "groups": {label: group for group, members in GROUPS.items() for label in members},
        "colours": colours,
    }
