"""What a workload is, to whoever trains it: the runner, or a trainer under the tuner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Model(Protocol):
    """A model in training. The same seed gives the same losses, bit for bit."""

    steps: int
    """Updates done, as the state says: after `load`, those of the loaded state."""

    def step(self, lr: float) -> float:
        """Does one update at `lr` (finite, >= 0); returns the loss of its batch before it.

        Which batch that is depends on the seed and on `steps` alone, so that the same batches come
        again after `load`.
        """

    def validate(self) -> float:
        """The mean loss on the validation split. Leaves no trace."""

    def test(self) -> float:
        """The mean loss on the test split. Nothing is ever chosen by it."""

    def save(self) -> Any:
        """All that training needs to repeat itself, in memory that training does not touch."""

    def load(self, state: Any) -> None:
        """Brings back what `save` gave, and never changes it."""


@dataclass(frozen=True)
class Workload:
    """A training job of a fixed length."""

    name: str
    about: str
    """Data, network and batch size, for a table."""
    optimizer: str
    """Optimizer and its settings, for a table."""
    total: int
    """Steps of a run, whatever the method: T."""
    default_lr: float
    """What PyTorch's optimizer of that name uses if nobody says: 1e-3 for SGD and for AdamW."""
    grid_lr: float
    """Where the grid of LRs begins, in its middle. It grows until the best LR lies inside."""
    is_held_out: bool
    """False if strategies are developed on it."""
    make: Callable[[int], Model]
    """A fresh model from a seed. The splits do not depend on the seed."""
    make_with: Callable[[int, Any], Any] | None = None
    """A `parts.torch_training.TorchModel` from a seed and another optimizer; not in NumPy."""
