"""What is the same in all frameworks whose state is a list of arrays."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any

import numpy

from autolrs._averages.keeper import KeepsAverages
from autolrs._data.containers import own_copy
from autolrs._data.generators import generators_of, set_state, state_of
from autolrs._state.array_averages import with_averages, without_averages
from autolrs._state.array_file import ArrayState, read_arrays, write_arrays
from autolrs._state.rng import RngState, RngStream, capture_host_rng, restore_host_rng


class ArrayHooks(KeepsAverages):
    """The part of `autolrs.hooks.Hooks` that follows from `capture_training`; see there.

    The random numbers for the data are Python's and NumPy's: loaders for these frameworks shuffle
    by them, or by a seed of their own.
    """

    def __init__(self) -> None:
        self._data_stream = RngStream(capture_host_rng, restore_host_rng)

    def capture_training(self) -> ArrayState:
        """A copy of the state, without averages of the weights."""
        raise NotImplementedError

    def apply_training(self, state: ArrayState) -> None:
        """Brings back what `capture_training` gave."""
        raise NotImplementedError

    def to_host(self, array: Any) -> Any:
        """An array as one of NumPy."""
        return numpy.asarray(array)

    def capture(self) -> ArrayState:
        return with_averages(self.capture_training(), self.averages_state())

    def apply(self, state: ArrayState) -> None:
        training, averages = without_averages(state)
        self.apply_training(training)
        self.apply_averages(averages)

    def size(self, state: ArrayState) -> int:
        return sum(math.prod(each.shape) * _itemsize(each) for each in state.arrays)

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        state = self.capture()
        host = ArrayState([self.to_host(each) for each in state.arrays], state.plain)
        return write_arrays(path, host, step, place)

    def read(self, path: str) -> tuple[ArrayState, int, dict[str, Any] | None]:
        return read_arrays(path)

    def get_rng(self) -> RngState:
        return capture_host_rng()

    def set_rng(self, rng: RngState) -> None:
        restore_host_rng(rng)

    def data_rng(self) -> AbstractContextManager[None]:
        return self._data_stream.entered()

    def data_state(self, loader: Any) -> Any:
        own = [state_of(each) for each in generators_of(loader)]
        # As an older version wrote it, where there is nothing more.
        return {**self._data_stream.state, **({"generators": own} if own else {})}

    def set_data_state(self, loader: Any, state: Any) -> None:
        self._data_stream.state = {k: v for k, v in state.items() if k != "generators"}
        for own, was in zip(generators_of(loader), state.get("generators", [])):
            set_state(own, was)

    def keep(self, item: Any) -> Any:
        return own_copy(item)


def _itemsize(array: Any) -> int:
    size: int = (
        getattr(array.dtype, "itemsize", None) or array.dtype.size
    )  # TensorFlow has the latter
    return size
