"""The actor that holds what Ray gives a worker, and has the worker's command as its child."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Callable

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
            preexec_fn=ending_with_parent(signal.SIGKILL),
        )
        status = child.wait()
        return status if status >= 0 else 128 - status


def ending_with_parent(number: int) -> Callable[[], Any] | None:
    """What has the process that calls it get this signal once its parent ends; None but on Linux.

    What it calls is looked up here: between fork and exec a lock of another thread may be held.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, number)
