"""The models at hand: those that ship with karyogram and those that were added, by name, and any exported file, by path."""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from karyogram.errors import ModelError
from karyogram.weights.own import NAME, keep, own_card, own_file, own_names, remove_own
from karyogram.weights.record import Model, find_kind, open_model

#: What classifies, what cuts, and what redraws masks that meet others, unless told otherwise.
DEFAULT, SEGMENTER, OUTLINER = "gband", "gband-segment", "gband-outline"
#: What the card of a shipped model has to say.
CARD = ("name", "kind", "summary", "data", "licence", "split", "scores", "intended_use", "known_failures", "sha256")
#: Names that mean something else: ways to cut chromosomes out, and what is fetched.
RESERVED = frozenset({"auto", "classical", "learned", "sam"})


def _folder() -> Traversable:
    return files("karyogram.weights")


def model_names() -> list[str]:
    """Return the names of the shipped models, the default first."""
    names = sorted(f.name.removesuffix(".onnx") for f in _folder().iterdir() if f.name.endswith(".onnx"))
    return sorted(names, key=lambda name: name != DEFAULT)


def known_names() -> list[str]:
    """Return the names of all models at hand: those that ship, then those that were added."""
    return [*model_names(), *own_names()]


def read_card(name: str) -> dict[str, Any]:
    """Return a model's card: of one that ships data, licence, split, scores, SHA-256; of an added one name, kind, SHA-256.

    Raises ModelError for an unknown name, naming the known ones, and for a card that cannot be read.
    """
    if name in own_names():
        return own_card(name)
    if name not in model_names():
        known = ", ".join(known_names()) or "none"
        raise ModelError(f"no model named {name!r}; there are {known}, or name an exported .onnx file")
    try:
        card: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{name}: its card cannot be read: {error}") from error
    return card


def verify(name: str) -> bytes:
    """Return the file of a model whose card is its own, has its checksum and, if it ships, says all of ``CARD``.

    Raises ModelError otherwise.
    """
    card = read_card(name)
    own = name in own_names()
    if missing := [entry for entry in CARD if not card.get(entry) and not own]:
        raise ModelError(f"{name}: its card says nothing of {', '.join(missing)}")
    if card["name"] != name:
        raise ModelError(f"{name}: its card is that of {card['name']}")
    data = _read(own_file(name) if own else _folder() / f"{name}.onnx", name)
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["sha256"]:
        raise ModelError(f"{name}: the file's SHA-256 is {digest}, its card says {card['sha256']}")
    return data


def add_model(file: Path, name: str | None = None) -> dict[str, Any]:
    """Put an exported classifier, segmenter or outliner into the user's folder, to be called by ``name``; return its card.

    Without ``name`` it is called as it was exported. Raises ModelError, and writes nothing, for a file that is none, and for
    a name that cannot be one or is taken, unless it is taken by the same file.
    """
    data = _read(file, str(file))
    try:
        kind = find_kind(data)
        if kind == "cell":
            raise ModelError("a second stage, which no command calls by name")
        model = open_model(data, kind, threads=1)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    name = model.name if name is None else name
    card = {"name": name, "kind": kind, "summary": f"added from {file.name}, exported as {model.name}", "sha256": model.sha256}
    if not NAME.fullmatch(name) or name.endswith(".onnx"):
        raise ModelError(f"{file}: {name!r} is no name for a model: letters, digits, . _ -, at most 64; choose another, --name")
    if name.casefold() in {*RESERVED, *map(str.casefold, model_names())}:
        raise ModelError(f"{file}: {name} comes with karyogram and stays what it is; choose another name, --name")
    taken = [own for own in own_names() if own.casefold() == name.casefold()]
    if taken and own_card(taken[0])["sha256"] != model.sha256:
        raise ModelError(f"{file}: there is another model named {taken[0]}; karyogram models remove {taken[0]}, or --name")
    keep(data, card)
    return card


def remove_model(name: str) -> None:
    """Remove a model that was added, and its card. Raises ModelError for a name that none was added under."""
    remove_own(name)
    load_model.cache_clear()


@lru_cache(maxsize=8)
def load_model(name_or_file: str = DEFAULT, kind: str = "classifier", threads: int = 0) -> Model:
    """Open a model by name (checksum verified) or an exported file by path; kept open for the next call.

    ``kind`` is what the model must be, ``threads`` how many it may use (0: all cores). Raises ModelError.
    """
    data = read_model(name_or_file)
    try:
        return open_model(data, kind, threads)
    except ModelError as error:
        raise ModelError(f"{name_or_file}: {error}") from error


def read_model(name_or_file: str) -> bytes:
    """Return the content of a model by name (checksum verified) or of a file by path. Raises ModelError."""
    if name_or_file in known_names() or Path(name_or_file).suffix != ".onnx":
        return verify(name_or_file)
    return _read(Path(name_or_file), name_or_file)


def _read(file: Path | Traversable, name: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{name}: cannot be read: {error.strerror or error}") from error
