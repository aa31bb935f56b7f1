"""The tape of batches, against a plain list of what must come."""

from __future__ import annotations

import random
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from typing import Any

import pytest
from toy import Toy

from autolrs._data.batch_replay import BatchReplay, batch_bytes
from autolrs._data.containers import rebuild
from autolrs._data.epochs import DataPosition, Epochs


def tape_of(count: int, limit_bytes: int = 10**9) -> BatchReplay:
    cache = BatchReplay(limit_bytes, keep=lambda batch: batch)
    cache.attach(Epochs(iter([str(number) for number in range(count)]), Toy(None)))
    return cache


def take(cache: BatchReplay, count: int) -> list[str]:
    return [cache.next() for _ in range(count)]


def test_without_a_checkpoint_nothing_is_kept() -> None:
    cache = tape_of(100)
    take(cache, 100)
    assert cache._kept == []


def test_batches_since_a_mark_come_again_and_then_new_ones() -> None:
    cache = tape_of(10)
    take(cache, 2)
    cache.pin("a")
    take(cache, 3)
    assert cache.rewind("a")
    assert take(cache, 5) == ["2", "3", "4", "5", "6"]


def test_discarding_the_last_mark_frees_everything() -> None:
    cache = tape_of(10)
    cache.pin("a")
    take(cache, 5)
    cache.unpin("a")
    assert cache._kept == []
    assert take(cache, 1) == ["5"]


def test_a_replay_goes_on_to_its_end_when_its_mark_is_discarded() -> None:
    cache = tape_of(10)
    cache.pin("a")
    take(cache, 5)
    cache.rewind("a")
    cache.unpin("a")
    assert take(cache, 6) == ["0", "1", "2", "3", "4", "5"]
    assert cache._kept == []


def test_past_the_limit_the_oldest_mark_is_given_up_and_younger_ones_stay() -> None:
    cache = tape_of(10, limit_bytes=4)
    cache.pin("a")
    take(cache, 3)
    cache.pin("b")
    take(cache, 3)
    assert len(cache._kept) <= 4
    assert not cache.rewind("a")
    assert take(cache, 1) == ["6"]
    assert cache.rewind("b")
    assert take(cache, 5) == ["3", "4", "5", "6", "7"]


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_a_script_that_changes_its_batches_gets_them_whole_each_time(kind: Any) -> None:
    cache = BatchReplay(10**9, keep=lambda item: item)
    cache.attach(Epochs([kind(x=[1, 2], label=3) for _ in range(4)], Toy(None)))
    cache.pin("a")
    for _ in range(3):
        for _ in range(4):
            batch = cache.next()
            assert type(batch) is kind
            assert batch.pop("label") == 3
            batch["x"].append(0)
            assert batch["x"] == [1, 2, 0]
        cache.rewind("a")


def test_what_is_kept_of_a_batch_has_its_form() -> None:
    pair = namedtuple("pair", "x y")
    batch: list[Any] = [pair(1j, (2j, [3j])), defaultdict(list, a=4j), {5}, "six"]
    kept = rebuild(batch, lambda item: item * 10 if isinstance(item, complex) else item)
    assert kept == [pair(10j, (20j, [30j])), {"a": 40j}, {5}, "six"]
    assert type(kept[0]) is pair
    assert kept[1]["b"] == []
    assert batch[0] == pair(1j, (2j, [3j]))


class Frozen(dict):  # type: ignore[type-arg]
    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("this is not to be changed")


class Attributes(dict):  # type: ignore[type-arg]
    def __init__(self, **items: Any) -> None:
        super().__init__(**items)
        self.__dict__ = self


class Keyed(dict):  # type: ignore[type-arg]
    """Tells of an attribute that is missing by the wrong exception."""

    def __init__(self, **items: Any) -> None:
        super().__init__(**items)
        self.kind = "keyed"

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Named(namedtuple("Named", "x y")):
    def __new__(cls, both: Any) -> Named:
        return super().__new__(cls, both, both)


@pytest.mark.parametrize(
    "batch",
    [Frozen(x=1), Attributes(x=1), Keyed(x=1), Named(1)],
    ids=lambda batch: type(batch).__name__,
)
def test_a_batch_of_an_unusual_kind_comes_again_all_the_same(batch: Any) -> None:
    cache = BatchReplay(10**9, keep=lambda item: item)
    cache.attach(Epochs(iter([batch]), Toy(None)))
    cache.pin("a")
    for _ in range(3):
        again = cache.next()
        assert type(again) is type(batch)
        assert again == batch
        cache.rewind("a")


def test_attributes_that_are_a_dicts_items_stay_so() -> None:
    batch = rebuild(Attributes(x=1))
    batch.x = 2
    assert batch["x"] == 2


