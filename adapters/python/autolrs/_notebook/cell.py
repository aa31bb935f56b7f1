"""The output of a cell in which a run goes on: a figure, renewed each second, then the summary."""

from __future__ import annotations

import threading
import time
from collections import deque
from html import escape
from typing import Any

from autolrs._notebook.curves import Curves
from autolrs._notebook.figure import draw
from autolrs._notebook.table import table_of

RENEW_SECONDS = 1.0

MOST_LINES = 200


class Cell:
    """Shows a run where its loop stands."""

    def __init__(self) -> None:
        self._curves = Curves()
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._handle: Any = None
        self._end: dict[str, Any] | None = None
        self._is_over = False
        self._drawn_at = 0.0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The figure stands in the cell that has the loop."""
        from IPython.display import display

        show: Any = display  # IPython has no types
        self._handle = show(self._bundle(), raw=True, display_id=True)

    def add(self, notice: dict[str, Any]) -> None:
        """Draws it, if the last time is a second ago."""
        with self._lock:
            self._curves.add(notice)
        if time.monotonic() - self._drawn_at >= RENEW_SECONDS and not self._is_over:
            self._renew()

    def say(self, line: str) -> None:
        """Keeps it for below the figure."""
        self._lines.append(line)

    def end(self, notice: dict[str, Any] | None) -> None:
        """Draws it for the last time, with the summary."""
        self._is_over, self._end = True, notice
        steps = (notice or {}).get("result", {}).get("steps")
        if steps is not None:
            self._curves.end_at(steps["committed"], steps["total"] - steps["committed"])
        if self._handle is None:
            self.begin()
        else:
            self._renew()

    def _renew(self) -> None:
        self._drawn_at = time.monotonic()
        if self._handle is not None:
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        with self._lock:
            status = self._status()
            figure = draw(self._curves, status)
        lines = [*self._lines]
        latest = "" if self._is_over or not lines else f"<p>{escape(lines[-1])}</p>"
        summary = "" if self._end is None else table_of(self._end)
        return {"text/html": figure + latest + summary + _folded(lines), "text/plain": status}

    def _status(self) -> str:
        curves = self._curves
        where = f"{curves.committed:,} steps committed, {curves.search:,} steps of search"
        if not self._is_over:
            return f"autolrs: {where}"
        status = "killed" if self._end is None else self._end.get("status", "failed")
        return f"autolrs: {status}, {where}"


def _folded(lines: list[str]) -> str:
    if not lines:
        return ""
    head = f"<summary>{len(lines)} lines of the tuner</summary>"
    said = escape("\n".join(lines))
    return f"<details>{head}<pre>{said}</pre></details>"
