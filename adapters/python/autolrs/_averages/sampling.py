"""When a weight average takes a sample, and what the sample weighs. No framework is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Averaging(NamedTuple):
    """Which averages the tuner asks for."""

    powers: Sequence[float]
    """At least 0, one for each average."""
    every: int
    """Updates between two samples."""
    since: int
    """What tells these averages from others of the same powers."""


class Sampling:
    """Polynomial-decay averages, one for each power (Shamir and Zhang 2013, section 4).

    Sample n, counted from 0, weighs (k + 1) / (n + k + 1) in the average of power k. The first one
    weighs 1. The mean age of an average is a share 1 / (k + 2) of the samples.

    Args:
        averaging: What was asked for.
    """

    def __init__(self, averaging: Averaging) -> None:
        self.averaging = Averaging(tuple(averaging.powers), averaging.every, averaging.since)
        self.updates = 0
        """Updates since the averages began."""

    @property
    def powers(self) -> Sequence[float]:
        """One for each average."""
        return self.averaging.powers

    def count_update(self) -> list[float] | None:
        """Counts an update. The first is a sample, and then each `every`-th.

        Returns:
            The weight of the sample that is due now, for each power; None if none is.
        """
        before, is_between = divmod(self.updates, self.averaging.every)
        self.updates += 1
        if is_between:
            return None
        return [(power + 1) / (before + power + 1) for power in self.powers]

    def is_of(self, averaging: Averaging) -> bool:
        """True if these averages are those that are asked for."""
        return self.averaging == Averaging(
            tuple(averaging.powers), averaging.every, averaging.since
        )

    def state(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        powers, every, since = self.averaging
        return {"powers": list(powers), "every": every, "since": since, "updates": self.updates}

    @staticmethod
    def of(state: dict[str, Any]) -> Sampling:
        """The sampling whose `state` was this."""
        sampling = Sampling(Averaging(state["powers"], state["every"], state["since"]))
        sampling.updates = state["updates"]
        return sampling
