"""A model that notes its validation loss as it trains: the curve of a run, whoever drives it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from parts.workload import Model, Workload

POINTS = 40
"""Points of a curve."""


class Point(NamedTuple):
    """A validation loss on the way."""

    step: int
    """Steps that are in the model: committed ones, if nothing is rolled back after."""
    spent: int
    """Steps done until then, with all that were rolled back."""
    loss: float | None
    """None if it is not finite."""


class Recorded:
    """A `Model` around a workload's model.

    The curve is part of the state: a rollback takes the points of a probe back, and what is there
    at the end is the curve of the committed path.
    """

    def __init__(self, workload: Workload, model: Model) -> None:
        self.spent = 0
        """Steps done by this process, with all that were rolled back."""
        self.curve: list[Point] = []
        self._every = max(1, workload.total // POINTS)
        self._model = model

    @property
    def inner(self) -> Model:
        """The workload's model."""
        return self._model

    @property
    def steps(self) -> int:
        return self._model.steps

    def step(self, lr: float) -> float:
        loss = self._model.step(lr)
        self.spent += 1
        if self._model.steps % self._every == 0:
            validation = finite_or_none(self._model.validate())
            self.curve.append(Point(self._model.steps, self.spent, validation))
        return loss

    def validate(self) -> float:
        return self._model.validate()

    def test(self) -> float:
        return self._model.test()

    def save(self) -> Any:
        return {"model": self._model.save(), "curve": list(self.curve)}

    def load(self, state: Any) -> None:
        self._model.load(state["model"])
        self.curve = list(state["curve"])


def finite_or_none(loss: float) -> float | None:
    """JSON has no NaN."""
    return loss if math.isfinite(loss) else None
