"""Signs of life of a script that trains on its own: it evaluates and saves whenever it likes."""

from __future__ import annotations

import threading
from typing import Callable

SIGN_SECONDS = 60.0
"""From one sign to the next: a tuner takes five minutes of silence for a hang."""

MOST_SIGNS = 60
"""Between two updates: what takes more than an hour hangs."""


class Heartbeat(threading.Thread):
    """Says that the script is alive, as long as no update does.

    Args:
        give_sign: Tells the tuner. Called from this thread.
        count: How many updates were made.
        seconds: From one sign to the next.
    """

    def __init__(
        self,
        give_sign: Callable[[], None],
        count: Callable[[], int],
        seconds: float = SIGN_SECONDS,
    ) -> None:
        super().__init__(name="autolrs heartbeat", daemon=True)
        self._give_sign = give_sign
        self._count = count
        self._seconds = seconds
        self._is_over = threading.Event()

    def run(self) -> None:
        """Gives signs until the process ends."""
        at, signs = -1, 0
        while not self._is_over.wait(self._seconds):
            now = self._count()
            at, signs = now, 0 if now != at else signs + 1
            if 0 < signs <= MOST_SIGNS:
                self._give_sign()

    def stop(self) -> None:
        """No sign comes from here on."""
        self._is_over.set()
