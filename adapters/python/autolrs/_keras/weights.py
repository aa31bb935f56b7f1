"""The weights of a Keras model, for averages of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import keras

STATISTICS = ("moving_mean", "moving_variance")
"""Names of variables that go with the weights, in BatchNormalization and its kin."""


class KerasWeights:
    """What training changes of a model, but for seeds and metrics.

    Args:
        model_now: Gives the model with its variables up to date.
    """

    def __init__(self, model_now: Callable[[], Any]) -> None:
        self._model_now = model_now
        self._move = _compiled(_moved)

    def read(self) -> list[Any]:
        """Copies, in a type in which a small share of a difference is not lost."""
        return [keras.ops.copy(_precise(each)) for each in self._values()]

    def write(self, arrays: Sequence[Any]) -> None:
        """Makes arrays the model's, in the order of `read`."""
        for variable, array in zip(self._variables(), arrays):
            # A copy: on JAX a step may take the variable's array for its own, and delete it.
            variable.assign(keras.ops.copy(array))

    def mix(self, values: Sequence[Sequence[Any]], shares: Sequence[float]) -> Any:
        """New means of each average, moved by its share of their distance to the weights."""
        # An array, because numbers of Python would be compiled in.
        by = keras.ops.convert_to_tensor(shares, dtype="float32")
        before = [[keras.ops.convert_to_tensor(each) for each in means] for means in values]
        return self._move(before, self._values(), by)

    def _variables(self) -> list[Any]:
        model = self._model_now()
        found = {id(each): each for each in model.trainable_variables}
        found |= {
            id(each): each for each in model.non_trainable_variables if each.name in STATISTICS
        }
        return list(found.values())

    def _values(self) -> list[Any]:
        return [keras.ops.stop_gradient(each.value) for each in self._variables()]


def _moved(values: Sequence[Any], now: Sequence[Any], shares: Any) -> list[Any]:
    return [
        [
            mean
            + keras.ops.cast(shares[at], mean.dtype) * (keras.ops.cast(new, mean.dtype) - mean)
            for mean, new in zip(means, now)
        ]
        for at, means in enumerate(values)
    ]


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        jitted: Callable[..., Any] = jax.jit(function)
        return jitted
    if backend == "tensorflow":
        import tensorflow

        graph: Callable[..., Any] = tensorflow.function(function)
        return graph
    return function


def _precise(value: Any) -> Any:
    kind = keras.backend.standardize_dtype(value.dtype)
    return keras.ops.cast(value, "float32") if kind in ("float16", "bfloat16") else value
