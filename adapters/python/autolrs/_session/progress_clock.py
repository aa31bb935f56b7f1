"""When a training looks at the clock, and when it tells of its progress."""

from __future__ import annotations

import time

PROGRESS_SECONDS = 0.25
"""Progress is for people, who read no faster."""

MAX_STRIDE = 64
"""At most so many steps between two readings of the clock: enough to make them cost nothing, few
enough to notice soon when steps become slow."""


class ProgressClock:
    """Spaces the readings of the clock by how long a step takes."""

    def __init__(self) -> None:
        self.next_check = 1
        """The count of steps at which the clock is to be read next."""
        self._stride = 1
        self._looked_at = self._told_at = time.monotonic()

    def begin(self) -> None:
        """A training begins."""
        self.next_check = self._stride
        self._looked_at = self._told_at = time.monotonic()

    def is_notice_due(self, count: int) -> bool:
        """Reads the clock after so many steps; True if progress is to be told."""
        now = time.monotonic()
        # Some readings between two notices, and the next at most twice as far away as the last.
        seconds_per_step = max(now - self._looked_at, 1e-6) / self._stride
        wanted = int(PROGRESS_SECONDS / 8 / seconds_per_step)
        self._stride = max(1, min(wanted, 2 * self._stride, MAX_STRIDE))
        self.next_check = count + self._stride
        self._looked_at = now
        is_due = now - self._told_at >= PROGRESS_SECONDS
        if is_due:
            self._told_at = now
        return is_due
