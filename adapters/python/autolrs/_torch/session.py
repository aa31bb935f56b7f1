"""The session of a PyTorch loop: a step is an update of its optimizers."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Callable, TypeVar

from autolrs._data.batch_replay import DEFAULT_BYTES
from autolrs._data.generators import has_lasting_workers
from autolrs._protocol.messages import Request
from autolrs._protocol.wire import Wire
from autolrs._session.train_request import TrainRequest
from autolrs._torch.accumulated import updates_by_source
from autolrs._torch.hooks import TorchHooks
from autolrs._torch.updates import Updates, scalers_in
from autolrs.errors import StepOrderError
from autolrs.session import GOES_ON, Session

Batch = TypeVar("Batch")

MANY_LATE_UPDATES = 4
"""So many batches in a row whose update came after the call of `step` are no chance."""

_ORDER = "call `tuner.step(loss)` after `optimizer.step()`, for it may roll the model back"


class CountedSession(Session):
    """Counts updates, and not calls: a micro-batch, and what a scaler skips, is no step.

    Args:
        updates: Knows which calls of `step` follow an update.
        wire, hooks, total, rewind_bytes: As for `Session`.
    """

    def __init__(
        self,
        updates: Updates,
        wire: Wire,
        hooks: TorchHooks,
        total: int | None = None,
        rewind_bytes: int = DEFAULT_BYTES,
    ) -> None:
        super().__init__(wire, hooks, total, rewind_bytes)
        self._updates = updates
        self._of_torch = hooks
        self._cycle_total: int | None = None
        self._is_updated = False
        """An update was made since the last batch came."""
        self._late_updates = 0
        """Batches in a row whose first update came after `step`."""
        self._allow_script_step: Callable[[], None] | None = None
        hooks.tell_by(self)

    def step(self, loss: Any) -> None:
        """As in `Session`, after an update; before it, the loss is kept for the mean."""
        self._is_called = True
        updates = self._updates
        if (updates.fresh == 1 and not updates.is_involved) or updates.counts_calls:
            updates.fresh = 0
            Session.step(self, loss)
        else:
            self._step_otherwise(loss)
        if self._allow_script_step is not None:
            self._allow_script_step()

    def note_batch(self, epoch_length: int | None) -> None:
        """As in `Session`."""
        self._is_updated = False
        super().note_batch(epoch_length)

    def before_update(self) -> None:
        """As in `Session`, and notices where `step` is called before the update that it counts.

        Raises:
            StepOrderError: It is, batch after batch.
        """
        if self._updates.is_behind:
            if self._is_over:
                raise self.over(
                    f"another update came: {_ORDER}; if it stands there already, {GOES_ON}"
                )
            if self._loop.is_running and not self._is_updated:
                self._note_order()
            self._is_updated = True
        super().before_update()

    def _note_order(self) -> None:
        """The first update since a batch came: late, if `step` was called since."""
        self._late_updates = self._late_updates + 1 if self._is_new else 0
        if self._late_updates >= MANY_LATE_UPDATES:
            raise StepOrderError(f"{_ORDER}: the script calls it before")

    def _step_otherwise(self, loss: Any) -> None:
        counted = self._updates.count(loss, self._hold)
        if counted is not None:
            # One mean alone may be of a call too many.
            if counted is not loss and not self._updates.is_behind:
                self._tell_total()
            Session.step(self, counted)
        else:
            self._wait_for_update()
        if self._updates.warnings:
            self._tell()

    def _begin_scaling(self, request: Request) -> None:
        super()._begin_scaling(request)
        own = self._of_torch.own
        self._allow_script_step = None if own is None else own.allow_script_step

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """As in `Session`, where workers that live on are told of."""
        self._tell_of_workers(loader)
        return super().cycle(loader, epochs)

    def batches(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        """As in `Session`, where workers that live on are told of."""
        self._tell_of_workers(loader)
        return super().batches(loader)

    def _tell_of_workers(self, loader: Iterable[Any]) -> None:
        if has_lasting_workers(loader) and self._handler.holds_place:
            self._handler.holds_place = False
            self._updates.warnings.append(
                "give the DataLoader persistent_workers=False if its workers draw random numbers, "
                "as for augmentation: those of workers that live on cannot be saved, and a run "
                "that is resumed, or started again, would augment otherwise than undisturbed"
            )

    def _hold(self, loss: Any) -> Any:
        value = self._hooks.read_loss(loss)
        return self._hooks.hold_loss(loss) if value is None else value

    def _wait_for_update(self) -> None:
        training = self._training
        if training is None:
            if not self._is_over:
                self._serve()
        elif self._wire.has_input:
            self._check(training)

    def _begin(self, training: TrainRequest) -> dict[str, Any] | None:
        self._updates.begin()
        self._tell()
        return super()._begin(training)

    def steps_in(self, epochs: int, batches: int, entries: int) -> int:
        updates = updates_in(batches)
        if updates == batches:
            optimizers = self._of_torch.optimizer_set
            known = [*optimizers.given, *optimizers.members]
            by_source = updates_by_source(known, epochs * batches // entries)
            if by_source is not None:
                return entries * by_source
        self._cycle_total = epochs * batches if updates == batches else None
        return epochs * updates

    def _tell_total(self) -> None:
        told, self._cycle_total = self._cycle_total, None
        every = self._updates.calls_per_update
        if told is not None and told == self._handler.total and every > 1:
            self.warn(
                f"give attach(..., total={told // every}): cycle has told {told} steps, one for "
                f"each batch, and an update takes {every} batches here"
            )

    def _tell(self) -> None:
        warnings, self._updates.warnings = self._updates.warnings, []
        for message in warnings:
            self.warn(message)


def updates_of(hooks: TorchHooks, is_one_of_many: bool = False) -> Updates:
    """What watches the updates of these hooks' optimizers. Other ranks train too, or not."""
    return Updates(hooks.optimizer_set.leaves, scalers_in(hooks.extras), is_one_of_many)


def updates_in(batches: int) -> int:
    """How many updates an epoch of so many batches has, where Accelerate accumulates gradients."""
    state = getattr(sys.modules.get("accelerate.state"), "GradientState", None)
    if state is None or not state._shared_state:
        return batches
    shared = state()
    every = int(shared.num_steps)
    return math.ceil(batches / every) if shared.sync_with_dataloader else batches // every
