"""Where a user's things lie: what was fetched, and can be fetched again, and models of one's own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

#: Platform -> the variable that names the folder, and what it is in the home folder without that.
_CACHES = {"darwin": ("", "Library/Caches"), "win32": ("LOCALAPPDATA", "AppData/Local")}
_DATA = {"darwin": ("", "Library/Application Support"), "win32": ("LOCALAPPDATA", "AppData/Local")}


def cache_folder() -> Path:
    """Return where fetched files lie: ``KARYOGRAM_CACHE``, or ``karyogram`` in the platform's folder for caches."""
    own = os.environ.get("KARYOGRAM_CACHE")
    return Path(own) if own else _home(_CACHES, ("XDG_CACHE_HOME", ".cache")) / "karyogram"


def model_folder() -> Path:
    """Return where added models lie: ``KARYOGRAM_MODELS``, or ``karyogram/models`` in the platform's folder for data."""
    own = os.environ.get("KARYOGRAM_MODELS")
    return Path(own) if own else _home(_DATA, ("XDG_DATA_HOME", ".local/share")) / "karyogram" / "models"


def _home(homes: Mapping[str, tuple[str, str]], otherwise: tuple[str, str]) -> Path:
    variable, usual = homes.get(sys.platform, otherwise)
    return Path(os.environ.get(variable) or Path.home() / usual)
