"""The models at hand: those that ship with karyogram, by name, and any exported file, by path."""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from karyogram.errors import ModelError
from karyogram.weights.record import Model, open_model

#: What classifies, what cuts, and what redraws masks that meet others, unless told otherwise.
DEFAULT, SEGMENTER, OUTLINER = "gband", "gband-segment", "gband-outline"
#: What the card of a shipped model has to say.
CARD = ("name", "kind", "summary", "data", "licence", "split", "scores", "intended_use", "known_failures", "sha256")


def _folder() -> Traversable:
    return files("karyogram.weights")


def model_names() -> list[str]:
    """Return the names of the shipped models, the default first."""
    names = sorted(f.name.removesuffix(".onnx") for f in _folder().iterdir() if f.name.endswith(".onnx"))
    return sorted(names, key=lambda name: name != DEFAULT)


def read_card(name: str) -> dict[str, Any]:
    """Return a shipped model's card: data, licence, split, scores, SHA-256.

    Raises ModelError for an unknown name, naming the known ones, and for a card that cannot be read.
    """
    if name not in model_names():
        known = ", ".join(model_names()) or "none"
        raise ModelError(f"no model named {name!r}; there are {known}, or name an exported .onnx file")
    try:
        card: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{name}: its card cannot be read: {error}") from error
    return card


def verify(name: str) -> None:
    """Raise ModelError unless ``name`` is a shipped model whose card says all of ``CARD`` and has the file's checksum."""
    card = read_card(name)
    if missing := [entry for entry in CARD if not card.get(entry)]:
        raise ModelError(f"{name}: its card says nothing of {', '.join(missing)}")
    if card["name"] != name:
        raise ModelError(f"{name}: its card is that of {card['name']}")
    expected = card["sha256"]
    digest = hashlib.sha256((_folder() / f"{name}.onnx").read_bytes()).hexdigest()
    if digest != expected:
        raise ModelError(f"{name}: the file's SHA-256 is {digest}, its card says {expected}")


@lru_cache(maxsize=4)
def load_model(name_or_file: str = DEFAULT, kind: str = "classifier", threads: int = 0) -> Model:
    """Open a shipped model by name (checksum verified) or an exported file by path; kept open for the next call.

    ``kind`` is what the model must be, ``threads`` how many it may use (0: all cores). Raises ModelError.
    """
    data = read_model(name_or_file)
    try:
        return open_model(data, kind, threads)
    except ModelError as error:
        raise ModelError(f"{name_or_file}: {error}") from error


def read_model(name_or_file: str) -> bytes:
    """Return the content of a shipped model by name (checksum verified) or of a file by path. Raises ModelError."""
    file: Path | Traversable = Path(name_or_file)
    if name_or_file in model_names() or Path(name_or_file).suffix != ".onnx":
        verify(name_or_file)
        file = _folder() / f"{name_or_file}.onnx"
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{name_or_file}: cannot be read: {error.strerror or error}") from error
