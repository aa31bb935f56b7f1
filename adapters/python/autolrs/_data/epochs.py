"""Goes through a loader epoch after epoch, and knows where in its data each batch stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from autolrs.hooks import Hooks

_NO_BATCH: Any = object()


class DataPosition(NamedTuple):
    """Where a batch stands, in plain values: enough to find it again in another process."""

    epoch: int
    """The epoch that holds it; the first is 0."""
    batches: int
    """How many batches of that epoch come before it."""
    state: Any
    """What `Hooks.data_state` gave at the start of that epoch."""


class EpochEnd(Exception):
    """The next batch belongs to an epoch that is not wanted yet."""


class Batches(Iterator[Any]):
    """What a loop over batches goes through. Has a length, as the loader has it, for who asks.

    Args:
        batches: What it yields.
        length: How many they are, if it is known.
    """

    def __init__(self, batches: Iterator[Any], length: int | None) -> None:
        self._batches = batches
        self._length = length

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        return next(self._batches)

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("the loader that the tuner was given tells no length")
        return self._length

    def close(self) -> None:
        """The loop is left."""
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()


class Epochs:
    """Yields the batches of a loader, again and again, until an epoch brings none.

    Args:
        loader: Anything that can be iterated. An iterator has one epoch and cannot go back.
        hooks: Gives the random numbers by which the loader shuffles.
    """

    def __init__(self, loader: Iterable[Any], hooks: Hooks) -> None:
        self._loader = loader
        self._hooks = hooks
        self._is_one_shot = isinstance(loader, Iterator)
        self._length = None if self._is_one_shot else length_of(loader)
        self._batches: Iterator[Any] = iter(())
        self._epoch = -1
        self._state: Any = None
        self._count = 0
        self._is_ended = False  # seen to be: without a length that takes a try

    @property
    def is_between(self) -> bool:
        """True where the next batch is known to be the first of an epoch."""
        if self._count == 0 or self._is_ended:
            return True
        return self._count == self._length and not self._has_more()

    @property
    def next_epoch(self) -> int:
        """The epoch of the next batch, as far as is known without asking for it."""
        return self._epoch + 1 if self.is_between else self._epoch

    @property
    def epoch(self) -> int:
        """The epoch of the last batch."""
        return self._epoch

    def take(self, loader: Iterable[Any]) -> None:
        """Goes on with another loader of the same data, if an epoch is over."""
        if loader is not self._loader and self.is_between:
            self._loader = loader
            self._length = length_of(loader)

    @property
    def place(self) -> DataPosition:
        """Where the next batch stands.

        At the end of an epoch that is the start of the next one, if the loader tells its length;
        else the end of this one, which is the same place, but takes longer to come back to.
        """
        if self._count == 0 or (self._count == self._length and self.is_between):
            return DataPosition(self._epoch + 1, 0, self._hooks.data_state(self._loader))
        return DataPosition(self._epoch, self._count, self._state)

    def __iter__(self) -> Epochs:
        return self

    def __next__(self) -> Any:
        return self.next_before(None)

    def next_before(self, epoch: int | None) -> Any:
        """The next batch, if it comes before an epoch.

        Raises:
            EpochEnd: It does not; nothing of that epoch has begun.
            StopIteration: There is none.
        """
        batch = next(self._batches, _NO_BATCH)
        if batch is not _NO_BATCH:
            self._count += 1
            return batch
        self._is_ended = self._count > 0
        if epoch is not None and self._epoch + 1 >= epoch:
            raise EpochEnd
        return self._first_of_next_epoch()

    def seek(self, place: DataPosition) -> bool:
        """Goes to a place, also to one that another process was at. False if it is not there.

        The batches before it are loaded, and that may draw random numbers meant for training: the
        caller puts those back.
        """
        if self._is_one_shot and self._count > 0:
            if place.batches < self._count:
                return False
        else:
            self._hooks.set_data_state(self._loader, place.state)
            self._batches, self._count, self._epoch = iter(()), 0, place.epoch - 1
            self._is_ended = False
            if place.batches > 0 and next(self, _NO_BATCH) is _NO_BATCH:
                return False
        # Not by `next(self)`, which would go on into another epoch where this one is too short.
        self._count += sum(1 for _ in islice(self._batches, place.batches - self._count))
        return self._count == place.batches

    def _first_of_next_epoch(self) -> Any:
        tell_epoch(self._loader, self._epoch + 1)
        state = self._hooks.data_state(self._loader)
        # The seed of a shuffle is drawn at the start, or when the first batch is asked for.
        with self._hooks.data_rng():
            batches = iter(self._loader)
            first = next(batches, _NO_BATCH)
        if first is _NO_BATCH:
            raise StopIteration  # and the place stays what it was: an iterator ends only once
        self._batches, self._state = batches, state
        self._epoch += 1
        self._count = 1
        self._is_ended = False
        return first

    def _has_more(self) -> bool:
        # Asked, because a length can be wrong, and because to end may draw random numbers too.
        batch = next(self._batches, _NO_BATCH)
        if batch is _NO_BATCH:
            return False
        self._batches = chain([batch], self._batches)
        return True


def tell_epoch(loader: Any, epoch: int) -> None:
    """Tells a sampler that shuffles by the number of the epoch which one begins.

    PyTorch's DistributedSampler does, and brings the same order again until it is told.
    """
    batch_sampler = getattr(loader, "batch_sampler", None)
    owners = (
        getattr(loader, "sampler", None),
        batch_sampler,
        getattr(batch_sampler, "sampler", None),
    )
    for owner in {id(owner): owner for owner in owners}.values():
        set_epoch = getattr(owner, "set_epoch", None)
        if callable(set_epoch):
            set_epoch(epoch)


def batches_of(batches: Iterator[Any], loader: Any, epochs: int) -> Batches:
    """What a loop that goes `epochs` times through `loader` is given."""
    length = length_of(loader)
    return Batches(batches, None if length is None else epochs * length)


def length_of(loader: Any) -> int | None:
    """How many batches an epoch has; None if the loader does not know."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):  # a DataLoader has a length only if its data have one
        return None
