"""Which of its two starts a script is in, where the search is apart from the run."""

from __future__ import annotations

import os
from functools import cache
from typing import Literal, Optional

Phase = Optional[Literal["search", "commit"]]


@cache
def phase() -> Phase:
    """What AUTOLRS_PHASE says, as it was when it was asked first.

    "search" is the scout: its steps are rolled back, and it is thrown away. "commit" is the clean
    run: every step stays. None: one process does both, or no tuner drives the script.
    """
    told = os.environ.get("AUTOLRS_PHASE")
    if told == "search":
        return "search"
    return "commit" if told == "commit" else None
