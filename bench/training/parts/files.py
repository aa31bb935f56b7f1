"""Where the data of the workloads lie. `fetch.sh` brings what is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autolrs-bench"


def find(name: str, *folders: str) -> Path:
    """A data file, in the cache or in `folders`. Ends the script with a sentence if missing."""
    places = [_CACHE, *map(Path, folders)]
    for place in places:
        if (place / name).exists():
            return place / name
    sys.exit(f"{name} is missing in {' and '.join(map(str, places))}: run bench/training/fetch.sh")
