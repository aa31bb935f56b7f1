"""How a mean of variables' values moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf


def variables_of(owner: Any) -> list[Any]:
    """The variables that an object says are its own; older optimizers say so by a method."""
    found = getattr(owner, "variables", ())
    return list(found() if callable(found) else found)


def precise(variable: Any) -> Any:
    """The value, in a type in which a small share of a difference is not lost."""
    value = tf.convert_to_tensor(variable)
    return tf.cast(value, tf.float32) if value.dtype.size < 4 else value


def _mixed(values: Sequence[Any], now: Sequence[Any], shares: Any) -> list[Any]:
    return [
        [
            mean + tf.cast(shares[at], mean.dtype) * (tf.cast(new, mean.dtype) - mean)
            for mean, new in zip(means, now)
        ]
        for at, means in enumerate(values)
    ]


mixed: Callable[..., Any] = tf.function(_mixed)
"""Means of several averages, each moved by its share of their distance to the values as they are
now. The shares are a tensor in float64: numbers of Python would be compiled in."""
