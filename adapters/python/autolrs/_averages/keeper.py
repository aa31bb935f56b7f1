"""The part of a framework's hooks that keeps averages of the weights."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from autolrs._averages.sampling import Averaging, Sampling

ADOPTED = {"adopted": True}
"""What a checkpoint holds of averages once one of them took the weights' place."""


class Averages(Protocol):
    """Averages of all that is averaged, one for each power."""

    sampling: Sampling

    def count_update(self) -> None:
        """An update was made."""

    def has(self, power: float) -> bool:
        """True if there is an average of this power."""

    def weights_at(self, power: float) -> AbstractContextManager[None]:
        """While entered, the model has the average for its weights."""

    def adopt(self, power: float) -> None:
        """The average becomes the weights."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds: `Sampling.state`, and `values`."""


class KeepsAverages:
    """Implements `AveragesWeights` of `autolrs.hooks`; see there what each promises."""

    can_validate: Any
    is_averaged = False
    _averages: Averages | None = None

    def make_averages(self, sampling: Sampling, values: Any) -> Averages:
        """The framework's.

        Args:
            sampling: When and how.
            values: As in the `state` of averages; they are the caller's. None for a beginning.
        """
        raise NotImplementedError

    @property
    def can_average(self) -> bool:
        return bool(self.can_validate)

    def begin_averages(self, averaging: Averaging) -> None:
        self.is_averaged = False
        if self._averages is None or not self._averages.sampling.is_of(averaging):
            self._averages = self.make_averages(Sampling(averaging), None)

    def end_averages(self) -> None:
        self.is_averaged = False
        self._averages = None

    def average_update(self) -> None:
        if self._averages is not None:
            self._averages.count_update()

    def has_average(self, power: float) -> bool:
        return self._averages is not None and self._averages.has(power)

    def weights_at(self, power: float) -> AbstractContextManager[None]:
        assert self._averages is not None  # the caller has asked has_average
        return self._averages.weights_at(power)

    def adopt_average(self, power: float) -> None:
        assert self._averages is not None  # as above
        self._averages.adopt(power)
        self._averages = None
        self.is_averaged = True

    def averages_state(self) -> dict[str, Any]:
        """What a checkpoint holds of them; empty where there are none."""
        if self.is_averaged:
            return {"averages": ADOPTED}
        return {} if self._averages is None else {"averages": self._averages.state()}

    def apply_averages(self, saved: dict[str, Any] | None) -> None:
        """Brings back what a checkpoint held; its values are not changed."""
        self._averages = None
        self.is_averaged = saved == ADOPTED
        if saved is not None and not self.is_averaged:
            self._averages = self.make_averages(Sampling.of(saved), saved["values"])
