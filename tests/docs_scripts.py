"""The scripts of the folder docs, which is no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from generate import cli_reference, commands  # noqa: E402

__all__ = ["cli_reference", "commands"]
