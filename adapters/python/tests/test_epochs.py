"""The place of a batch in its data, and the way back to it with another loader."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Callable

import pytest
from toy import Toy

from autolrs._data.epochs import DataPosition, Epochs, length_of, tell_epoch
from autolrs.tuner import InertTuner


class Shuffled:
    """Says nothing of its length, and draws its order when the first batch is asked for."""

    def __iter__(self) -> Iterator[int]:
        order = list(range(5))
        random.shuffle(order)
        yield from order


class Sized(Shuffled):
    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length


class DrawsAtItsEnd(Sized):
    """As torch's RandomSampler does."""

    def __iter__(self) -> Iterator[int]:
        yield from super().__iter__()
        random.random()


def once() -> Iterator[int]:
    order = list(range(18))
    random.shuffle(order)
    yield from order


LOADERS: dict[str, Callable[[], Iterable[int]]] = {
    "without length": Shuffled,
    "with length": lambda: Sized(5),
    "with a length too short": lambda: Sized(3),
    "with a length too long": lambda: Sized(9),
    "that draws at its end": lambda: DrawsAtItsEnd(5),
    "in order": lambda: list(range(5)),
    "that is an iterator": once,
    "that is empty": list,
}


def take(epochs: Epochs, count: int) -> list[Any]:
    return list(islice(epochs, count))


@pytest.fixture(params=LOADERS)
def make(request: pytest.FixtureRequest) -> Callable[[int], Epochs]:
    """Makes epochs as a new process does, which has its own random numbers."""

    def make(seed: int) -> Epochs:
        random.seed(seed)
        return Epochs(LOADERS[request.param](), Toy(None))

    return make


@pytest.mark.parametrize("count", range(16))
def test_another_process_goes_on_as_the_first_would_have(
    make: Callable[[int], Epochs], count: int
) -> None:
    first, second = make(0), make(1)
    take(first, count)
    place = first.place
    assert second.seek(place)
    assert second.place == place
    assert take(second, 20) == take(first, 20)
    assert second.place == first.place


def test_a_place_can_be_asked_for_at_any_time(make: Callable[[int], Epochs]) -> None:
    first, second = make(0), make(0)
    batches: list[Any] = []
    while first.place and (batch := next(first, None)) is not None and len(batches) < 30:
        batches.append(batch)
    assert batches == take(second, len(batches))


def test_one_process_goes_back_and_forth() -> None:
    epochs = Epochs(Sized(5), Toy(None))
    early = epochs.place
    before = take(epochs, 12)
    late = epochs.place
    after = take(epochs, 12)
    for _ in range(2):
        assert epochs.seek(early)
        assert take(epochs, 12) == before
        assert epochs.seek(late)
        assert take(epochs, 12) == after


def test_the_end_of_an_epoch_is_the_start_of_the_next_one_if_the_length_is_known() -> None:
    known, unknown = Epochs(Sized(5), Toy(None)), Epochs(Shuffled(), Toy(None))
    take(known, 10)
    take(unknown, 10)
    assert known.place[:2] == (2, 0)
    assert unknown.place[:2] == (1, 5)


def test_an_iterator_goes_on_and_not_back() -> None:
    epochs = Epochs(iter(range(10)), Toy(None))
    early = epochs.place
    take(epochs, 4)
    later = epochs.place
    assert not epochs.seek(early)
    assert take(epochs, 1) == [4]
    assert not epochs.seek(later)
    assert epochs.seek(later._replace(batches=7))
    assert take(epochs, 10) == [7, 8, 9]


@pytest.mark.parametrize("left", [[], [0, 1, 2]])
def test_data_that_became_fewer_are_told_of_and_go_on(left: list[int]) -> None:
    first = Epochs(range(5), Toy(None))
    take(first, 4)
    second = Epochs(left, Toy(None))
    assert not second.seek(first.place)
    assert take(second, 2) == left[:2]


def test_the_length_of_what_cannot_tell_it_is_none() -> None:
    class Unable:
        def __len__(self) -> int:
            raise TypeError("object of type 'Stream' has no len()")

    assert length_of(Unable()) is length_of(iter([])) is None
    assert length_of([1, 2]) == 2


class ByEpoch:
    """A loader whose sampler shuffles by the number of the epoch, as DistributedSampler does."""

    def __init__(self) -> None:
        self.sampler = self
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        yield from (10 * self.epoch + i for i in range(3))


def test_a_sampler_is_told_the_epoch_with_a_tuner_and_without() -> None:
    bare = [0, 1, 2, 10, 11, 12, 20, 21, 22]
    assert list(InertTuner().cycle(ByEpoch(), epochs=3)) == bare
    first = Epochs(ByEpoch(), Toy(None))
    assert take(first, 9) == bare
    second = Epochs(ByEpoch(), Toy(None))
    assert second.seek(DataPosition(1, 2, first.place.state))
    assert take(second, 4) == bare[5:]


def test_each_sampler_is_told_the_epoch_once_wherever_it_is() -> None:
    class Sampler:
        def __init__(self, sampler: Sampler | None = None) -> None:
            self.sampler = sampler
            self.told: list[int] = []

        def set_epoch(self, epoch: int) -> None:
            self.told.append(epoch)

    class Loader:
        def __init__(self, sampler: Any, batch_sampler: Any) -> None:
            self.sampler, self.batch_sampler = sampler, batch_sampler

    inner = Sampler()
    outer = Sampler(inner)
    tell_epoch(Loader(inner, outer), 1)
    tell_epoch(Loader(range(3), outer), 2)
    tell_epoch(Loader(range(3), None), 3)
    assert inner.told == outer.told == [1, 2]
