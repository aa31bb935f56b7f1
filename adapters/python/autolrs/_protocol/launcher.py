"""What a launcher of several processes tells each, as torchrun does."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

WATCH_SECONDS = 1.0
"""How long a process may outlive its launcher."""


def rank_and_world(env: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """This process's rank and how many there are, by the environment; (0, 1) if it is alone."""
    rank, world = env.get("RANK", ""), env.get("WORLD_SIZE", "")
    return (int(rank), int(world)) if rank.isdecimal() and world.isdecimal() else (0, 1)


def leave_with_launcher() -> None:
    """Ends this process soon after its launcher.

    torchrun gives each rank a session of its own. When it is killed the ranks live on, where no
    signal to its process group reaches them, and may wait for each other in a collective for long.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and os.name == "posix":
        threading.Thread(target=_watch, args=[os.getppid()], name="autolrs", daemon=True).start()


def _watch(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(WATCH_SECONDS)
    os._exit(1)
