"""The LR of each update alone: between two updates a script finds its own.

A compiled step reads it from outside: on JAX it comes beside the batch, since a compiled function
has no variables, and elsewhere from a variable that no optimizer and no file knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy


class UpdateLr:
    """What an optimizer takes for its LR while it makes an update.

    Args:
        optimizer: Keras's. One around another, as for a scaled loss, has the LR of that.
    """

    def __init__(self, optimizer: Any) -> None:
        self.number = 1.0
        """A factor on the script's own LR, or what stands in its place."""
        self.is_factor = True
        self.was_read = False
        """The optimizer has made an update by it, or one was compiled."""
        self.optimizer = optimizer
        self._reader: Any = getattr(optimizer, "inner_optimizer", optimizer)
        self._read_own = self._reader._get_current_learning_rate
        self._is_argument = keras.backend.backend() == "jax"
        self._kind = keras.backend.floatx()
        self._variable: Any = None
        self._assigned = 1.0
        if not self._is_argument:
            self._variable = keras.Variable(
                1.0, dtype=self._kind, trainable=False, name="autolrs_lr"
            )

    def own(self) -> float:
        """The script's own LR, as it is now. Costs a read from the device."""
        return float(keras.ops.convert_to_numpy(self._read_own()))

    def own_source(self) -> Any:
        """What the script has given the optimizer for its LR: a variable, or a schedule."""
        return self._reader._learning_rate

    def beside(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of a model's `train_function`, with the number of the next update."""
        if self._is_argument:
            state, batches = args
            return state, _Beside(batches, numpy.asarray(self.number, self._kind))
        if self.number != self._assigned:
            self._variable.assign(self.number)
            self._assigned = self.number
        return args

    @contextmanager
    def during(self, args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """While entered, the optimizer reads the number; gives the arguments of `train_step`."""
        number = self._variable
        if self._is_argument:
            state, (batch, number) = args
            args = (state, batch)

        def read() -> Any:
            self.was_read = True
            if not self.is_factor:
                return keras.ops.convert_to_tensor(number)
            return keras.ops.multiply(self._read_own(), number)

        # Past what an optimizer does to attributes: it tracks them, and saves some.
        object.__setattr__(self._reader, "_get_current_learning_rate", read)
        try:
            yield args
        finally:
            object.__delattr__(self._reader, "_get_current_learning_rate")


class _Beside:
    """Batches, each with a number."""

    def __init__(self, batches: Any, number: Any) -> None:
        self._batches = iter(batches)
        self._number = number

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._batches), self._number
