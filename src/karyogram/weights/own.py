"""Models that a user added: NAME.onnx in a folder of one's own, each with a card, NAME.json, that holds its SHA-256."""

import json
import re
from pathlib import Path
from typing import Any

from karyogram.errors import ModelError
from karyogram.files import write_bytes, write_text
from karyogram.weights.places import model_folder

#: What a name is made of: no path, nothing hidden.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def own_names() -> list[str]:
    """Return the names of the models that were added, in order."""
    return sorted(card.stem for card in model_folder().glob("*.json") if NAME.fullmatch(card.stem))


def own_file(name: str) -> Path:
    """Return where the added model ``name`` lies."""
    return model_folder() / f"{name}.onnx"


def own_card(name: str) -> dict[str, Any]:
    """Return the card of an added model: name, kind, summary, SHA-256. Raises ModelError if it cannot be read."""
    try:
        card = json.loads(own_file(name).with_suffix(".json").read_text("utf-8"))
        return {entry: str(card[entry]) for entry in ("name", "kind", "summary", "sha256")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name}: its card cannot be read: {error!r}") from error


def keep(data: bytes, card: dict[str, Any]) -> Path:
    """Write an added model and its card, which names it; the card comes last, so that there is no model before it is whole."""
    path = write_bytes(own_file(card["name"]), data)
    write_text(path.with_suffix(".json"), json.dumps(card, indent=1) + "\n")
    return path


def remove_own(name: str) -> None:
    """Remove an added model and its card. Raises ModelError for a name that none was added under."""
    if name not in own_names():
        raise ModelError(f"no model named {name!r} was added; there are {', '.join(own_names()) or 'none'}")
    for path in (own_file(name).with_suffix(".json"), own_file(name)):
        path.unlink(missing_ok=True)
