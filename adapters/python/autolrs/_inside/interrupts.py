"""Ctrl-C while a run goes on: the first ends it in order, at the next step; the second at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Callable


class Interrupts:
    """Stands where Python raises KeyboardInterrupt, which would come in the middle of a step.

    A handler of the script's own is left alone.

    Args:
        ask_to_end: Told of the first.
    """

    def __init__(self, ask_to_end: Callable[[], None]) -> None:
        self._ask_to_end = ask_to_end
        self._handler: Any = self._receive
        self.is_pending = False
        """It was asked for, and KeyboardInterrupt is still to be raised."""

    def watch(self) -> None:
        """Put in place again at each request: a notebook sets Python's back after each cell."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handler)

    def stop(self) -> None:
        """Ctrl-C is Python's again."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is self._handler:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.is_pending:
            raise KeyboardInterrupt
        self.is_pending = True
        self._ask_to_end()
