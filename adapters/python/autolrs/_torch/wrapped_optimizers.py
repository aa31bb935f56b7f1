"""The optimizers that a script hands over, and those inside them: wrappers hold others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch.amp import GradScaler
from torch.optim import Optimizer

from autolrs._protocol.claim import on_next_run
from autolrs.errors import ArgumentError

DEPTH = 4
"""Wrappers inside each other that are looked into."""


class OptimizerSet:
    """All optimizers that take part in the updates.

    Args:
        given: An optimizer, a wrapper around one or several, or a list of them.

    Raises:
        TypeError: Something given is no optimizer and holds none.
    """

    def __init__(self, given: Any) -> None:
        self.given: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
        """What the script knows them by."""
        self.members: list[Optimizer] = []
        """All whose state is kept, outer ones first."""
        self.leaves: list[Optimizer] = []
        """Those that have no other inside: they make the updates."""
        self.scalers: list[GradScaler] = []
        """What wrappers scale losses by."""
        for item in self.given:
            self._add(item, DEPTH)
            if not self.leaves:
                raise ArgumentError(
                    f"attach was given a {type(item).__name__} for its optimizer, which is no "
                    "torch.optim.Optimizer and holds none; hand over the one whose step() makes "
                    "the updates"
                )

    @property
    def groups(self) -> list[dict[str, Any]]:
        """All parameter groups, each once: a wrapper may share those of the one inside."""
        groups = (group for item in self.members for group in item.param_groups)
        return list({id(group): group for group in groups}.values())

    def knows(self, optimizer: Any) -> bool:
        """True if it is one of them, a wrapper that was given included."""
        return any(optimizer is own for own in (*self.given, *self.members))

    def _add(self, item: Any, depth: int) -> None:
        if any(item is own for own in self.members):
            return
        inner = list(_inside(item)) if depth > 0 else []
        if isinstance(item, Optimizer) and not (inner and _is_shell(item, inner)):
            self.members.append(item)
            if not inner:
                self.leaves.append(item)
        scaler = _attributes(item).get("scaler")
        if inner and isinstance(scaler, GradScaler) and scaler.is_enabled():
            self.scalers.append(scaler)
        for other in inner:
            self._add(other, depth - 1)


def hook(optimizer: Optimizer, before: Any = None, after: Any = None) -> None:
    """Has functions called around each update; one that accepts no hook is passed over."""
    # Those that leave their base class uninitialised have no place for hooks.
    if before is not None and "_optimizer_step_pre_hooks" in _attributes(optimizer):
        on_next_run(optimizer.register_step_pre_hook(before).remove)
    if after is not None and "_optimizer_step_post_hooks" in _attributes(optimizer):
        on_next_run(optimizer.register_step_post_hook(after).remove)


def _inside(item: Any) -> Iterator[Optimizer]:
    """The optimizers that are attributes of another, or in a list or dict there."""
    for value in _attributes(item).values():
        if isinstance(value, Optimizer):
            candidates: Sequence[Any] = [value]
        elif isinstance(value, (list, tuple)) and len(value) <= 64:
            candidates = value
        elif type(value) is dict and len(value) <= 64:
            candidates = [*value.values()]
        else:
            continue
        yield from (own for own in candidates if isinstance(own, Optimizer) and own is not item)


def _attributes(item: Any) -> dict[str, Any]:
    return getattr(item, "__dict__", {})


def _is_shell(outer: Optimizer, inner: Sequence[Optimizer]) -> bool:
    """True for a wrapper that shows the state of the one inside, and has none of its own."""
    return "state" not in _attributes(outer) and any(outer.state is own.state for own in inner)
