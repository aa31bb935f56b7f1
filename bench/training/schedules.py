"""Fixed schedules: the LR of every step from a peak and the number of steps.

Without a search, and known in advance: what everybody compares with.
"""

from __future__ import annotations

import math
from collections.abc import Callable

WARMUP = 0.05
"""Part of the run in which the LR rises linearly, in all but `constant` and `one-cycle`."""

COOLDOWN = 0.25
"""Part of the run in which `wsd` goes linearly to zero."""


def schedule(name: str, peak: float, total: int) -> list[float]:
    """The LR of each of `total` steps.

    Args:
        name: One of `SCHEDULES`.
        peak: The highest LR, finite and >= 0.
        total: At least 1.
    """
    return lrs_of(SCHEDULES[name], peak, total)


def lrs_of(shape: Shape, peak: float, total: int) -> list[float]:
    """The same from a shape."""
    return [peak * shape(step / total, 1 / total) for step in range(total)]


def cosine(done: float) -> float:
    """From 1 to 0 by half a cosine (Loshchilov and Hutter, 2017)."""
    return 0.5 * (1 + math.cos(math.pi * done))


def warmed_up(decay: Callable[[float], float], warmup: float = WARMUP) -> Shape:
    """A linear warm-up over a part of the run, and `decay`, of 0 to 1, over the rest of it."""
    return _warmed_up(lambda done: decay(max(0.0, done - warmup) / (1 - warmup)), warmup)


def _warmed_up(rest: Callable[[float], float], warmup: float = WARMUP) -> Shape:
    # The first step is not wasted at an LR of zero: a warm-up of n steps has 1/n, 2/n, ..., 1.
    return lambda done, step: min(rest(done), (done + step) / warmup if warmup > 0 else 1.0)


def _one_cycle(done: float, step: float) -> float:
    """As PyTorch's OneCycleLR without its cycle of momentum (Smith and Topin, 2019).

    From 1/25 to 1 by half a cosine in 30 % of the run, then to 1/25e4 by another.
    """
    if done < 0.3:
        return 1 / 25 + (1 - 1 / 25) * cosine(1 - done / 0.3)
    return 1 / 25e4 + (1 - 1 / 25e4) * cosine((done - 0.3) / 0.7)


Shape = Callable[[float, float], float]
"""Fraction of the run done, and the length of a step in it, to a fraction of the peak."""

SCHEDULES: dict[str, Shape] = {
    "constant": lambda done, step: 1.0,
    "step": _warmed_up(lambda done: 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01),
    "cosine": warmed_up(cosine),
    "linear": warmed_up(lambda done: 1 - done),
    "one-cycle": _one_cycle,
    "wsd": _warmed_up(lambda done: min(1.0, (1 - done) / COOLDOWN)),
}
