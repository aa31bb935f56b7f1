"""A framework of one weight, so that the conversation can be tested without a real one.

The loss is the weight's square; every update shrinks the weight by the LR and adds noise.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable

from autolrs._averages.arrays import ArrayAverages
from autolrs._averages.keeper import KeepsAverages
from autolrs._averages.sampling import Sampling
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_to_train
from autolrs.session import Session
from autolrs.tuner import InertTuner, Tuner


class Toy(KeepsAverages):
    """Hooks and model in one."""

    framework = "toy 1"
    holds: Sequence[str] = ["weight", "rng"]
    groups: Sequence[float] = [1.0]

    def __init__(self, validation: Callable[[], float] | None) -> None:
        self.validation = validation
        self.weight = 1.0
        self.lr = 0.5
        self._data_rng = random.getstate()

    def update(self, batch: float = 0.0) -> float:
        """One update; returns the loss."""
        loss = self.weight**2 + batch
        self.weight += -self.lr * self.weight + 1e-3 * random.random()
        return loss

    @property
    def can_validate(self) -> bool:
        return self.validation is not None

    def check(self) -> None:
        pass

    def get_lr(self) -> float:
        return self.lr

    def set_lr(self, lr: float) -> None:
        self.lr = lr

    def read_loss(self, loss: Any) -> float | None:
        # A list stands for a tensor on a device.
        return None if isinstance(loss, list) else float(loss)

    def hold_loss(self, loss: Any) -> Any:
        return loss

    def read_held(self, held: Sequence[Any]) -> list[float]:
        return [loss for [loss] in held]

    def validate(self) -> tuple[float, dict[str, float]]:
        assert self.validation is not None
        return self.validation(), {"weight": self.weight}

    def capture(self) -> Any:
        return self.weight, self.lr, random.getstate(), self.averages_state().get("averages")

    def apply(self, state: Any) -> None:
        self.weight, self.lr, rng, averages = state
        self.apply_averages(averages)
        random.setstate(rng)

    def size(self, state: Any) -> int:
        return 8

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        with open(path, "w") as file:
            return file.write(json.dumps([self.capture(), step, place]))

    def read(self, path: str) -> tuple[Any, int, dict[str, Any] | None]:
        with open(path) as file:
            (weight, lr, rng, averages), step, place = json.load(file)
        return (weight, lr, _rng_of(rng), averages), step, place

    def make_averages(self, sampling: Sampling, values: Any) -> ArrayAverages:
        def write(weights: Sequence[float]) -> None:
            [self.weight] = weights

        return ArrayAverages(lambda: [self.weight], write, sampling, values)

    def get_rng(self) -> Any:
        return random.getstate()

    def set_rng(self, rng: Any) -> None:
        random.setstate(rng)

    @contextmanager
    def data_rng(self) -> Iterator[None]:
        outer = random.getstate()
        random.setstate(self._data_rng)
        yield
        self._data_rng = random.getstate()
        random.setstate(outer)

    def data_state(self, loader: Any) -> Any:
        version, words, gauss = self._data_rng
        return [version, list(words), gauss]

    def set_data_state(self, loader: Any, state: Any) -> None:
        self._data_rng = _rng_of(state)

    def keep(self, item: Any) -> Any:
        return item


def _rng_of(state: Any) -> tuple[Any, ...]:
    version, words, gauss = state
    return version, tuple(words), gauss


def attach(
    validation: Callable[[], float] | None = None, run: Run | None = None, **options: Any
) -> tuple[Toy, Tuner]:
    """As autolrs.torch.attach does it; the seed is 0."""
    random.seed(0)
    toy = Toy(validation)
    wire = claim_to_train(run)
    total = options.get("total")
    return toy, InertTuner(total) if wire is None else Session(wire, toy, **options)
