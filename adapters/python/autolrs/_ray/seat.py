"""The actor that holds what Ray gives a worker, and has the worker's command as its child."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping

_OF_RAY = re.compile(r"RAY_|.*_VISIBLE_(?:DEVICES|CHIPS|CORES)$")
"""Variables that say where Ray has placed a process."""

_PR_SET_PDEATHSIG = 1


def environment(asked: Mapping[str, str], here: Mapping[str, str]) -> dict[str, str]:
    """The asker's environment, but for what Ray says of this place.

    More threads or fewer, say, would change the bits of a sum. Only devices are the place's own.
    """
    placed = {name: value for name, value in here.items() if _OF_RAY.match(name)}
    return {**{name: value for name, value in asked.items() if not _OF_RAY.match(name)}, **placed}


class Seat:
    """One command at a time."""

    def is_there(self) -> bool:
        """True, once Ray has placed it."""
        return True

    def run(self, command: list[str], env: Mapping[str, str], folder: str) -> int:
        """The command's exit status, as a shell has it. The command ends with this process.

        Raises:
            OSError: It cannot be started here.
        """
        child = subprocess.Popen(
            command,
            env=environment(env, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        status = child.wait()
        return status if status >= 0 else 128 - status


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
