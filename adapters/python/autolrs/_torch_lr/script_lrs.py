"""The script's own LRs, by the number of the update that met them.

What a schedule counts by must be taken back by a rollback: then the same update meets the same LR
again. A counter of the script's own runs on, and counts what was tried for what is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from autolrs.errors import SchedulePlaceError

LIMIT = 20_000
"""Updates that are remembered. Each takes some 200 bytes."""

Lrs = tuple[float, ...]


class ScriptLrs:
    """Compares each update's LRs with those that the same update met before a rollback.

    Args:
        leaves: The optimizers that make the updates.
    """

    def __init__(self, leaves: Sequence[Optimizer]) -> None:
        self._at = {id(item): at for at, item in enumerate(leaves)}
        self._leaves = leaves
        self._counts = [0 for _ in leaves]
        self._first: list[Lrs | None] = [None for _ in leaves]
        self._seen: list[dict[int, Lrs]] = [{} for _ in leaves]
        self._restored: list[Lrs | None] = [None for _ in leaves]

    def compare(self, optimizer: Optimizer) -> None:
        """Called before an update, while the LRs are the script's own.

        Raises:
            SchedulePlaceError: The schedule does not go by what a rollback takes back.
        """
        at = self._at[id(optimizer)]
        lrs, count, seen = _lrs_of(optimizer), self._counts[at], self._seen[at]
        self._counts[at] = count + 1
        before = seen.get(count)
        if before is not None:
            if lrs != before:
                raise _out_of_place(count, lrs, "before a rollback", before)
            return
        restored, self._restored[at] = self._restored[at], None
        first = self._first[at]
        if first is None:
            self._first[at] = lrs
        elif restored is not None and lrs != restored and lrs == first:
            # A new process has set the LR of its first update, though schedulers went on.
            raise _out_of_place(count, lrs, "when the checkpoint was made", restored)
        seen[count] = lrs
        if len(seen) > LIMIT:
            del seen[next(iter(seen))]

    def capture(self) -> dict[str, Any]:
        """How many updates there were, and the LRs of the first, as plain values."""
        first = [None if lrs is None else list(lrs) for lrs in self._first]
        return {"counts": list(self._counts), "first": first}

    def apply(self, state: dict[str, Any]) -> None:
        """Goes back to what `capture` gave. The LRs themselves are there already."""
        self._counts = list(state["counts"])
        self._first = [None if lrs is None else tuple(lrs) for lrs in state["first"]]
        self._restored = [_lrs_of(item) for item in self._leaves]


def _lrs_of(optimizer: Optimizer) -> Lrs:
    # What lies on a device is not read: each update would wait for it.
    return tuple(
        (float(lr) if lr.is_cpu else math.inf) if isinstance(lr, Tensor) else float(lr)
        for lr in [group["lr"] for group in optimizer.param_groups]
    )


def _out_of_place(count: int, lrs: Lrs, when: str, before: Lrs) -> SchedulePlaceError:
    at = next((i for i, pair in enumerate(zip(lrs, before)) if pair[0] != pair[1]), 0)
    return SchedulePlaceError(
        "count by tuner.step_count, which a rollback takes back, where the script computes its "
        f"learning rate: for update {count + 1} it set {lrs[at]:.6g}, and {when} it was "
        f"{before[at]:.6g}, so that what it counts by counts trials too"
    )
