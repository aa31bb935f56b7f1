"""LRs that hold for the time of an update alone: between two updates the script finds its own.

A scheduler that computes the next LR from the present one, as ExponentialLR does, never meets what
the tuner sets, and no log of the script's shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

from autolrs._torch.wrapped_optimizers import hook


class UpdateLrs:
    """Changes each group's LR before an update, and puts the script's own back after it.

    Args:
        leaves: The optimizers that make the updates.
        number: What the tuner has set; subclasses say what it means.
    """

    def __init__(self, leaves: Sequence[Optimizer], number: float) -> None:
        self.number = number
        self._first = leaves[0]
        self._highest: float | None = None
        self._highest_on_device: Tensor | None = None
        self._changed: dict[int, list[tuple[dict[str, Any], Any, Any]]] = {}
        for item in leaves:
            hook(item, before=self._change, after=self._put_back)

    def allow_script_step(self) -> None:
        """The script goes on. Nothing is asked of its schedule here."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds of the script's schedule, by name: nothing here."""
        return {}

    def apply(self, state: dict[str, Any]) -> None:
        """Brings back what `state` gave. The LRs themselves come back with the optimizer."""

    def take_own(self) -> float | None:
        """The highest LR of the script's own, of the first group, since it was asked last."""
        seen = [] if self._highest is None else [self._highest]
        if self._highest_on_device is not None:
            seen.append(float(self._highest_on_device))
        self._highest = self._highest_on_device = None
        return max(seen, default=None)

    def _lr_of(self, optimizer: Optimizer, at: int, own: Any) -> Any:
        """The LR of group `at` for this update; `own` itself where it stays."""
        raise NotImplementedError

    def _change(self, optimizer: Optimizer, *_: Any) -> None:
        if self._changed:
            self._put_back(optimizer)  # an update that raised has left its LRs changed
        if optimizer is self._first:
            self._note_own(optimizer.param_groups[0]["lr"])
        changed = []
        tensors: set[int] = set()  # groups may have one in common
        groups = optimizer.param_groups
        # All before the first is set: they may go by each other.
        lrs = [self._lr_of(optimizer, at, group["lr"]) for at, group in enumerate(groups)]
        for group, new in zip(groups, lrs):
            own = group["lr"]
            if new is own:
                continue
            if isinstance(own, Tensor):
                if id(own) in tensors:
                    continue
                tensors.add(id(own))
                kept = own.clone()
                # A compiled or captured step reads this very tensor.
                own.copy_(new) if isinstance(new, Tensor) else own.fill_(new)
                changed.append((group, kept, None))
            else:
                group["lr"] = new
                changed.append((group, own, new))
        if changed:
            self._changed[id(optimizer)] = changed

    def _put_back(self, optimizer: Optimizer, *_: Any) -> None:
        for group, own, new in self._changed.pop(id(optimizer), ()):
            if isinstance(own, Tensor):
                group["lr"].copy_(own)
            elif group["lr"] is new:
                group["lr"] = own

    def _note_own(self, lr: Any) -> None:
        if isinstance(lr, Tensor) and not lr.is_cpu:
            # Not read, since each update would wait for the device.
            lr, seen = lr.detach(), self._highest_on_device
            self._highest_on_device = lr.clone() if seen is None else torch.maximum(seen, lr)
        elif self._highest is None or lr > self._highest:
            self._highest = float(lr)


class FactorLrs(UpdateLrs):
    """The number is a factor on the script's own LRs."""

    def __init__(self, leaves: Sequence[Optimizer]) -> None:
        super().__init__(leaves, 1.0)

    def _lr_of(self, optimizer: Optimizer, at: int, own: Any) -> Any:
        return own if self.number == 1 else own * self.number


class OverrideLrs(UpdateLrs):
    """The number is the LR of the first group, and the others keep their ratios to it.

    Args:
        leaves: The optimizers that make the updates.
        peak: The highest LR that the script would set, for the first group; None if not known.
    """

    def __init__(self, leaves: Sequence[Optimizer], peak: float | None = None) -> None:
        self._leaves = leaves
        self._ratios = _ratios_of(leaves)
        self.on_own_change: Callable[[float, float], None] | None = None
        """Called once, with the script's own LR before and after it has set another."""
        self._own: Any = None
        base = _base_of(leaves[0].param_groups[0])
        super().__init__(leaves, base or peak or 0.0)

    @property
    def groups(self) -> list[float]:
        """Each group's LR over that of the first; 1 where the script has set none but 0 yet."""
        if self._ratios is None:
            return [1.0 for item in self._leaves for _ in item.param_groups]
        return [ratio for item in self._leaves for ratio in self._ratios[id(item)]]

    def _note_own(self, lr: Any) -> None:
        super()._note_own(lr)
        if self.on_own_change is None or isinstance(lr, Tensor):
            return
        before, self._own = self._own, lr
        if before is not None and lr != before:
            self.on_own_change(before, lr)
            self.on_own_change = None

    def _lr_of(self, optimizer: Optimizer, at: int, own: Any) -> Any:
        if self._ratios is None:
            self._ratios = _ratios_of(self._leaves)
            if self._ratios is None:
                return self.number
        ratios = self._ratios[id(optimizer)]
        if at >= len(ratios):  # a group that the script has added since
            base = _base_of(self._first.param_groups[0])
            ratios.append(_base_of(optimizer.param_groups[len(ratios)]) / base if base else 1.0)
        return self.number * ratios[at]


def _ratios_of(leaves: Sequence[Optimizer]) -> dict[int, list[float]] | None:
    """Each group's LR over that of the very first; None while that is 0, as in a warm-up."""
    groups = [group for item in leaves for group in item.param_groups]
    # Where a scheduler says what each began from, a warm-up may stand anywhere.
    has_bases = all(float(group.get("initial_lr", 0)) > 0 for group in groups)
    read = _initial if has_bases else _lr if _lr(groups[0]) else _base_of
    base = read(groups[0])
    if not base:
        return None
    return {id(item): [read(group) / base for group in item.param_groups] for item in leaves}


def _base_of(group: dict[str, Any]) -> float:
    """The LR that a group has now; where that is 0, the one that its scheduler began from."""
    return _lr(group) or float(group.get("initial_lr", 0))


def _initial(group: dict[str, Any]) -> float:
    return float(group["initial_lr"])


def _lr(group: dict[str, Any]) -> float:
    return float(group["lr"])
