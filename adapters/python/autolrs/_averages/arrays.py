"""Averages of arrays that are read and written as a whole: NumPy, JAX, TensorFlow, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable

from autolrs._averages.sampling import Sampling

Array = Any

Mix = Callable[[Sequence[Sequence[Array]], Sequence[float]], Sequence[Sequence[Array]]]
"""Moves the means of each average by its share of their distance to the weights as they are now.

Gives new arrays. All averages are moved at once, since a call may cost more than what it does.
"""


class ArrayAverages:
    """One average of all arrays for each power. No array is ever changed in place.

    Args:
        read: Gives the arrays that are averaged; training does not change what it gave.
        write: Makes arrays the model's, in the order of `read`.
        sampling: When and how.
        values: For each power, an array for each of `read`. None: no sample was taken.
        mix: Does what `+`, `-` and `*` would do, in the framework's own way.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Array]],
        write: Callable[[Sequence[Array]], None],
        sampling: Sampling,
        values: Sequence[Sequence[Array]] | None = None,
        mix: Mix | None = None,
    ) -> None:
        self.sampling = sampling
        self._mix = mix or self._mixed
        self._read = read
        self._write = write
        self._values = [list(each) for each in values] if values else []

    def count_update(self) -> None:
        """An update was made."""
        shares = self.sampling.count_update()
        if shares is None:
            return
        if not self._values:
            now = list(self._read())
            self._values = [now for _ in shares]
            return
        self._values = [list(means) for means in self._mix(self._values, shares)]

    def has(self, power: float) -> bool:
        """True if there is an average of this power."""
        return power in self.sampling.powers and bool(self._values)

    @contextmanager
    def weights_at(self, power: float) -> Iterator[None]:
        """While entered, the model has the average for its weights."""
        raw = list(self._read())
        self.adopt(power)
        try:
            yield
        finally:
            self._write(raw)

    def adopt(self, power: float) -> None:
        """The average becomes the weights."""
        self._write(self._values[self.sampling.powers.index(power)])

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {**self.sampling.state(), "values": self._values}

    def _mixed(
        self, values: Sequence[Sequence[Array]], shares: Sequence[float]
    ) -> Sequence[Sequence[Array]]:
        now = self._read()
        return [
            [mean + share * (new - mean) for mean, new in zip(means, now)]
            for share, means in zip(shares, values)
        ]
