"""The random state of a process that trains with PyTorch, as plain values that can go to disk."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

RngState = dict[str, Any]


def capture_rng(with_devices: bool = True) -> RngState:
    """Copies the states of Python's, NumPy's and PyTorch's global generators.

    Generators that the script made for itself are its own: it can hand them over as `extra`.

    Args:
        with_devices: Also those of the CUDA devices, if CUDA is in use.
    """
    version, words, gauss = random.getstate()
    state: RngState = {
        "python": [version, list(words), gauss],
        "torch": torch.get_rng_state(),
    }
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        name, keys, position, has_gauss, cached = numpy.random.get_state()
        state["numpy"] = [name, keys.tolist(), int(position), int(has_gauss), float(cached)]
    if with_devices and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore_rng(state: RngState) -> None:
    """Brings back what `capture_rng` gave, and never changes it."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    torch.set_rng_state(state["torch"])
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy" in state:
        numpy.random.set_state(tuple(state["numpy"]))
    if "cuda" in state:
        torch.cuda.set_rng_state_all(state["cuda"])


@contextmanager
def kept_rng() -> Iterator[None]:
    """Leaves no trace in the random state of what runs inside."""
    state = capture_rng()
    try:
        yield
    finally:
        restore_rng(state)


class RngStream:
    """A random state of its own that takes the global one's place for a while.

    It begins as a copy, so that the first epoch comes in the order that the bare script sees: as
    one of the time when it is first entered or asked for.
    """

    def __init__(self) -> None:
        self._state: RngState | None = None

    @property
    def state(self) -> RngState:
        """What is drawn from next."""
        if self._state is None:
            self._state = capture_rng(with_devices=False)
        return self._state

    @state.setter
    def state(self, state: RngState) -> None:
        self._state = state

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Draws from this stream inside, and from the global one after it again."""
        outer = capture_rng(with_devices=False)
        restore_rng(self.state)
        try:
            yield
        finally:
            self._state = capture_rng(with_devices=False)
            restore_rng(outer)
