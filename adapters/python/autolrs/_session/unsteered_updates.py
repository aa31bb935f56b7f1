"""Updates that the tuner does not steer, before its answer or after its end: they are undone.

The weights before such an update are kept, and brought back once it has been made.
"""

from __future__ import annotations

from typing import Any

from autolrs.hooks import Hooks


class UnsteeredUpdates:
    """Keeps the states that unsteered updates lead away from.

    Args:
        hooks: The model in training.
    """

    def __init__(self, hooks: Hooks) -> None:
        self.is_asked_before = False
        """The tuner is asked before each update."""
        self.is_next_undone = False
        """The update that is being made is to be undone."""
        self._hooks = hooks
        self._before: Any = None
        self._end: Any = None

    def undo_next(self) -> None:
        """The update that is about to be made is to be undone by `undo`."""
        self._before = self._hooks.capture()
        self.is_next_undone = True

    def undo(self) -> None:
        """Brings back what `undo_next` kept."""
        self._hooks.apply(self._before)
        self._before = None
        self.is_next_undone = False

    def keep_end(self) -> None:
        """Keeps what the tuner has left, for a loop that might go on with it."""
        self._end = self._hooks.capture()

    def restore_end(self) -> None:
        """Brings back what the tuner has left, if it was kept."""
        if self._end is not None:
            self._hooks.apply(self._end)
