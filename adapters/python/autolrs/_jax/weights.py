"""Which leaves of a state are weights, and how a mean of them moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import jax
import jax.numpy as jnp


def are_weights(state: Any) -> list[bool]:
    """Whether each leaf of the state is a weight, in the order of `tree_leaves`.

    Weights are arrays of real or complex numbers, statistics such as BatchNorm's among them. What
    Optax keeps is none: moments, LRs, averages of its own.
    """
    found: list[bool] = []
    for path, node in jax.tree_util.tree_leaves_with_path(state, is_leaf=_is_of_optax):
        if _is_of_optax(node):
            found += [False] * len(jax.tree_util.tree_leaves(node))
        else:
            found.append(_is_inexact(node) and "opt_state" not in map(_name, path))
    return found


def precise(leaf: Any) -> Any:
    """A copy in a type in which a small share of a difference is not lost."""
    return jnp.array(leaf, dtype=_precise_type(leaf))


def _mixed(
    values: Sequence[Sequence[Any]], now: Sequence[Any], shares: Sequence[float]
) -> list[list[Any]]:
    return [
        [mean + share * (new.astype(mean.dtype) - mean) for mean, new in zip(means, now)]
        for share, means in zip(shares, values)
    ]


mixed: Callable[..., Any] = jax.jit(_mixed)
"""Means of each average, moved by its share of their distance to the weights as they are now."""


def _precise_type(leaf: Any) -> Any:
    return jnp.promote_types(leaf.dtype, jnp.float32)


def _is_of_optax(node: Any) -> bool:
    return type(node).__module__.partition(".")[0] == "optax"


def _is_inexact(leaf: Any) -> bool:
    # A key is of a type of its own; numbers of Python are settings.
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


def _name(part: Any) -> Any:
    # Flax NNX hands over a state whose optimizer has lost its types; the name is left.
    return getattr(part, "key", getattr(part, "name", None))
