"""What `autolrs.tuner.Tuner` says of itself, for callbacks of frameworks that own the loop."""

from __future__ import annotations

from autolrs.session import Session
from autolrs.tuner import InertTuner


class TunerStatus:
    """What `autolrs.tuner.Tuner` says of itself, with a tuner and without."""

    _session: Session | None = None

    def __init__(self) -> None:
        self._bare = InertTuner()
        """Counts the updates where no tuner does."""

    @property
    def step_count(self) -> int:
        """How many optimizer updates the weights have had; after a rollback, the checkpoint's."""
        return (self._session or self._bare).step_count

    @property
    def is_search(self) -> bool:
        """True while a trial is in progress, whose updates will be rolled back."""
        return (self._session or self._bare).is_search

    @property
    def weights(self) -> str:
        """`averaged` where a mean of the weights has taken their place, else `raw`."""
        return (self._session or self._bare).weights

    def every(self, steps: int) -> bool:
        """True after the update that makes those that stay a multiple of `steps`.

        Never in a trial. For callbacks that log or save amid the fit, and stand after this one.

        Raises:
            ValueError: `steps` is less than 1.
        """
        return (self._session or self._bare).every(steps)
