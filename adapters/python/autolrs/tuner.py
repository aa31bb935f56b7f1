"""What a training loop sees of the tuner, and the stand-in for a script that trains alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

from autolrs._epochs import tell_epoch

Batch = TypeVar("Batch")


class Tuner(Protocol):
    """Steers the learning rate of one training loop.

    Example:
        for x, y in tuner.cycle(loader, epochs=10):
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            tuner.step(loss)
    """

    @property
    def is_driven(self) -> bool:
        """True where a tuner steers; False where the script trains alone."""

    @property
    def done(self) -> bool:
        """True once training is over. Under a tuner, requests are answered here."""

    def step(self, loss: Any) -> None:
        """Counts one optimizer update. May set the LR or roll the model back before it returns.

        Args:
            loss: The training loss of that update, a number or a tensor with one element. It is
                only read; a tensor on a device is left there until a reply needs it.
        """

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """Goes through `loader` again and again.

        Alone: `epochs` times. Under a tuner: until the tuner has had its steps; `epochs` then only
        tells it how many the script meant to do. After a rollback the same batches come again.

        Args:
            loader: Anything that can be iterated more than once.
            epochs: How often the script means to go through it.
        """

    def close(self) -> None:
        """Says that no more steps come. Call it before you save, if your loop may end early.

        Under a tuner it returns once the model is as the tuner means to leave it. A loop that ends
        because `cycle` or `done` says so needs no call.
        """


class InertTuner:
    """For a script without a tuner: trains as if it were absent.

    Args:
        total: After how many steps `done` becomes true; never, if it is None.
    """

    is_driven = False

    def __init__(self, total: int | None = None) -> None:
        self._total = total
        self._steps = 0

    @property
    def done(self) -> bool:
        """True after `total` steps."""
        return self._total is not None and self._steps >= self._total

    def step(self, loss: Any) -> None:
        """Counts and does nothing else."""
        self._steps += 1

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """Goes through `loader` `epochs` times."""
        for epoch in range(epochs):
            tell_epoch(loader, epoch)
            yield from loader

    def close(self) -> None:
        """Does nothing."""
