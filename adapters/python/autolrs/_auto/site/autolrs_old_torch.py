"""Has the first update in a PyTorch without hooks on steps met, which then refuses its version."""

from __future__ import annotations

import functools
from typing import Any


def meet_in_old_torch(module: Any, door: Any) -> None:
    """Tells the door of an update before it is made.

    Args:
        module: `torch.optim.optimizer` of a PyTorch before 2.0, just executed.
        door: See `autolrs_door.py`.
    """
    make = module.Optimizer.__init__

    @functools.wraps(make)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        _watch_step(type(self), door)
        make(self, *args, **kwargs)

    module.Optimizer.__init__ = noted


def _watch_step(kind: Any, door: Any) -> None:
    """Of the class, since schedulers of PyTorch wrap the bound method."""
    step = kind.step
    if getattr(step, "autolrs", False):
        return

    @functools.wraps(step)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        door.before(self)
        return step(self, *args, **kwargs)

    watched.autolrs = True  # type: ignore[attr-defined]
    kind.step = watched
