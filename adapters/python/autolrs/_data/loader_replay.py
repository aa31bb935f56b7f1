"""Keeps the batches of a search, where a script does not attach and its loaders are watched."""

from __future__ import annotations

import random
import sys
from typing import Any, Callable

from autolrs._data.batch_replay import BatchReplay, batch_bytes
from autolrs._data.containers import rebuild


class LoaderReplay(BatchReplay):
    """As `BatchReplay`, for the loaders that a script goes through by itself.

    A restore brings their batches back as well, as far as they were kept. Nothing is said where
    they were not: a script may draw its batches in ways that are not seen.

    Args:
        limit_bytes: What is kept at most. When it is passed, all is given up up to the next
            checkpoint: a restore goes on with new batches.
        keep: As there.
    """

    def __init__(self, limit_bytes: int, keep: Callable[[Any], Any]) -> None:
        super().__init__(limit_bytes, keep)
        # It lies beside the door, and is there in a search only.
        self._loaders: Any = sys.modules.get("autolrs_loaders")
        if self._loaders is not None:
            self._keeping = _Keeping(limit_bytes, keep, self._forget)
            self._loaders.keeping[0] = self._keeping

    def pin(self, key: str) -> None:
        super().pin(key)
        for stream in self._streams:
            stream.mark(key)

    def unpin(self, key: str) -> None:
        super().unpin(key)
        for stream in self._streams:
            stream.unmark(key)
        if not self._marks and self._loaders is not None:
            self._keeping.begin_anew()

    def rewind(self, key: str) -> bool:
        for stream in self._streams:
            stream.go_back(key)
        return super().rewind(key)

    def close(self) -> None:
        """Nothing comes again from here on, and nothing of the training is held any more."""
        if self._loaders is not None:
            self._forget()
            self._loaders.keeping[0] = self._loaders.Keeping()

    @property
    def _streams(self) -> list[Any]:
        return [] if self._loaders is None else [*self._loaders.streams.values()]

    def _forget(self) -> None:
        for stream in self._streams:
            stream.forget()


class _Keeping:
    """Implements `Keeping` of `site/autolrs_loaders.py`; see there what each promises."""

    def __init__(
        self, limit_bytes: int, keep: Callable[[Any], Any], give_up: Callable[[], None]
    ) -> None:
        self._limit_bytes = limit_bytes
        self._keep = keep
        self._give_up = give_up
        self._bytes = 0

    def keep(self, batch: Any) -> Any:
        return rebuild(batch, self._keep)

    copy = keep

    def note(self, kept: Any) -> None:
        self._bytes += batch_bytes(kept)
        if self._bytes > self._limit_bytes:
            self._bytes = 0
            self._give_up()

    def begin_anew(self) -> None:
        """Nothing is kept any more."""
        self._bytes = 0

    def rng(self) -> Any:
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        of_numpy: Any = None
        if numpy is not None:
            name, keys, *rest = numpy.random.get_state()
            of_numpy = (name, keys.tobytes(), *rest)
        of_torch = None if torch is None else torch.get_rng_state().numpy().tobytes()
        return random.getstate(), of_numpy, of_torch

    def set_rng(self, state: Any) -> None:
        of_python, of_numpy, of_torch = state
        random.setstate(of_python)
        if of_numpy is not None:
            numpy = sys.modules["numpy"]
            name, keys, *rest = of_numpy
            numpy.random.set_state((name, numpy.frombuffer(keys, numpy.uint32), *rest))
        if of_torch is not None:
            torch = sys.modules["torch"]
            torch.set_rng_state(torch.frombuffer(bytearray(of_torch), dtype=torch.uint8))
