"""Whether the LR that an update meets is the one that was set for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from autolrs._state.articles import with_article
from autolrs._torch.wrapped_optimizers import hook
from autolrs._torch_lr.schedulers import schedulers_of
from autolrs.errors import ChangedError, NotHeldError, SecondSchedulerError


class _Set(NamedTuple):
    """What stood in a parameter group when the tuner had set its LR."""

    group: dict[str, Any]
    lr: Any
    version: int | None
    """That of a tensor: it tells that something wrote to it, without reading the device."""


class LrWatch:
    """Compares the LRs that each update meets with those that were set, and names a second setter.

    Args:
        leaves: The optimizers that make the updates.
        steered: What the script knows them by, to find who holds them.
        is_over: True once the training that is steered has ended.
    """

    def __init__(
        self,
        leaves: Sequence[Optimizer],
        steered: Sequence[Any],
        is_over: Callable[[], bool],
    ) -> None:
        self._leaves = leaves
        self._steered = [*steered, *leaves]
        self._is_over = is_over
        self._set: dict[int, list[_Set]] = {}
        for item in leaves:
            hook(item, before=self._compare)

    def note(self) -> None:
        """What stands in the groups now is what the next update is to meet."""
        self._set = {
            id(item): [_Set(group, lr := group["lr"], _version(lr)) for group in item.param_groups]
            for item in self._leaves
        }

    def _compare(self, optimizer: Optimizer, *_: Any) -> None:
        for was, group in zip(self._set.get(id(optimizer), ()), optimizer.param_groups):
            now = group["lr"]
            if now is not was.lr or (was.version is not None and now._version != was.version):
                self._judge(optimizer, was, now)

    def _judge(self, optimizer: Optimizer, was: _Set, now: Any) -> None:
        # A tensor that another wrote to is read: that is no longer a run whose speed counts.
        if type(now) is type(was.lr) and not isinstance(now, Tensor) and now == was.lr:
            return  # put back as it was
        if self._is_over():
            return
        at = next(i for i, group in enumerate(optimizer.param_groups) if group["lr"] is now)
        raise SecondSchedulerError(
            "take the line that sets the learning rate out of the script, or run with "
            f"--keep-schedule: {_who(self._steered)} set that of parameter group {at} to "
            f"{_read(now)} where the tuner had set {'another' if now is was.lr else _read(was.lr)}"
        )


class GroupWatch:
    """Finds out at the next update that what is trained is no longer what was handed over.

    Args:
        leaves: The optimizers that make the updates.
        is_over: True once the training that is steered has ended.
    """

    def __init__(self, leaves: Sequence[Optimizer], is_over: Callable[[], bool]) -> None:
        self._is_over = is_over
        self.has_met = False
        """An update has come."""
        self._shapes = {id(item): _shape(item) for item in leaves}
        for item in leaves:
            hook(item, before=self._compare)

    def _compare(self, optimizer: Optimizer, *_: Any) -> None:
        self.has_met = True
        was = self._shapes[id(optimizer)]
        groups = optimizer.param_groups
        if len(groups) == len(was):
            for group, count in zip(groups, was):
                if len(group["params"]) != count:
                    break
            else:
                return
        if self._is_over():
            return
        now = _shape(optimizer)
        raise ChangedError(
            "create all parameter groups before the loop begins, at an LR of their own from the "
            f"start (a frozen parameter has no gradient, and is passed over): the "
            f"{type(optimizer).__name__} had groups of {_listed(was)} parameters then and has "
            f"{_listed(now)} now, which no rollback takes back and no new process finds again"
        )


def refuse_no_lr(groups: Sequence[dict[str, Any]]) -> None:
    """Says what to do where an optimizer has no LR that could be set.

    Raises:
        NotHeldError: A group's LR is no number.
    """
    for at, group in enumerate(groups):
        lr = group.get("lr")
        try:
            float(lr)  # type: ignore[arg-type]
        except (TypeError, ValueError, RuntimeError):
            raise NotHeldError(
                f"give the optimizer a learning rate: that of parameter group {at} is {lr!r}, so "
                "that it goes by one of its own, and there is none to steer (Adafactor: lr=1e-3, "
                "relative_step=False, scale_parameter=False)"
            ) from None


def refuse_lazy(model: nn.Module) -> None:
    """Says what to do where layers wait for the first batch to know their shapes.

    Raises:
        NotHeldError: Such layers are there.
    """
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if is_lazy(value):
            raise NotHeldError(
                "run one batch through the model before attach, and make the optimizer after it: "
                f"{name!r} has no shape yet (a lazy layer), and there is nothing to save"
            )


def _version(lr: Any) -> int | None:
    return lr._version if isinstance(lr, Tensor) else None


def _shape(optimizer: Optimizer) -> list[int]:
    return [len(group["params"]) for group in optimizer.param_groups]


def _listed(counts: Sequence[int]) -> str:
    return (
        " and ".join(
            [", ".join(map(str, counts[:-1])), str(counts[-1])] if counts[1:] else map(str, counts)
        )
        or "no"
    )


def _read(lr: Any) -> str:
    with torch.no_grad():
        try:
            return f"{float(lr):.6g}"
        except (TypeError, ValueError, RuntimeError):
            return repr(lr)


def _who(steered: Sequence[Any]) -> str:
    named = sorted({with_article(type(item).__name__) for item in schedulers_of(steered)})
    return " or ".join(named) or "something else"
