"""Signs that a script lives while it does something long, of which the tuner hears nothing."""

from __future__ import annotations

import threading
from typing import Callable

SIGN_SECONDS = 60.0
"""From one sign of life to the next: a tuner takes five minutes of silence for a hang."""

MOST_SIGNS = 60
"""What takes more than an hour hangs."""


class SignsOfLife:
    """Gives them from `begin` to `end`.

    Args:
        give_sign: Tells the tuner. Called from another thread.
    """

    def __init__(self, give_sign: Callable[[], None]) -> None:
        self._give_sign = give_sign
        self._is_over: threading.Event | None = None

    @property
    def is_on(self) -> bool:
        """True between the two."""
        return self._is_over is not None

    def begin(self) -> None:
        """Something long begins."""
        self._is_over = threading.Event()
        threading.Thread(
            target=self._live, args=[self._is_over], name="autolrs pause", daemon=True
        ).start()

    def end(self) -> None:
        """It is over."""
        if self._is_over is not None:
            self._is_over.set()
            self._is_over = None

    def _live(self, is_over: threading.Event) -> None:
        for _ in range(MOST_SIGNS):
            if is_over.wait(SIGN_SECONDS):
                return
            self._give_sign()