def test_a_batch_that_holds_itself_is_kept() -> None:
    batch: list[Any] = [1]
    batch.append(batch)
    assert rebuild(batch)[0] == 1


def test_an_unknown_mark_goes_on_live_and_says_so() -> None:
    cache = tape_of(5)
    take(cache, 2)
    assert not cache.rewind("a")
    assert take(cache, 1) == ["2"]


def test_the_end_of_the_source_is_told() -> None:
    cache = tape_of(2)
    cache.pin("a")
    take(cache, 2)
    with pytest.raises(StopIteration):
        cache.next()
    cache.rewind("a")
    assert take(cache, 2) == ["0", "1"]


def test_the_place_of_a_kept_batch_is_the_one_it_had_when_it_was_new() -> None:
    cache = tape_of(10)
    take(cache, 2)
    place = cache.place
    cache.pin("a")
    take(cache, 3)
    assert cache.place != place
    cache.rewind("a")
    assert cache.place == place


def test_a_place_that_is_kept_is_gone_to_without_the_source() -> None:
    cache = tape_of(10)
    cache.pin("a")
    take(cache, 2)
    place = cache.place
    take(cache, 3)
    assert cache.seek(place)
    assert take(cache, 4) == ["2", "3", "4", "5"]
    assert cache.rewind("a")
    assert take(cache, 1) == ["0"]


def test_a_place_that_is_not_kept_gives_up_what_is_and_a_mark_finds_its_place_again() -> None:
    cache = BatchReplay(10**9, keep=lambda batch: batch)
    cache.attach(Epochs(["0", "1", "2", "3"], Toy(None)))
    place = cache.place
    take(cache, 2)
    cache.pin("a")
    take(cache, 1)
    assert cache.seek(place)
    assert cache._kept == []
    assert take(cache, 5) == ["0", "1", "2", "3", "0"]
    for _ in range(2):
        assert cache.rewind("a")
        assert take(cache, 3) == ["2", "3", "0"]
    cache.unpin("a")
    assert not cache.rewind("a")


def test_marks_of_a_source_that_is_to_come_find_their_places() -> None:
    cache = BatchReplay(10**9, keep=lambda batch: batch)
    cache.wait_for_source()
    source = Epochs(["0", "1", "2", "3"], Toy(None))
    start = source.place
    for key, at in (("a", 1), ("b", 3)):
        cache.seek(start._replace(batches=at))
        cache.pin(key)
    cache.seek(start._replace(epoch=1, batches=2))
    cache.attach(source)
    assert take(cache, 1) == ["2"]
    for _ in range(2):
        assert cache.rewind("b")
        assert take(cache, 2) == ["3", "0"]
        assert cache.rewind("a")
        assert take(cache, 4) == ["1", "2", "3", "0"]


def test_a_mark_whose_source_cannot_go_back_says_so() -> None:
    cache = tape_of(10)
    cache.pin("a")
    take(cache, 2)
    cache.seek(DataPosition(0, 5, None))
    assert not cache.rewind("a")
    assert take(cache, 1) == ["5"]


def test_to_ask_for_the_place_keeps_no_batch() -> None:
    cache = tape_of(10)
    for _ in range(10):
        assert cache.place is not None
        take(cache, 1)
    assert cache._kept == cache._places == []


def test_no_place_goes_on_live_and_says_so() -> None:
    cache = tape_of(10)
    cache.pin("a")
    take(cache, 3)
    cache.rewind("a")
    assert not cache.seek(None)
    assert take(cache, 1) == ["3"]


def test_without_a_source_there_is_no_place_to_lose() -> None:
    cache = BatchReplay(10**9, keep=lambda batch: batch)
    assert cache.place is None
    assert cache.seek(None)


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_marks_and_rewinds_replays_what_came_first(seed: int) -> None:
    rng = random.Random(seed)
    cache = tape_of(10_000)
    places: dict[str, int] = {}
    at = 0
    for _ in range(300):
        act = rng.choice(["take", "take", "mark", "rewind", "unmark"])
        key = rng.choice("abc")
        if act == "take":
            count = rng.randrange(8)
            assert take(cache, count) == [str(number) for number in range(at, at + count)]
            at += count
        elif act == "mark":
            cache.pin(key)
            places[key] = at
        elif key in places and act == "rewind":
            assert cache.rewind(key)
            at = places[key]
        elif key in places and act == "unmark":
            cache.unpin(key)
            del places[key]


def test_bytes_of_nested_batches_are_counted() -> None:
    class Sized:
        nbytes = 10

    assert batch_bytes({"x": [Sized(), (Sized(), "abc")], "y": 1.5}) == 23


def test_a_batch_that_refers_to_itself_is_no_endless_search() -> None:
    class Node:
        def __init__(self) -> None:
            self.itself = self

    assert batch_bytes([Node()]) == 0
