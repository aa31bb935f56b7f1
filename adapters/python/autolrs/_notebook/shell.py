"""The notebook that runs this process, if one does. Imports nothing that is not there already."""

from __future__ import annotations

import sys
from typing import Any


def find_shell() -> Any:
    """IPython's shell in a kernel; None in a script, and in IPython at a terminal."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None
