"""A batch in containers of its own: a script may change those that it is given."""

from __future__ import annotations

from collections import UserDict
from copy import copy
from typing import Any, Callable

_PLAIN = (str, bytes, int, float, bool, type(None))


def rebuild(batch: Any, each: Callable[[Any], Any] = lambda item: item, depth: int = 8) -> Any:
    """The batch in new lists, tuples and dicts of the same kinds; in them, what `each` makes.

    Args:
        batch: What a loader yields. Its tensors and arrays are not copied, nor what is in
            containers of other kinds, or of kinds that do not let themselves be copied.
        each: Takes what is no container, and returns what stands in its place.
        depth: How many containers inside each other to look into: a batch may refer to itself.
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
    return each(batch)


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
