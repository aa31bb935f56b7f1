"""Turns steps of optimizers into updates that the session hears of, each with its loss."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, Callable
from weakref import ref

from torch.amp import GradScaler
from torch.optim import Optimizer

from autolrs._auto.refusals import in_turn, no_loss, refuse_capture
from autolrs._auto.session import AutoSession
from autolrs._session.phase import phase
from autolrs._state.articles import with_article
from autolrs._torch.updates import MAX_SKIPS


class Losses:
    """The loss of an update: the sum of the roots of `backward` since the last one.

    Args:
        roots: Filled by `backward`, and emptied here.
        scalers: What may have scaled them.
    """

    def __init__(self, roots: list[Any], scalers: Sequence[GradScaler]) -> None:
        self._roots = roots
        self._scalers = scalers
        self._last: Any = None

    def take(self) -> Any:
        """The loss since it was taken last; the last one again, where no `backward` was.

        Raises:
            NotServedError: There has never been any.
        """
        roots = self._roots
        if not roots:
            if self._last is None:
                raise no_loss()
            return self._last
        loss = roots[0] if len(roots) == 1 else _sum(roots)
        roots.clear()
        for scaler in self._scalers:
            scale = scaler._get_scale_async()
            if scale is not None:
                loss = loss.float() / scale.to(loss.device, non_blocking=True)
                break
        self._last = loss
        return loss

    def forget(self) -> None:
        """What came since the last update belongs to none."""
        self._roots.clear()


class Steering:
    """Takes the door's word of steps, and gives the session its updates.

    Args:
        door: Where steps and roots come through.
        session: Is told of updates.
        leaves: The optimizers that make an update, together if they are several.
        around: Those that have them inside, and others that are to be passed over.
        scalers: What may skip an update.
    """

    def __init__(
        self,
        door: Any,
        session: AutoSession,
        leaves: Sequence[Optimizer],
        around: Sequence[Any],
        scalers: Sequence[GradScaler],
    ) -> None:
        self._session = session
        self._leaves = {id(item): item for item in leaves}
        self._around = {id(item) for item in around}
        self._losses = Losses(door.roots, scalers)
        self._stepped: dict[int, Optimizer] = {}
        """Of the update that is being made."""
        self._outer: Any = None
        """The optimizer whose step is being made, and not inside of another's."""
        self._reentries = 0
        """Steps of the base class that its step is within."""
        self._is_on_device = any(
            each.is_cuda
            for item in leaves
            for group in item.param_groups
            for each in group["params"]
        )
        self._was_updated = False
        self._skips = 0
        self._has_told_of_other = False
        self._door = door
        self._stepless = door.stepless
        door.before, door.after = self.before, self.after
        if len(leaves) > 1:
            door.on_backward = self._refuse_half
        door.on_attempt = self._note_attempt
        session.on_over = self._let_go

    def before(self, optimizer: Any) -> None:
        """An optimizer is about to step."""
        if self._is_on_device:
            refuse_capture()
        if self._outer is optimizer and _is_in_own_step(optimizer):
            self._reentries += 1
        elif self._outer is None or self._outer is optimizer:
            self._outer, self._reentries = optimizer, 0
            if id(optimizer) not in self._leaves and id(optimizer) not in self._around:
                self._meet_other(optimizer)
                return
            if not self._stepped:
                self._session.before_update()

    def after(self, optimizer: Any) -> None:
        """An optimizer has stepped."""
        if self._reentries and optimizer is self._outer:
            self._reentries -= 1
            return
        if id(optimizer) in self._leaves:
            self._stepped[id(optimizer)] = optimizer
        if self._outer is optimizer:
            self._outer = None
            if len(self._stepped) == len(self._leaves):
                self._stepped.clear()
                self._stepless.reset()
                self._was_updated = True
                self._session.step(self._losses.take())

    def _let_go(self, tell_of_more: Callable[[], None]) -> None:
        """The tuner has had its steps: what it steered may leave the memory.

        Args:
            tell_of_more: Says that an update came all the same. It holds nothing of the training.
        """
        own = [ref(item) for item in self._leaves.values()]
        self._door.close()

        def note(optimizer: Any) -> None:
            if any(each() is optimizer for each in own):
                tell_of_more()

        self._door.before = note

    def _meet_other(self, optimizer: Any) -> None:
        if phase() == "commit":
            self._tell_of_other(optimizer)
        elif not self._session.is_over:
            raise in_turn(next(iter(self._leaves.values())), optimizer)

    def _tell_of_other(self, optimizer: Any) -> None:
        if self._has_told_of_other:
            return
        self._has_told_of_other = True
        self._session.warn(
            f"{with_article(type(optimizer).__name__)} that the search did not meet makes updates "
            "too; they are not steered, and keep the learning rate that the script gives them"
        )

    def _refuse_half(self) -> None:
        """A `backward` begins: each optimizer of the update has stepped, or none."""
        # A run that is under way is not ended for what its search did not meet.
        is_to_be_refused = phase() != "commit" and not self._session.is_over
        if self._stepped and self._outer is None and is_to_be_refused:
            missing = next(item for key, item in self._leaves.items() if key not in self._stepped)
            raise in_turn(next(iter(self._stepped.values())), missing)

    def _note_attempt(self) -> None:
        """A scaler has come to the end of an update, made or skipped."""
        if self._was_updated:
            self._was_updated, self._skips = False, 0
            return
        self._losses.forget()
        self._stepless.reset()
        self._skips += 1
        if self._skips >= MAX_SKIPS:
            self._session.step(math.nan)  # it would be skipped for ever


def _sum(roots: Sequence[Any]) -> Any:
    total = roots[0].detach().clone().reshape(())
    for root in roots[1:]:
        total += root.reshape(()).to(total.device)
    return total


def _is_in_own_step(optimizer: Any) -> bool:
    """Whether it calls the step of its base class. Else an exception has ended the step before."""
    frame: FrameType | None = sys._getframe(1)
    steps = 0
    while frame is not None:
        # That of PyTorch, which goes through the hooks.
        is_step = frame.f_code.co_name == "wrapper" and frame.f_code.co_filename == _OF_TORCH
        steps += is_step and frame.f_locals.get("self") is optimizer
        frame = frame.f_back
    return steps > 1


_OF_TORCH = sys.modules["torch.optim.optimizer"].__file__
