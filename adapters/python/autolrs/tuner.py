"""What a training loop sees of the tuner, and the stand-in for a script that trains alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, Protocol, TypeVar

from autolrs._data.epochs import batches_of, tell_epoch
from autolrs.errors import ArgumentError

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

    @property
    def step_count(self) -> int:
        """How many optimizer updates the weights have had; after a rollback, the checkpoint's."""

    @property
    def is_search(self) -> bool:
        """True while a trial is in progress, whose updates will be rolled back."""

    @property
    def weights(self) -> str:
        """`averaged` where a mean of the weights has taken their place, else `raw`."""

    def every(self, steps: int) -> bool:
        """True after the `step` that makes the updates that stay a multiple of `steps`.

        Never in a trial. For what is to be logged or saved amid training: call it after `step`.

        Args:
            steps: 1 or more.

        Raises:
            ValueError: It is less.
        """

    def step(self, loss: Any) -> None:
        """Counts one optimizer update. May set the LR or roll the model back before it returns.

        Args:
            loss: The training loss of that update, a number or a tensor with one element. It is
                only read; a tensor on a device is left there until a reply needs it.
        """

    def epochs(self, count: int) -> Iterable[int]:
        """Goes through the numbers of the epochs, for `batches` within.

        Alone: `range(count)`. Under a tuner: until the tuner has had its steps. A process that
        continues a run begins with the epoch that the run was in.

        Args:
            count: How many epochs the script means to do.
        """

    def batches(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        """Goes through one epoch of `loader`, within `epochs` or a loop of the script's own.

        Under a tuner it ends where an epoch of what stays is done, so that what comes after it
        sees no trial. After a rollback the same batches come again. Random numbers that are drawn
        between two epochs leave no trace.

        Args:
            loader: Anything that can be iterated more than once.
        """

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """Goes through `loader` again and again.

        Alone: `epochs` times. Under a tuner: until the tuner has had its steps; `epochs` then only
        tells it how many the script meant to do. After a rollback the same batches come again.
        Within a loop that the script has entered since `attach`, each call goes through the next
        `epochs` epochs, as `batches` does.

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
        self._epoch = 0
        self._is_new = False

    @property
    def done(self) -> bool:
        """True after `total` steps."""
        return self._total is not None and self._steps >= self._total

    @property
    def step_count(self) -> int:
        """How often `step` was called."""
        return self._steps

    @property
    def is_search(self) -> bool:
        """Never: nothing is tried."""
        return False

    @property
    def weights(self) -> str:
        """`raw`: no mean is kept."""
        return "raw"

    def every(self, steps: int) -> bool:
        """True after the `step` that makes their number a multiple of `steps`.

        Raises:
            ValueError: `steps` is less than 1.
        """
        must_be_count(steps)
        return self._is_new and self._steps % steps == 0

    def step(self, loss: Any) -> None:
        """Counts and does nothing else."""
        self._steps += 1
        self._is_new = True

    def epochs(self, count: int) -> Iterable[int]:
        """`range(count)`.

        Raises:
            ArgumentError: It is no number of epochs.
        """
        return range(epochs_of(count, "epochs"))

    def batches(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        """Goes through `loader` once.

        Raises:
            ArgumentError: It is no loader.
        """
        must_be_loader(loader, "batches")
        return self.cycle(loader)

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """Goes through `loader` `epochs` times.

        Raises:
            ArgumentError: It is no loader, or that no number of epochs.
        """
        must_be_loader(loader, "cycle")
        epochs = epochs_of(epochs, "cycle")
        return batches_of(self._times(loader, epochs), loader, epochs)

    def _times(self, loader: Iterable[Batch], epochs: int) -> Iterator[Batch]:
        for _ in range(epochs):
            tell_epoch(loader, self._epoch)
            self._epoch += 1
            for batch in loader:
                yield batch
                self._is_new = False

    def close(self) -> None:
        """Does nothing."""


def must_be_count(steps: int) -> None:
    """Refuses what is no number of steps.

    Raises:
        ValueError: It is not a whole number, or less than 1.
    """
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"give a whole number of steps, 1 or more: it was {steps!r}")


def epochs_of(count: Any, method: str) -> int:
    """A number of epochs, as Python's own.

    Raises:
        ArgumentError: It is not a whole number of 0 or more.
    """
    try:
        epochs = -1 if isinstance(count, bool) else index(count)
    except TypeError:
        epochs = -1
    if epochs < 0:
        remedy = f"; write tuner.epochs({len(count)})" if isinstance(count, range) else ""
        raise ArgumentError(
            f"give tuner.{method} a whole number of epochs, 0 or more: it was given {count!r:.60}"
            f"{remedy}"
        )
    return epochs


def must_be_loader(loader: Any, method: str) -> None:
    """Refuses what no loop can go through.

    Raises:
        ArgumentError: It cannot be iterated.
    """
    is_iterable = hasattr(type(loader), "__iter__") or hasattr(type(loader), "__getitem__")
    if isinstance(loader, type) or not is_iterable:
        what = f"the class {loader.__name__}" if isinstance(loader, type) else f"{loader!r:.60}"
        raise ArgumentError(
            f"give tuner.{method} the loader, anything that can be iterated: it was given {what}"
        )
