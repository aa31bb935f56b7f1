"""The loops over data that a script writes: flat, or over batches within one over epochs.

A flat loop goes on until the tuner has had its steps. Within a loop over epochs the loop over
batches ends with each epoch, and what stands after it is to see what stays of training: so in a
trial it goes on into the next epoch, and ends once the trial is rolled back and the epoch is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Callable, Protocol

from autolrs._data.batch_replay import BatchReplay
from autolrs._data.epochs import EpochEnd, Epochs, batches_of, length_of
from autolrs._data.loop_detection import Loops, Stack
from autolrs._data.loop_length import UncountableError
from autolrs._data.pause import Pause
from autolrs._session.handler import RequestHandler
from autolrs.errors import TrainingOverError
from autolrs.hooks import Hooks

_IN_ONE_PLACE = (
    "the tuner goes through its batches in one place of the script, and this is another: hand one "
    "loader to it, which brings all that a step needs, and go through other data without it"
)


class LoopSession(Protocol):
    """What a loop asks of the session."""

    @property
    def done(self) -> bool:
        """True once the tuner has had its steps; until then, steps are wanted."""

    @property
    def is_over(self) -> bool:
        """The same, without waiting."""

    @property
    def has_begun(self) -> bool:
        """True once the tuner was listened to."""

    @property
    def is_search(self) -> bool:
        """True while the steps that are wanted will be rolled back."""

    def note_batch(self, epoch_length: int | None) -> None:
        """The script goes on to another batch of an epoch of so many, if that is known."""

    def over(self, remedy: str) -> TrainingOverError:
        """An error that says that the tuner has had its steps; the tuner is told too."""

    def steps_in(self, epochs: int, batches: int, entries: int) -> int:
        """How many updates so many epochs of so many batches are; see `Session`."""

    def close(self) -> None:
        """Says that no more steps come."""


class DataLoop:
    """What `cycle`, `epochs` and `batches` of a session do.

    Args:
        session: What steers the training.
        handler: Learns how many steps the script means to do.
        cache: Replays the batches.
        hooks: Those of the model in training.
        pause: For the time between two epochs.
        warn: Tells the tuner what a person should know.
    """

    def __init__(
        self,
        session: LoopSession,
        handler: RequestHandler,
        cache: BatchReplay,
        hooks: Hooks,
        pause: Pause,
        warn: Callable[[str], None],
    ) -> None:
        self._session = session
        self._handler = handler
        self._cache = cache
        self._hooks = hooks
        self._pause = pause
        self._warn = warn
        self._said: set[str] = set()
        self._start = Stack()
        self._loops: Loops | None = None
        """Those around the loop over batches, once it was entered."""
        self._source: Epochs | None = None
        self._meant: int | None = None
        """How many epochs `epochs` was asked for, while it is gone through."""
        self._epoch_length: int | None = None
        self._entered = 0
        self._running: Loops | None = None
        self._next_epoch: int | None = None
        """The first epoch of the data that the script has not been through."""

    @property
    def is_running(self) -> bool:
        """True while the script is within a loop over batches."""
        return self._running is not None

    @property
    def was_entered(self) -> bool:
        """True once the script has asked for batches."""
        return self._entered > 0

    def cycle(self, loader: Iterable[Any], epochs: int) -> Iterator[Any]:
        """See `Tuner.cycle`."""
        loops = self._meet()
        if self._meant is None and loops.around == 0:
            return batches_of(self._flat(loader, epochs, loops), loader, epochs)
        return self._within(loader, epochs, loops)

    def batches(self, loader: Iterable[Any]) -> Iterator[Any]:
        """See `Tuner.batches`."""
        return self._within(loader, 1, self._meet())

    def epochs(self, count: int) -> Iterator[int]:
        """See `Tuner.epochs`."""
        epoch = 0
        self._meant = count
        try:
            if is_continued() and not self._session.has_begun:
                # The tuner knows the total, and the place in the data says which epoch it is.
                self._handler.can_rewind = True
                self._cache.wait_for_source()
                if self._session.done:
                    return
                epoch = self._cache.next_epoch
            while True:
                entered = self._entered
                yield epoch
                if self._entered == entered:
                    self._say(
                        "what stands within tuner.epochs did not ask for tuner.batches(loader), "
                        "so the end of an epoch is not known, and a trial may be in progress there"
                    )
                if self._session.has_begun and self._session.done:
                    return
                epoch += 1
        finally:
            self._meant = None

    def _meet(self) -> Loops:
        """The loops around the loop over batches that is about to be entered.

        Raises:
            ValueError: It is another one than before.
            TrainingOverError: It is, or has come round without a loop, and the tuner is done.
        """
        known = self._loops
        is_same = known is not None and known.site == self._start.site()
        loops = known if known is not None and is_same else self._start.entered()
        if self._session.is_over and not (is_same and loops.around > 0):
            raise self._session.over(
                "another loop over batches would get none: let the first one do all that is to be "
                "tuned, and give a second phase a loop over the loader itself, with an optimizer "
                "of its own"
            )
        is_nested = loops.around > 0 or self._meant is not None
        if known is not None and not is_same and is_nested:
            raise ValueError(_IN_ONE_PLACE)
        self._loops = loops
        return loops

    def _flat(self, loader: Iterable[Any], epochs: int, loops: Loops) -> Iterator[Any]:
        own = self._enter(epochs, 1, loader, loops)
        self._attach(Epochs(loader, self._hooks))
        try:
            while not self._session.done:
                try:
                    batch = self._cache.next()
                except StopIteration:
                    self._session.close()
                    return
                yield batch
                self._go_on()
        finally:
            self._leave(own)

    def _within(self, loader: Iterable[Any], epochs: int, loops: Loops) -> Iterator[Any]:
        if isinstance(loader, Iterator):
            raise ValueError(
                f"the tuner was given a {type(loader).__name__}, which can be gone through once, "
                "and a trial may go on into the next epoch: hand over the loader itself, or an "
                "object whose __iter__ begins anew"
            )
        if self._session.is_over:
            self._say(
                f"the tuner has had its {self._handler.step} steps, and the script's loop over "
                "epochs goes on without batches: write `for epoch in tuner.epochs(E)`, which "
                "ends with them"
            )
            return iter(())
        return batches_of(self._epochs_of(loader, epochs, loops), loader, epochs)

    def _epochs_of(self, loader: Iterable[Any], epochs: int, loops: Loops) -> Iterator[Any]:
        rounds = loops.rounds if self._meant is None else self._meant
        own = self._enter(None if rounds is None else rounds * epochs, rounds or 1, loader, loops)
        if self._source is None:
            self._source = Epochs(loader, self._hooks)
            self._attach(self._source)
        else:
            self._source.take(loader)
        self._go_on()
        end: int | None = None
        has_any = is_left = False
        try:
            while not self._session.done:
                if end is None:
                    end = self._begin_epoch() + epochs
                try:
                    batch = self._cache.next(None if self._session.is_search else end)
                except EpochEnd:
                    if has_any:
                        break
                    end = self._cache.next_epoch + epochs
                    continue
                except StopIteration:
                    self._session.close()
                    return
                has_any = is_left = True
                yield batch
                is_left = False
                self._go_on()
            self._next_epoch = end
        finally:
            self._leave(own)
            if is_left and self._session.is_search and not self._session.is_over:
                self._say(
                    "the loop over batches was left amid a trial, whose weights are what the "
                    "script now sees: let it come to its end"
                )
        if not self._session.is_over:
            self._pause.begin()

    def _begin_epoch(self) -> int:
        """The epoch of the data with which the script's loop begins."""
        if self._next_epoch is not None:
            return self._next_epoch
        epoch = self._cache.next_epoch
        if epoch > 0 and self._meant is None:
            self._say(
                f"this process goes on in epoch {epoch + 1} of the data, and the script's own "
                "loop over epochs counts from its beginning: `for epoch in tuner.epochs(E)` "
                "counts on"
            )
        return epoch

    def _enter(
        self, epochs: int | None, entries: int, loader: Iterable[Any], loops: Loops
    ) -> Loops:
        if self._running is not None and self._running.site != loops.site:
            raise ValueError(_IN_ONE_PLACE)
        self._entered += 1
        self._running = loops
        if not self._session.has_begun:
            self._handler.can_rewind = True
            length = self._epoch_length = length_of(loader)
            self._handler.uncounted = (
                loops.uncounted
                if length is not None
                else f"the number of batches of a {type(loader).__name__}"
            )
            if self._handler.total is None and length is not None and epochs is not None:
                try:
                    total = self._session.steps_in(epochs, length, entries)
                    self._handler.total = total
                    self._handler.epoch = max(1, total // epochs) if epochs > 0 else None
                except UncountableError as error:
                    self._handler.uncounted = error.what
        return loops

    def _leave(self, own: Loops) -> None:
        if self._running is own:
            self._running = None
            self._pause.end()  # a `break` may come right after `every`

    def _attach(self, source: Epochs) -> None:
        self._pause.begin()  # to go to a place may draw random numbers
        if not self._cache.attach(source):
            self._warn("the data are not those of the checkpoint; training goes on with others")
        self._pause.end()

    def _go_on(self) -> None:
        self._pause.end()
        self._session.note_batch(self._epoch_length)

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._warn(message)


def is_continued() -> bool:
    """True if another process of the run came before, which the tuner says in the environment."""
    return os.environ.get("AUTOLRS_CONTINUES") == "1"
