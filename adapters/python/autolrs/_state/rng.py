"""Random states of Python and NumPy as plain values, and a stream of random numbers of its own."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

RngState = dict[str, Any]


def capture_host_rng() -> RngState:
    """Copies the states of Python's and NumPy's global generators.

    Generators that the script made for itself are its own.
    """
    version, words, gauss = random.getstate()
    state: RngState = {"python": [version, list(words), gauss]}
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        name, keys, position, has_gauss, cached = numpy.random.get_state()
        state["numpy"] = [name, keys.tolist(), int(position), int(has_gauss), float(cached)]
    return state


def restore_host_rng(state: RngState) -> None:
    """Brings back what `capture_host_rng` gave, and never changes it."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy" in state:
        numpy.random.set_state(tuple(state["numpy"]))


class RngStream:
    """A random state of its own that takes the global one's place for a while.

    It begins as a copy, so that the first epoch comes in the order that the bare script sees: as
    one of the time when it is first entered or asked for.

    Args:
        capture: Copies the global state.
        restore: Puts a copy in its place.
    """

    def __init__(
        self, capture: Callable[[], RngState], restore: Callable[[RngState], None]
    ) -> None:
        self._capture = capture
        self._restore = restore
        self._state: RngState | None = None

    @property
    def state(self) -> RngState:
        """What is drawn from next."""
        if self._state is None:
            self._state = self._capture()
        return self._state

    @state.setter
    def state(self, state: RngState) -> None:
        self._state = state

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Draws from this stream inside, and from the global one after it again."""
        outer = self._capture()
        self._restore(self.state)
        try:
            yield
        finally:
            self._state = self._capture()
            self._restore(outer)
