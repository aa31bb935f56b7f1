"""The time in which a script does something else than train: it evaluates, or saves."""

from __future__ import annotations

import threading
from typing import Any, Callable

from autolrs.hooks import Hooks, KeepsRng

SIGN_SECONDS = 60.0
"""From one sign of life to the next: a tuner takes five minutes of silence for a hang."""

MOST_SIGNS = 60
"""What takes more than an hour hangs."""


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
        self._give_sign = give_sign
        self._rng: Any = None
        self._is_over: threading.Event | None = None

    def begin(self) -> None:
        """The script turns away from training. Said twice, the first time counts."""
        if self._is_over is not None:
            return
        if isinstance(self._hooks, KeepsRng):
            self._rng = self._hooks.get_rng()
        self._is_over = threading.Event()
        threading.Thread(
            target=self._live, args=[self._is_over], name="autolrs pause", daemon=True
        ).start()

    def end(self) -> None:
        """It trains again, with the random numbers that it would have had."""
        if self._is_over is None:
            return
        self._is_over.set()
        self._is_over = None
        if isinstance(self._hooks, KeepsRng):
            self._hooks.set_rng(self._rng)

    def _live(self, is_over: threading.Event) -> None:
        for _ in range(MOST_SIGNS):
            if is_over.wait(SIGN_SECONDS):
                return
            self._give_sign()
