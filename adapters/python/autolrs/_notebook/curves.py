"""The losses and LRs of a run, as its tuner tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_TRIED = 400
"""Stretches of trials that are kept: the older ones are of less interest."""

Point = tuple[float, float]
"""Updates that the weights have had, and a loss or an LR."""


@dataclass
class Curves:
    """What stays and what was tried, by the updates that the weights had had."""

    losses: list[Point] = field(default_factory=list)
    """Of the committed path."""
    lrs: list[Point] = field(default_factory=list)
    tried: list[list[Point]] = field(default_factory=list)
    """Losses of trials, and of commits that were taken back."""
    validation: list[Point] = field(default_factory=list)
    committed: int = 0
    search: int = 0
    _is_trial: bool = False
    _until: float = -1.0
    _start: int = 0

    def add(self, notice: dict[str, Any]) -> None:
        """Takes what the tuner tells of a request."""
        if notice["kind"] == "validated":
            if notice["purpose"] == "commit" and notice["loss"] is not None:
                self.validation = [each for each in self.validation if each[0] < notice["step"]]
                self.validation.append((notice["step"], notice["loss"]))
        elif notice["kind"] == "steps":
            self._add_steps(notice)

    def end_at(self, committed: int, search: int) -> None:
        """What the summary says: the run may have gone back to its best point at its end."""
        self._take_back(committed + self._start)
        self.committed, self.search = committed, search

    def _add_steps(self, notice: dict[str, Any]) -> None:
        if self._until < 0:
            self._start = notice["from"]
        start, steps, is_trial = notice["from"], notice["steps"], notice["purpose"] == "search"
        losses = _spread(start, steps, notice["losses"])
        if is_trial:
            self.search += steps
            follows = self._is_trial and start == self._until and self.tried
            if not follows:
                self.tried = [*self.tried[1 - MOST_TRIED :], []]
            self.tried[-1] += losses
        else:
            self._take_back(start)
            self.committed = start + steps
            self.losses += losses
            self.lrs += _spread(start, steps, notice["lrs"])
        self._is_trial, self._until = is_trial, start + steps

    def _take_back(self, start: int) -> None:
        gone = [each for each in self.losses if each[0] > start]
        if not gone:
            return
        self.search += self.committed - start
        self.tried.append(gone)
        self.losses = self.losses[: len(self.losses) - len(gone)]
        self.lrs = [each for each in self.lrs if each[0] <= start]
        self.validation = [each for each in self.validation if each[0] <= start]


def _spread(start: int, steps: int, values: Sequence[float | None]) -> list[Point]:
    count = len(values)
    return [
        (start + (i + 1) * steps / count, value)
        for i, value in enumerate(values)
        if value is not None
    ]
