"""Signals that ask a process to end, held back while a tuner steers it.

A scheduler sends one to every process of a job. A script that died of it could not save what the
tuner asks for next. So the script goes on, and the tuner, which has had the signal too, ends it.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Callable

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
"""Those that schedulers send. SIGXCPU is not here: it is about the CPU time of one process."""


class HeldSignals:
    """Stands where Python's or the system's default handler is; one of the script's own stays.

    It is a handler and not SIG_IGN, which the processes that a script starts would inherit.

    Args:
        has_ended: Whether the tuner is gone. Then a signal does what it did before.
    """

    def __init__(self, has_ended: Callable[[], bool]) -> None:
        self._has_ended = has_ended
        self._before: dict[int, Any] = {}
        self._handler: Any = self._receive
        self._told: set[int] = set()
        if hasattr(os, "register_at_fork"):
            # A worker of a DataLoader is ended by a signal.
            os.register_at_fork(after_in_child=self.release)

    def hold(self) -> None:
        """From here on. Does nothing outside of the main thread, where Python sets no handler."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in NAMES:
            number = getattr(signal, name, None)  # Windows has two of them
            if number is None:
                continue
            handler = signal.getsignal(number)
            if handler is signal.SIG_DFL or handler is signal.default_int_handler:
                self._before[number] = handler
                signal.signal(number, self._handler)

    def release(self) -> None:
        """Each signal does what it did before."""
        before, self._before = self._before, {}
        with suppress(ValueError):  # not the main thread: they stay held
            for number, handler in before.items():
                if signal.getsignal(number) is self._handler:
                    signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._has_ended():
            self.release()
            os.kill(os.getpid(), number)
            return
        if number in self._told:
            return
        self._told.add(number)
        name = signal.Signals(number).name
        with suppress(OSError):  # not by sys.stderr, which the signal may have come amid
            os.write(
                2,
                f"autolrs: {name} came to the script, which goes on until the tuner ends it; to "
                "end the run send it to the tuner too\n".encode(),
            )
