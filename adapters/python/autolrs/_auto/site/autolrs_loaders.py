"""Brings the batches of one probe to the next: stands between a script and its loaders.

Nothing of autolrs is imported here: see `autolrs_door`. Who keeps batches comes later, with the
first update; until then, and between two searches, a loader's own batches pass.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Callable
from weakref import WeakKeyDictionary


class Keeping:
    """How batches are kept. Who keeps them puts its own in `keeping`."""

    def keep(self, batch: Any) -> Any:
        """A batch that the script cannot change any more."""
        return batch

    def copy(self, kept: Any) -> Any:
        """A kept batch, for the script."""
        return kept

    def note(self, kept: Any) -> None:
        """A batch was kept."""

    def rng(self) -> Any:
        """The state of the random numbers that a loader may draw."""

    def set_rng(self, state: Any) -> None:
        """Brings a state back."""


keeping = [Keeping()]
"""The one of this process."""


class Stream:
    """The batches of one loader, epoch after epoch, of which some come again.

    Where they do, an epoch that ended among them does not end again: it would count as another
    one to the script, which has only so many. Positions count batches:

        _start            _cursor          _end
          |  kept           |  to come again  |  from here on live, from the loader

    Args:
        make: Begins an epoch of the loader.
    """

    def __init__(self, make: Callable[[], Iterator[Any]]) -> None:
        self._make = make
        self._live: Iterator[Any] | None = None
        """What the loader gave last, while batches are kept; None after its end."""
        self._newest: Batches | None = None
        self._kept: list[tuple[Any, Any]] = []
        """Each batch, with the random state after it if it drew from that."""
        self._start = 0
        self._cursor = 0
        self._marks: dict[str, int] = {}
        self._is_in_turn = True
        """The loader is gone through in one place at a time."""
        self._has_drawn = False
        """An epoch was begun, which draws the seed of its order."""

    def begin(self) -> Batches:
        """What the script goes through in an epoch."""
        is_live = self._cursor == self._end or not self._is_in_turn
        self._newest = Batches(self, self._begin_live() if is_live else None)
        return self._newest

    def next_of(self, batches: Batches) -> Any:
        """The next batch of what a script goes through.

        Raises:
            StopIteration: The epoch is over.
        """
        if batches is not self._newest:
            # Two loops at a time: what comes where cannot be told.
            self._is_in_turn = False
            self.forget()
        if self._cursor < self._end and self._is_in_turn:
            batch, rng = self._kept[self._cursor - self._start]
            self._cursor += 1
            if rng is not None:
                keeping[0].set_rng(rng)
            return keeping[0].copy(batch)
        if self._marks:
            return self._record_next(batches)
        self._start = self._cursor = self._end
        self._kept.clear()
        return self._live_next(batches)

    def mark(self, key: str) -> None:
        """A checkpoint is made here. A loader that is not gone through now is not trained on."""
        newest = self._newest
        if newest is not None and newest.has_begun and not newest.is_over and self._is_in_turn:
            self._marks[key] = self._cursor
        self._trim()

    def unmark(self, key: str) -> None:
        """A checkpoint is discarded."""
        self._marks.pop(key, None)
        self._trim()

    def go_back(self, key: str) -> None:
        """Goes to a checkpoint, if its batches are kept; else on with new ones."""
        at = self._marks.get(key, -1)
        self._cursor = at if at >= self._start else self._end
        self._trim()

    def forget(self) -> None:
        """Gives up what is kept, but for what is to come again."""
        self._marks.clear()
        self._trim()

    @property
    def _end(self) -> int:
        return self._start + len(self._kept)

    def _begin_live(self) -> Iterator[Any]:
        live = self._make()
        self._has_drawn = True
        if self._marks:
            self._live = live
        return live

    def _live_next(self, batches: Batches) -> Any:
        if batches.own is None:
            batches.own = self._live or self._begin_live()
        try:
            return next(batches.own)
        except StopIteration:
            self._live = None
            raise

    def _record_next(self, batches: Batches) -> Any:
        before = keeping[0].rng()
        batch = self._live_next(batches)
        self._live = batches.own
        after = keeping[0].rng()
        is_other = self._has_drawn or after != before
        self._has_drawn = False
        kept = keeping[0].keep(batch)
        self._kept.append((kept, after if is_other else None))
        self._cursor += 1
        keeping[0].note(kept)
        return batch

    def _trim(self) -> None:
        surplus = min([self._cursor, *self._marks.values()]) - self._start
        del self._kept[:surplus]
        self._start += surplus
        if not self._marks:
            self._live = None if self._cursor == self._end else self._live


class Batches:
    """What a script goes through in place of what its loader gives.

    Args:
        stream: Where the batches come from.
        own: What the loader gave, if this was begun with it.
    """

    def __init__(self, stream: Stream, own: Iterator[Any] | None) -> None:
        self._stream = stream
        self.own = own
        self.has_begun = False
        self.is_over = False

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        if self.is_over:
            raise StopIteration
        try:
            batch = self._stream.next_of(self)
        except StopIteration:
            self.is_over = True
            raise
        self.has_begun = True
        return batch

    def __len__(self) -> int:
        return len(self.own)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name in ("own", "_stream"):  # it is being made
            raise AttributeError(name)
        return getattr(self.own, name)


streams: WeakKeyDictionary[Any, Stream] = WeakKeyDictionary()
"""Those of this process, each by its loader."""


def watch_loaders(module: Any) -> None:
    """Has the batches of a class of loaders go through streams.

    Args:
        module: It has a class `DataLoader`, just executed.
    """
    iterate = module.DataLoader.__iter__

    @functools.wraps(iterate)
    def begin(self: Any) -> Any:
        try:
            stream = streams.get(self)
            if stream is None:
                # Weakly: a stream must not keep its loader.
                stream = streams[self] = Stream(_weakly(iterate, self))
        except TypeError:  # a kind that cannot be a key
            return iterate(self)
        return stream.begin()

    module.DataLoader.__iter__ = begin


def _weakly(iterate: Callable[[Any], Any], loader: Any) -> Callable[[], Iterator[Any]]:
    from weakref import ref

    own = ref(loader)
    return lambda: iter(iterate(own()))
