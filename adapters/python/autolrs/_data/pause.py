"""The time in which a script does something else than train: it evaluates, or saves."""

from __future__ import annotations

from typing import Any, Callable

from autolrs._data.signs_of_life import SignsOfLife
from autolrs.hooks import Hooks, KeepsRng


class Pause:
    """Puts the random numbers of training aside, and says now and then that the script is alive.

    What is drawn in between leaves no trace: a process that begins later, from a checkpoint, does
    not do it again, and must train as this one does.

    Args:
        hooks: Those of the model in training.
        give_sign: Tells the tuner. Called from another thread.
    """

    def __init__(self, hooks: Hooks, give_sign: Callable[[], None]) -> None:
        self._hooks = hooks
        self._signs = SignsOfLife(give_sign)
        self._rng: Any = None

    def begin(self) -> None:
        """The script turns away from training. Said twice, the first time counts."""
        if self._signs.is_on:
            return
        if isinstance(self._hooks, KeepsRng):
            self._rng = self._hooks.get_rng()
        self._signs.begin()

    def end(self) -> None:
        """It trains again, with the random numbers that it would have had."""
        if not self._signs.is_on:
            return
        self._signs.end()
        if isinstance(self._hooks, KeepsRng):
            self._hooks.set_rng(self._rng)
