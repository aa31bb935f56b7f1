"""What a launcher of several processes tells each, as torchrun does."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping

WATCH_SECONDS = 1.0
"""How long a process may outlive its launcher."""


def rank_and_world(env: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """This process's rank and how many there are, by the environment; (0, 1) if it is alone."""
    rank, world = env.get("RANK", ""), env.get("WORLD_SIZE", "")
    return (int(rank), int(world)) if rank.isdecimal() and world.isdecimal() else (0, 1)


PASS_ON = "pass on to it what `autolrs env` prints where rank 0 is started"
"""The remedy for a rank that is left out."""


def left_out(env: Mapping[str, str] = os.environ) -> str | None:
    """Says that a rank has no tuner, though others may: on another machine, or a worker of Ray.

    None for what a plain launcher starts on one machine, whose ranks share an environment.
    """
    rank, world = rank_and_world(env)
    if "AUTOLRS" in env or "RANK" not in env:
        return None
    is_of_ray = "ray" in sys.modules
    is_first_of_machine = rank > 0 and env.get("LOCAL_RANK", "0") == "0"
    if not is_of_ray and not is_first_of_machine:
        return None
    how = f'runtime_env={{"env_vars": …}} with `autolrs env --rank0 --json`; else {PASS_ON}'
    return (
        f"rank {rank} of {world} trains without a tuner: AUTOLRS is not in its environment; where "
        f"autolrs steers this training, {how if is_of_ray else PASS_ON}"
    )


def is_of_torchrun() -> bool:
    """True in a process that torchrun started."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def leave_with_launcher() -> None:
    """Ends this process soon after its launcher.

    torchrun gives each rank a session of its own. When it is killed the ranks live on, where no
    signal to its process group reaches them, and may wait for each other in a collective for long.
    """
    if is_of_torchrun() and os.name == "posix":
        threading.Thread(target=_watch, args=[os.getppid()], name="autolrs", daemon=True).start()


def _watch(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(WATCH_SECONDS)
    os._exit(1)
