"""A ramp of the LR that ends where the loss stops falling, and a cosine from there.

After AutoWU (Kim et al., 2021): no search steps and no given LR. AutoWU smooths the loss by a
Gaussian process; here it is the mean of a block of steps, and LRs
span what a range test would.
"""

from __future__ import annotations

import math
from functools import partial
from statistics import fmean, pstdev

from methods import Plan, Run, Runs
from parts.workload import Workload
from schedules import cosine
from training import Lrs, Outcome, train

LOWEST, HIGHEST = 1e-6, 10.0
LONGEST = 0.5
"""Part of the run that the ramp from lowest to highest LR would take."""
BLOCKS = 200
"""Blocks of a run."""
PATIENCE = 3
"""Blocks in a row with a loss clearly above the lowest that end the ramp."""
CLEAR = 4.0
"""Standard errors of a block's mean. The lowest of many is low by chance too, by two or three."""


def ramp(workload: Workload, plan: Plan) -> Runs:
    """One run a seed."""
    for seed in range(1, plan.seeds + 1):
        yield Run("ramp-cosine", {}, seed, partial(_run, workload, seed))


def _run(workload: Workload, seed: int) -> Outcome:
    return train(workload, workload.make(seed), ramp_then_cosine(workload.total))


def ramp_then_cosine(total: int) -> Lrs:
    """The LR of each of `total` steps."""
    block = max(1, total // BLOCKS)
    longest = int(LONGEST * total)
    lowest_loss, lr_of_lowest, worse = math.inf, LOWEST, 0
    losses: list[float] = []
    steps = 0
    while steps < longest and worse < PATIENCE:
        lr = LOWEST * (HIGHEST / LOWEST) ** (steps / longest)
        losses.append((yield lr))
        steps += 1
        if len(losses) == block:
            mean = fmean(losses)
            is_clear = mean > lowest_loss + CLEAR * pstdev(losses) / math.sqrt(block)
            worse = worse + 1 if is_clear else 0
            if mean < lowest_loss:
                lowest_loss, lr_of_lowest = mean, lr
            losses.clear()
    for step in range(total - steps):
        yield lr_of_lowest * cosine(step / (total - steps))
