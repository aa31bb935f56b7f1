"""Tells optimizer updates from what only looks like one: micro-batches, and skips by a scaler."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.amp import GradScaler
from torch.optim import Optimizer

from autolrs._wire import Wire
from autolrs.hooks import Hooks
from autolrs.session import Session

MAX_SKIPS = 64
"""Each skip halves a GradScaler's scale: after so many in a row it is not the scale's fault."""


class Updates:
    """Watches optimizers, and says whether an update was made.

    A fused optimizer that skips an update on the device itself is not seen to skip it.

    Args:
        optimizers: All that train the model.
        is_one_of_many: Other ranks train it too. All must then count alike, so that a skip is
            judged without the loss, which is the rank's own.
    """

    def __init__(self, optimizers: Sequence[Optimizer], is_one_of_many: bool = False) -> None:
        self._is_one_of_many = is_one_of_many
        self._is_made = False
        self._skips = 0
        for optimizer in optimizers:
            optimizer.register_step_post_hook(self._note)

    def take(self) -> bool:
        """True if one was made since it was asked last."""
        is_made, self._is_made = self._is_made, False
        return is_made

    def judge(self, loss: Any) -> Any | None:
        """The loss to count, after an update was tried; None if a scaler skipped the update.

        A skip counts after all if the loss is not finite, or if it is one of too many in a row:
        training has diverged then, and would be skipped for ever.
        """
        if self.take():
            self._skips = 0
            return loss
        self._skips += 1
        # To read it makes the device wait, as the scaler has done to skip.
        if not self._is_one_of_many and not math.isfinite(
            loss.item() if isinstance(loss, Tensor) else loss
        ):
            return loss
        return math.nan if self._skips >= MAX_SKIPS else None

    def _note(self, *_: Any) -> None:
        self._is_made = True


def has_scaler(extra: Sequence[Any]) -> bool:
    """True if updates may be skipped."""
    return any(isinstance(item, GradScaler) and item.is_enabled() for item in extra)


class ScaledSession(Session):
    """For a loop with a GradScaler: an update that it skips is no step.

    Args:
        updates: Knows which were skipped.
        wire, hooks, total, rewind_bytes: As for `Session`.
    """

    def __init__(
        self, updates: Updates, wire: Wire, hooks: Hooks, total: int | None, rewind_bytes: int
    ) -> None:
        super().__init__(wire, hooks, total, rewind_bytes)
        self._updates = updates

    def step(self, loss: Any) -> None:
        """As in `Session`, after an update that was made."""
        counted = self._updates.judge(loss)
        if counted is None:
            self.skip()
        else:
            super().step(counted)
