"""Finds what sets the LR of optimizers: PyTorch's schedulers, and what is named as they are."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


def schedulers_of(optimizers: Sequence[Any], of_torch: bool = False) -> list[Any]:
    """The living schedulers of these optimizers.

    A plateau scheduler leaves no mark on the optimizer, and a mark outlives its scheduler: so the
    living ones are looked for.

    Args:
        optimizers: What the script knows them by, too.
        of_torch: Only those whose state can be kept as PyTorch keeps it.
    """
    kinds: dict[type, bool] = {}
    found = []
    for item in gc.get_objects():
        # `type`, because isinstance may wake lazy proxies.
        kind = type(item)
        is_one = kinds.get(kind)
        if is_one is None:
            is_one = kinds[kind] = _is_of_torch(kind) or (not of_torch and _is_named_so(kind))
        # By its own dict: a property might do anything.
        held = getattr(item, "__dict__", {}).get("optimizer") if is_one else None
        if held is not None and any(held is own for own in optimizers):
            found.append(item)
    return found


def _is_of_torch(kind: type) -> bool:
    return issubclass(kind, (LRScheduler, ReduceLROnPlateau))


def _is_named_so(kind: type) -> bool:
    # What else holds the optimizer and has a `step` may be a trainer, an engine or a wrapper, and
    # what sets no LR where a tuner drives it may well have code that would. So nothing but a name
    # tells before the loop; `LrWatch` then goes by the LR itself, whatever has set it.
    return getattr(kind, "__name__", "").endswith(("Scheduler", "LR")) and hasattr(kind, "step")
