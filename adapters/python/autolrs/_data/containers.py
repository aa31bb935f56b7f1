"""A batch of its own: a script may change the containers, tensors and arrays it is given."""

from __future__ import annotations

import dataclasses
from collections import UserDict
from copy import copy
from typing import Any, Callable

_PLAIN = (str, bytes, int, float, bool, type(None))


def rebuild(batch: Any, each: Callable[[Any], Any] = lambda item: item, depth: int = 8) -> Any:
    """The batch in new lists, tuples and dicts of the same kinds; in them, what `each` makes.

    Args:
        batch: What a loader yields. What is in containers of other kinds, or of kinds that do
            not let themselves be copied, stays shared.
        each: Takes what is no container, and returns what stands in its place.
        depth: How many containers inside each other to search: a batch may refer to itself.
    """
    kind: Any = type(batch)
    if kind in _PLAIN or depth == 0:
        return batch
    if kind is tuple or kind is list:
        return kind([rebuild(item, each, depth - 1) for item in batch])
    if issubclass(kind, dict) or UserDict in kind.__mro__:
        return _rebuild_dict(batch, each, depth)
    if issubclass(kind, tuple) and hasattr(batch, "_fields"):
        return kind._make(rebuild(item, each, depth - 1) for item in batch)
    if issubclass(kind, list):
        return _rebuild_list(batch, each, depth)
    if dataclasses.is_dataclass(kind):
        return _rebuild_attributes(batch, each, depth)
    return each(batch)


def own_copy(item: Any) -> Any:
    """A copy of an array, or of what can copy itself as tensors do; all else as it is."""
    kind = type(item)
    name = f"{kind.__module__}.{kind.__qualname__}"
    try:
        if hasattr(item, "__array_interface__") and hasattr(item, "copy"):
            return item.copy()
        # Graphs and dicts of tensors, as PyTorch Geometric and TensorDict have them.
        if not name.startswith("builtins.") and callable(getattr(kind, "clone", None)):
            return item.clone()
    except Exception:  # a kind may refuse to be copied in any way it likes
        pass
    return item


def _rebuild_list(batch: Any, each: Callable[[Any], Any], depth: int) -> Any:
    try:
        own = copy(batch)
        own[:] = [rebuild(item, each, depth - 1) for item in batch]
    except Exception:  # as for a dict
        return batch
    return own


def _rebuild_attributes(batch: Any, each: Callable[[Any], Any], depth: int) -> Any:
    try:
        own = copy(batch)
        for field in dataclasses.fields(batch):
            item = rebuild(getattr(batch, field.name), each, depth - 1)
            object.__setattr__(own, field.name, item)  # also of one that is frozen
    except Exception:  # as for a dict
        return batch
    return own


def _rebuild_dict(batch: Any, each: Callable[[Any], Any], depth: int) -> Any:
    try:
        if vars(batch) is batch:  # its items are its attributes, and a copy would part them
            return batch
    except TypeError:  # a plain dict has no attributes
        pass
    try:
        own = copy(batch)  # whatever else it has: a default, an order, attributes
        for key, item in batch.items():
            own[key] = rebuild(item, each, depth - 1)
    except Exception:  # a kind may refuse to be copied or changed in any way it likes
        return batch
    return own
