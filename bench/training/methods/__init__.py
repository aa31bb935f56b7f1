"""What is compared: each method yields the runs it wants, and is sent their lines.

A method that decides by what it has seen (a grid that grows) reads like a loop, and goes on where
it stopped: runs that are in the store are answered from there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from parts.workload import Workload
from training import Outcome


class MethodError(Exception):
    """A method cannot run on this machine; the message says why, in a sentence."""


@dataclass(frozen=True)
class Run:
    """One run of a method."""

    method: str
    settings: dict[str, Any]
    seed: int
    do: Callable[[], Outcome]
    has_averages: bool = False
    """Whether its line has losses at averages of the weights."""


@dataclass(frozen=True)
class Plan:
    """How much is run."""

    seeds: int = 5
    """Seeds 1 to this one."""
    grid_seeds: int = 2
    """Seeds that choose the finalists of the grid."""
    grid_lrs: int = 7
    """LRs of a schedule at least; odd."""
    grid_ratio: float = 2.0
    """From one LR of the grid to the next."""
    finalists: int = 6
    """Configurations of the grid that run on all seeds: so many by the loss at the weights
    themselves, and so many by the best of it and of the losses at their averages."""


Runs = Generator[Run, "dict[str, Any]", None]
"""Yields runs, and is sent the line of each."""

Method = Callable[[Workload, Plan], Runs]
