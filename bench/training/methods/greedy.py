"""GreedyLR (Subramanian et al., 2025), of `transformers`: the LR follows the validation loss.

It rises while the loss falls, and falls while it does not. As in its authors' first example: from
the default LR, a factor of 0.9 after more than two evaluations in a row, at least a 500th.
"""

from __future__ import annotations

import math
from functools import partial

from methods import Plan, Run, Runs
from parts.workload import Workload
from recorded import Recorded
from training import Lrs, Outcome, train

SETTINGS = {"patience": 2, "factor": 0.9}
LOWEST = 1 / 500
"""Of the LR at the start: 1e-7 of 5e-5 in the example."""


def greedy(workload: Workload, plan: Plan) -> Runs:
    """One run a seed."""
    for seed in range(1, plan.seeds + 1):
        yield Run("greedy", {}, seed, partial(_run, workload, seed))


def _run(workload: Workload, seed: int) -> Outcome:
    import torch
    from transformers import GreedyLR

    # It steers an optimizer, of which it reads and writes the LR alone.
    steered = torch.optim.SGD([torch.zeros(1)], lr=workload.default_lr)
    scheduler = GreedyLR(steered, min_lr=LOWEST * workload.default_lr, **SETTINGS)

    def evaluate(recorded: Recorded) -> bool:
        loss = recorded.curve[-1].loss
        scheduler.step(math.inf if loss is None else loss)
        return False

    def lrs() -> Lrs:
        for _ in range(workload.total):
            yield steered.param_groups[0]["lr"]

    return train(workload, workload.make(seed), lrs(), evaluate)
