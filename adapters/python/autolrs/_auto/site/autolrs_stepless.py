"""Notices a script that calls `backward` again and again, and makes no update that can be seen.

A tuner would wait for its first update for ever. What is looked at costs nothing: a count, and now
and then a few numbers of the weights. Nothing of autolrs is imported here: see `autolrs_door`.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

LEAST = 64
"""Calls before the weights are looked at. From there on it is done at each power of two."""

ENOUGH = 3
"""So often weights have changed from one call to the next: at 64, 128 and 256."""

MOST = 10_000
"""More micro-batches than that make no update: gradients of some hundreds are added up at most."""

FEW = 8
"""So many weights are looked at, and so many numbers of each."""

BY_HAND = (
    "make the updates by an optimizer of torch.optim, whose step is what autolrs steers: the "
    "weights change after `backward`, and no step of one was seen"
)
NONE = (
    "autolrs waits for an update, which an optimizer of torch.optim makes by its step(): "
    "`backward` was called {count} times, and there was none. Train by such an optimizer, or run "
    "the script without autolrs"
)


class SteplessBackwards:
    """Counts the calls of `backward` since the last update, or since the beginning."""

    def __init__(self) -> None:
        self._count = 0
        self._changes = 0
        self._seen: list[tuple[Any, list[float]]] | None = None

    def reset(self) -> None:
        """An update was made, or was tried."""
        self._count = self._changes = 0
        self._seen = None

    def note(self, has_begun: bool) -> str | None:
        """Counts one more; a sentence, once there can be no doubt.

        Args:
            has_begun: An update was seen before: the weights need no look.
        """
        self._count = count = self._count + 1
        if count > MOST:
            return NONE.format(count=count)
        if has_begun or count < LEAST:
            return None
        if self._seen is not None:
            has_changed = any(numbers != _look(each) for each, numbers in self._seen)
            self._changes = self._changes + 1 if has_changed else 0
            self._seen = None
            if self._changes >= ENOUGH:
                return BY_HAND
        elif count & (count - 1) == 0:
            self._seen = [(each, _look(each)) for each in _weights()]
        return None


def _weights() -> list[Any]:
    """Some weights of modules that have gradients."""
    nn = sys.modules.get("torch.nn")
    if nn is None:
        return []
    found: list[Any] = []
    for item in gc.get_objects():
        if issubclass(type(item), nn.Module):  # isinstance may wake lazy proxies
            own = item.__dict__.get("_parameters", {})
            found += [each for each in own.values() if each is not None and each.grad is not None]
            if len(found) >= FEW:
                break
    return found[:FEW]


def _look(weight: Any) -> list[float]:
    try:
        numbers: list[float] = weight.detach().reshape(-1)[:FEW].float().tolist()
    except (RuntimeError, NotImplementedError, TypeError):
        return []  # of another kind
    return numbers
