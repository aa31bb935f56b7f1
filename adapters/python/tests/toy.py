"""A framework of one weight, so that the conversation can be tested without a real one.

The loss is the weight's square; every update shrinks the weight by the LR and adds noise.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Callable

from autolrs._wire import claim
from autolrs.session import Session
from autolrs.tuner import InertTuner, Tuner


class Toy:
    """Hooks and model in one."""

    framework = "toy 1"
    holds: Sequence[str] = ["weight", "rng"]
    groups: Sequence[float] = [1.0]

    def __init__(self, validation: Callable[[], float] | None) -> None:
        self.validation = validation
        self.weight = 1.0
        self.lr = 0.5

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
        return self.weight, self.lr, random.getstate()

    def apply(self, state: Any) -> None:
        self.weight, self.lr, rng = state
        random.setstate(rng)

    def size(self, state: Any) -> int:
        return 8

    def write(self, path: str, step: int) -> int:
        with open(path, "w") as file:
            return file.write(json.dumps([self.weight, self.lr, step]))

    def read(self, path: str) -> tuple[Any, int]:
        with open(path) as file:
            weight, lr, step = json.load(file)
        return (weight, lr, random.getstate()), step

    def data_rng(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def keep_batch(self, batch: Any) -> Any:
        return batch


def attach(validation: Callable[[], float] | None = None, **options: Any) -> tuple[Toy, Tuner]:
    """As autolrs.torch.attach does it; the seed is 0."""
    random.seed(0)
    toy = Toy(validation)
    wire = claim()
    total = options.get("total")
    return toy, InertTuner(total) if wire is None else Session(wire, toy, **options)
