"""Whether each update was done at the LR that was set for it, looked at afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy

from autolrs.errors import SecondSchedulerError


class LrTrail:
    """The LRs that updates have left behind, beside those that were set for them.

    They are kept as arrays and read in one go, when losses are read too: to read one at each
    update would make the device wait.

    Args:
        read: Brings arrays to the host.
    """

    def __init__(self, read: Callable[[list[Any]], Sequence[Any]]) -> None:
        self._read = read
        self.has_stepped = False
        """An update was done since the LR was set."""
        self._set: Sequence[float] = ()
        self._left: list[tuple[Sequence[float], Sequence[Any]]] = []

    def meet(self, left: Sequence[Any], lrs: Sequence[float]) -> None:
        """LRs are about to be set.

        Args:
            left: Arrays of what stands there before, which nothing writes to.
            lrs: What they will be.
        """
        if self.has_stepped:
            self._left.append((self._set, left))
        self.has_stepped = False
        self._set = lrs

    def forget(self) -> None:
        """What stands there now was set by no request."""
        self.has_stepped = False
        self._set = ()

    def check(self, present: Callable[[], Sequence[Any]]) -> None:
        """Compares all of them, and those that stand there now.

        Raises:
            SecondSchedulerError: An update was done at another LR.
        """
        trail, self._left = self._left, []
        if self.has_stepped:
            trail.append((self._set, present()))
        found = iter(self._read([each for _, left in trail for each in left]))
        for lrs, left in trail:
            for lr, now in zip(lrs, [next(found) for _ in left]):
                _compare(lr, numpy.asarray(now))


def _compare(lr: float, now: Any) -> None:
    # What it is in the type of the array: bfloat16 has three digits.
    if float(now) != float(numpy.asarray(lr).astype(now.dtype)):
        raise SecondSchedulerError(
            "set the learning rate only `if not autolrs.is_driven()`: a line of the script has "
            f"set it to {float(now):.6g} for an update, and the tuner had set {lr:.6g}"
        )
