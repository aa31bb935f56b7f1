"""Says that a notebook lives, from one cell to the next: its user may look at what there is."""

from __future__ import annotations

import threading
from typing import Any, Callable

from autolrs._data.signs_of_life import SIGN_SECONDS
from autolrs._notebook.shell import find_shell


class IdleNotebook:
    """Gives signs of life while no cell runs. Outside of a notebook it does nothing.

    Args:
        give_sign: Tells the tuner, which takes silence for a hang. Called from another thread.
    """

    def __init__(self, give_sign: Callable[[], None]) -> None:
        self._give_sign = give_sign
        self._runs = threading.Event()
        self._shell = find_shell()
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._rest)
            self._shell.events.register("pre_run_cell", self._end_rest)

    def stop(self) -> None:
        """No more signs."""
        self._runs.set()
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._rest)
            self._shell.events.unregister("pre_run_cell", self._end_rest)
            self._shell = None

    def _rest(self, *_: Any) -> None:
        self._runs = threading.Event()
        threading.Thread(target=self._live, args=[self._runs], name="autolrs", daemon=True).start()

    def _end_rest(self, *_: Any) -> None:
        self._runs.set()

    def _live(self, runs: threading.Event) -> None:
        while not runs.wait(SIGN_SECONDS):
            self._give_sign()
