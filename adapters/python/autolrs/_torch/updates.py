"""Tells optimizer updates from what only resembles one: micro-batches, and skips by a scaler."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.amp import GradScaler
from torch.optim import Optimizer

from autolrs._torch.wrapped_optimizers import hook
from autolrs._torch_ranks.sharded import is_sharded

MAX_SKIPS = 64
"""Each skip halves a GradScaler's scale: after so many in a row it is not the scale's fault."""

MANY_CALLS = 1000
"""So many steps in a row without an update are no gradient accumulation."""

EAGER_CHECKS = 16
"""How often weights are looked at while it is open whether updates are seen. After that, only each
time that twice as many calls as before have gone by without one."""


class Updates:
    """Watches optimizers, and says whether an update was made.

    An optimizer tells of each update by a hook. Some do not: one in a captured graph, or one in
    code of the script's own. So where none is told, a few weights are looked at: if they have
    changed, each call counts for an update from then on. A fused optimizer that skips an update
    on the device itself is not seen to skip it.

    Args:
        optimizers: All that make updates.
        scalers: What may skip one.
        is_one_of_many: Other ranks train too. All must then count alike, so that a skip is judged
            without the loss, which is the rank's own.
    """

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        scalers: Iterable[GradScaler] = (),
        is_one_of_many: bool = False,
    ) -> None:
        self._optimizers = optimizers
        self._scalers = list(scalers)
        self._is_one_of_many = is_one_of_many
        self._counts: dict[int, int] = {}
        self._tried = [_attempt(scaler) for scaler in self._scalers]
        self._skips = 0
        self._losses: list[Any] = []
        self._calls = 0  # since the last update
        self._checks_left = EAGER_CHECKS
        self._next_check = 1
        self._weights: list[float] | None = None
        self._was_seen = False  # an update, by a hook
        self._has_averaged = False
        self._most_at_once = 1
        self.fresh = 0
        """Updates since they were asked for last, by the laziest of the optimizers that made any:
        a critic has several to one of its generator."""
        self.is_involved = bool(self._scalers)
        """True where a call may not stand for one update, and its loss not for that update's."""
        self.counts_calls = False
        """True where updates are not seen, and each call stands for one."""
        self.calls_per_update = 1
        """Of the last update."""
        self.is_behind = False
        """Only the first call followed no update, as where each one comes before its own."""
        self.warnings: list[str] = []
        """What a person should know and has not been told."""
        for optimizer in optimizers:
            hook(optimizer, after=self._note if len(optimizers) == 1 else self._note_one_of_many)

    def take(self) -> bool:
        """True if one was made since it was asked last."""
        is_made, self.fresh = self.fresh > 0, 0
        return is_made

    def begin(self) -> None:
        """Training goes on from here: what was updated before was not asked for."""
        self.take()
        if not self.counts_calls and not self._was_seen:
            self._weights = self._look()

    def judge(self, loss: Any) -> Any | None:
        """The loss to count, after an update was tried; None if a scaler skipped the update.

        A skip counts after all if the loss is not finite, or if it is one of too many in a row:
        training has diverged then, and would be skipped for ever.
        """
        if self.take():
            return loss
        self._skips += 1
        # To read it makes the device wait, as the scaler has done to skip.
        if not self._is_one_of_many and not math.isfinite(
            loss.item() if isinstance(loss, Tensor) else loss
        ):
            return loss
        return math.nan if self._skips >= MAX_SKIPS else None

    def count(self, loss: Any, hold: Any) -> Any | None:
        """The loss to count for an update; None if this call brings none.

        Args:
            loss: What the script gave.
            hold: Makes it fit for keeping until the update comes.

        Returns:
            The mean of the losses since the last update.
        """
        made = self.fresh
        was_tried = self._was_tried()
        if not self.take():
            return self._skipped(loss) if was_tried else self._without_update(loss, hold)
        if made > self._most_at_once:
            self._note_several(made)
        return self._mean(loss, hold) if self._calls else loss

    def _without_update(self, loss: Any, hold: Any) -> Any | None:
        self.is_behind = False
        if self._calls >= MANY_CALLS or self._has_changed():
            return self._count_calls(loss)
        self._calls += 1
        self.is_involved = True
        self._losses.append(hold(loss))
        return None

    def _skipped(self, loss: Any) -> Any | None:
        self._forget_calls()
        return self.judge(loss)

    def _forget_calls(self) -> None:
        self._losses.clear()
        self._calls = 0
        self.is_involved = bool(self._scalers)

    def _count_calls(self, loss: Any) -> Any:
        """Each call stands for an update from this one on."""
        self.counts_calls = True
        calls = self._calls
        self._forget_calls()
        if calls >= MANY_CALLS:
            self.warnings.append(
                f"tuner.step was called {calls} times, and the optimizer that attach was given "
                "made no update; hand over the one whose step() the loop calls. Each call counts "
                "for an update from here on"
            )
        elif self._was_seen:
            self.warnings.append(
                "the optimizer's updates are seen no more, as where a captured graph makes them; "
                f"each call of tuner.step counts for one from here on, {calls} before did not"
            )
        return loss

    def _note_several(self, made: int) -> None:
        self._most_at_once = made
        self.warnings.append(
            f"call tuner.step(loss) after each optimizer.step(): {made} updates were made for one "
            "call, which counts for one step, at one learning rate"
        )

    def _mean(self, loss: Any, hold: Any) -> Any:
        losses = [*self._losses, hold(loss)]
        self.calls_per_update = self._calls + 1
        self.is_behind = self._calls == 1 and not self._has_averaged
        self._has_averaged = True
        self._forget_calls()
        self._next_check = max(self._next_check, 2 * self.calls_per_update)
        self._weights = None
        if all(isinstance(each, float) for each in losses):
            return sum(losses) / len(losses)
        return torch.stack([torch.as_tensor(each).float() for each in losses]).mean()

    def _was_tried(self) -> bool:
        """True if a scaler has come to the end of an update since it was asked last."""
        tried = [_attempt(scaler) for scaler in self._scalers]
        is_tried = any(a is not b for a, b in zip(tried, self._tried))
        self._tried = tried
        return is_tried

    def _has_changed(self) -> bool:
        """True if weights are others than at the last check, though no update was told."""
        if self._checks_left <= 0 and self._calls + 1 < self._next_check:
            return False
        self._checks_left -= 1
        before, self._weights = self._weights, self._look()
        if before is None:
            return False
        if self._checks_left <= 0:
            self._next_check *= 2
        return str(before) != str(self._weights)  # so that NaN is the same as NaN

    @torch.no_grad()
    def _look(self) -> list[float] | None:
        weights = [p for o in self._optimizers for g in o.param_groups for p in g["params"]]
        weights = [each for each in weights if each.requires_grad]
        if any(map(is_sharded, weights)):
            return None  # ranks would see different parts, and count differently
        some = weights[:: max(1, len(weights) // 8)][:8] + weights[-1:]
        parts = [each.detach().reshape(-1)[:512].float() for each in some]
        devices = {part.device for part in parts}
        if len(devices) > 1:
            parts = [part.cpu() for part in parts]
        values: list[float] = torch.cat(parts).tolist() if parts else []
        return values

    def _note(self, *_: Any) -> None:
        self.fresh += 1
        self._was_seen = True
        self._skips = 0

    def _note_one_of_many(self, optimizer: Optimizer, *_: Any) -> None:
        counts = self._counts
        if self.fresh == 0:
            counts.clear()
        counts[id(optimizer)] = counts.get(id(optimizer), 0) + 1
        self.fresh = min(counts.values()) - 1
        self._note()


def scalers_in(extra: Iterable[Any]) -> list[GradScaler]:
    """Those that may skip updates."""
    return [item for item in extra if isinstance(item, GradScaler) and item.is_enabled()]


def _attempt(scaler: GradScaler) -> Any:
    # It forgets what it knows of each optimizer where `update` ends an attempt.
    return getattr(scaler, "_per_optimizer_states", None)
