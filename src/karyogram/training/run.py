"""What a run was begun with, so that its folder is never continued with something else."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path

from karyogram.datasets.splits import Entry
from karyogram.errors import DataError
from karyogram.files import write_text


def split_digest(entries: Iterable[Entry]) -> str:
    """Return the SHA-256 of a split, whatever the order of its entries."""
    return hashlib.sha256(json.dumps(sorted(map(astuple, entries))).encode()).hexdigest()


def begin_run(folder: Path, settings: Mapping[str, object]) -> None:
    """Write ``run.json`` into a new run's folder, or check that it says the same of a run that goes on.

    Raises DataError, naming all that differs, if it does not.
    """
    path = folder / "run.json"
    if not path.exists():
        write_text(path, json.dumps(settings, indent=1) + "\n")
        return
    try:
        stored = dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    keys = sorted(key for key in {*stored, *settings} if stored.get(key) != settings.get(key))
    if keys:
        changes = ", ".join(f"{key} was {stored.get(key)}, now {settings.get(key)}" for key in keys)
        raise DataError(
            f"{folder}: this run began otherwise ({changes}): take a new OUT, and with `karyogram train` "
            f"--start {folder / 'last.ckpt'} to begin with what it learned"
        )
