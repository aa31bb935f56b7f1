"""Trains a workload in this process, and says how it went."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from averages import Averages
from parts.workload import Model, Workload
from recorded import Recorded, finite_or_none


class Losses(TypedDict):
    """Final losses at one average; None if it is not finite."""

    validation: float | None
    test: float | None


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    validation: float | None
    """Final validation loss; None if it is not finite."""
    test: float | None
    curve: list[tuple[int, float | None]]
    """Steps done so far, those that were rolled back too, and the validation loss then."""
    total: int
    """Steps done, search included."""
    search: int
    """Steps of these that are not in the model that remains."""
    seconds: float
    averages: dict[str, Losses] | None = None
    """The same losses at averages of the weights, by their powers; see `averages.py`."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What only this method has to tell."""


Lrs = Generator[float, float, None]
"""Yields the LR of each step, and is sent its loss."""


def fixed(lrs: Iterable[float]) -> Lrs:
    """LRs that do not depend on what happens."""
    for lr in lrs:  # noqa: UP028  `yield from` would send the loss on to a list
        yield lr


def train(
    workload: Workload,
    model: Model,
    lrs: Lrs,
    is_hopeless: Callable[[Recorded], bool] = lambda recorded: False,
    powers: Sequence[int] = (),
) -> Outcome:
    """Does one step at each LR. Stops at a loss that is not finite: the run has diverged.

    Args:
        workload: What is trained.
        model: A fresh model of it.
        lrs: See `Lrs`.
        is_hopeless: Asked after each point of the curve; if it says so, the run ends there.
        powers: Averages of the weights that are kept beside, and evaluated at the end.
    """
    started = time.perf_counter()
    recorded = Recorded(workload, model)
    averages = Averages(model, powers) if powers else None
    lr = next(lrs, None)
    loss = 0.0
    while lr is not None:
        points = len(recorded.curve)
        loss = recorded.step(lr)
        if not math.isfinite(loss) or (len(recorded.curve) > points and is_hopeless(recorded)):
            break
        if averages is not None:
            averages.sample()
        lr = _send(lrs, loss)
    is_whole = math.isfinite(loss)
    return Outcome(
        validation=finite_or_none(recorded.validate()) if is_whole else None,
        test=finite_or_none(recorded.test()) if is_whole else None,
        curve=[(point.spent, point.loss) for point in recorded.curve],
        total=recorded.spent,
        search=0,
        averages=None if averages is None else _at_each(averages, recorded, is_whole),
        seconds=time.perf_counter() - started,
    )


def _at_each(averages: Averages, recorded: Recorded, is_whole: bool) -> dict[str, Losses]:
    losses: dict[str, Losses] = {}
    for power in averages.powers:
        validation = test = None
        if is_whole:
            with averages.at(power):
                validation = finite_or_none(recorded.validate())
                test = finite_or_none(recorded.test())
        losses[str(power)] = {"validation": validation, "test": test}
    return losses


def _send(lrs: Lrs, loss: float) -> float | None:
    try:
        return lrs.send(loss)
    except StopIteration:
        return None
