"""Remembers batches since the oldest checkpoint, so that every candidate sees the same ones.

Positions count batches since the start of the process:

    _start            _cursor          _end
      |  kept batches    |  to replay    |  from here on live, from the loader
"""

from __future__ import annotations

from typing import Any, Callable

from autolrs._data.containers import rebuild
from autolrs._data.epochs import DataPosition, EpochEnd, Epochs

DEFAULT_BYTES = 256 * 1024 * 1024
"""Enough for some thousand batches of small images; far below what a training machine has."""

MAX_BATCHES = 100_000
"""A limit for batches that do not tell their size."""


class BatchReplay:
    """Yields batches from a source and, after a rollback, the same ones again.

    Args:
        limit_bytes: What is kept at most. When it is passed, the oldest checkpoint is given up:
            a restore to it goes on with new batches.
        keep: Makes what is in a batch fit for keeping: a tensor, say.
    """

    def __init__(self, limit_bytes: int, keep: Callable[[Any], Any]) -> None:
        self._limit_bytes = limit_bytes
        self._keep = keep
        self._source: Epochs | None = None
        self._is_to_come = False
        self._sought: DataPosition | None = None
        self._epochs: list[int] = []
        self._marks: dict[str, int] = {}
        self._left: dict[str, DataPosition] = {}
        self._kept: list[Any] = []
        self._places: list[DataPosition] = []
        self._sizes: list[int] = []
        self._bytes = 0
        self._start = 0
        self._cursor = 0
        self._end = 0

    @property
    def place(self) -> DataPosition | None:
        """Where in the data the next batch stands; None without a source."""
        if self._cursor < self._end:
            return self._places[self._cursor - self._start]
        return self._sought if self._source is None else self._source.place

    @property
    def next_epoch(self) -> int:
        """The epoch of the next batch, as far as is known without asking for it."""
        if self._cursor < self._end:
            return self._epochs[self._cursor - self._start]
        if self._source is None:
            return 0 if self._sought is None else self._sought.epoch
        return self._source.next_epoch

    def wait_for_source(self) -> None:
        """A source will come. Places that are sought before it does are gone to then."""
        self._is_to_come = self._source is None

    def attach(self, source: Epochs) -> bool:
        """Takes live batches from `source` from here on.

        False if a place was sought that is not in it. To go there may draw random numbers.
        """
        self._source, self._is_to_come = source, False
        sought, self._sought = self._sought, None
        return sought is None or source.seek(sought)

    def next(self, before: int | None = None) -> Any:
        """The next batch.

        Args:
            before: The first epoch that is not wanted; None if all are.

        Raises:
            EpochEnd: The next batch is not wanted.
            StopIteration: The source has no more, or there is none.
        """
        if self._cursor < self._end:
            if before is not None and self._epochs[self._cursor - self._start] >= before:
                raise EpochEnd
            batch = self._kept[self._cursor - self._start]
            self._cursor += 1
            self._trim_if_unneeded()
            return rebuild(batch, self._keep)  # the script may change this one too
        if self._source is None:
            raise StopIteration
        place = self._source.place
        batch = self._source.next_before(before)
        self._cursor += 1
        self._end += 1
        if self._oldest_pin() < self._end:
            self._record(batch, place, self._source.epoch)
        else:
            self._start = self._end
        return batch

    def pin(self, key: str) -> None:
        """A checkpoint is made here."""
        self._left.pop(key, None)
        self._marks[key] = self._cursor
        self._trim()

    def unpin(self, key: str) -> None:
        """A checkpoint is discarded."""
        self._marks.pop(key, None)
        self._left.pop(key, None)
        self._trim()

    def rewind(self, key: str) -> bool:
        """Goes back to a checkpoint. False if its batches are gone: the next batch is then new.

        If the source went elsewhere since, it goes back there (see `seek`).
        """
        left = self._left.get(key)
        if left is not None:
            is_there = self.seek(left)
            self.pin(key)
            return is_there
        position = self._marks.get(key)
        is_kept = position is not None and position >= self._start
        self._cursor = position if position is not None and is_kept else self._end
        self._trim()
        return is_kept or self._end == 0

    def seek(self, place: DataPosition | None) -> bool:
        """Goes to a place in the data. False if it cannot: the next batch is then another one.

        If it is not kept, the source goes there (see `Epochs.seek`), and what is kept is given up,
        because it does not lead there. The places of the checkpoints stay known.
        """
        at = self._position_of(place)
        if at is not None:
            self._cursor = at
            self._trim()
            return True
        self._cursor = self._end
        if self._is_to_come and place is not None:
            self._leave_marks()
            self._sought = place
            return True
        if self._source is None or place is None:
            self._trim()
            return self._source is None and place is None
        self._leave_marks()
        self._trim()
        return self._source.seek(place)

    def _leave_marks(self) -> None:
        # A new process is at each checkpoint in turn, and then goes on from the last one.
        for key, at in self._marks.items():
            place = self._places[at - self._start] if at < self._end else self.place
            if place is not None:
                self._left[key] = place
        self._marks.clear()

    def _position_of(self, place: DataPosition | None) -> int | None:
        if place in self._places:
            return self._start + self._places.index(place)
        is_end = self._source is not None and place is not None and place == self._source.place
        return self._end if is_end else None

    def _record(self, batch: Any, place: DataPosition, epoch: int) -> None:
        kept = rebuild(batch, self._keep)
        size = batch_bytes(kept)
        self._kept.append(kept)
        self._places.append(place)
        self._epochs.append(epoch)
        self._sizes.append(size)
        self._bytes += size
        while self._kept and (self._bytes > self._limit_bytes or len(self._kept) > MAX_BATCHES):
            oldest = self._oldest_pin()
            self._marks = {key: at for key, at in self._marks.items() if at > oldest}
            self._trim()

    def _oldest_pin(self) -> int:
        """Where keeping must begin: the end if no checkpoint is left to return to."""
        return min(self._marks.values(), default=self._end)

    def _trim(self) -> None:
        surplus = min(self._oldest_pin(), self._cursor) - self._start
        if surplus > 0:
            self._bytes -= sum(self._sizes[:surplus])
            del self._kept[:surplus], self._places[:surplus], self._sizes[:surplus]
            del self._epochs[:surplus]
            self._start += surplus

    def _trim_if_unneeded(self) -> None:
        # With no checkpoint left, a replay is the last one; drop it in one go at its end.
        if self._cursor == self._end:
            self._trim()


def batch_bytes(batch: Any, depth: int = 8) -> int:
    """Bytes of the arrays in a batch. What does not tell its `nbytes` counts as nothing.

    Args:
        batch: What a loader yields.
        depth: How many containers inside each other to search: a batch may refer to itself.
    """
    try:
        nbytes = getattr(batch, "nbytes", None)
    except Exception:  # a sparse tensor raises what is no AttributeError
        return 0
    if isinstance(nbytes, int):
        return nbytes
    if isinstance(batch, (str, bytes, bytearray)):
        return len(batch)
    if depth == 0:
        return 0
    if isinstance(batch, (list, tuple)):
        return sum(batch_bytes(item, depth - 1) for item in batch)
    if isinstance(batch, dict):
        return sum(batch_bytes(item, depth - 1) for item in batch.values())
    return batch_bytes(vars(batch), depth - 1) if hasattr(batch, "__dict__") else 0
