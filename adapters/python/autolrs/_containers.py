"""A batch in containers of its own: a script may change those that it is given."""

from __future__ import annotations

from collections import UserDict
from copy import copy
from typing import Any, Callable


def rebuilt(batch: Any, each: Callable[[Any], Any] = lambda item: item) -> Any:
    """The batch in new lists, tuples and dicts of the same kinds; in them, what `each` makes.

    Args:
        batch: What a loader yields. Its tensors and arrays are not copied, nor what is in
            containers of other kinds.
        each: Takes what is no container, and returns what stands in its place.
    """
    kind = type(batch)
    if kind is tuple or kind is list:
        return kind([rebuilt(item, each) for item in batch])
    if isinstance(batch, (dict, UserDict)):
        own = copy(batch)  # whatever else it has: a default, an order, attributes
        for key, item in batch.items():
            own[key] = rebuilt(item, each)
        return own
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return kind(*[rebuilt(item, each) for item in batch])
    return each(batch)
