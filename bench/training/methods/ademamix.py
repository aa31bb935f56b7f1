"""AdEMAMix (Pagliardini et al., 2024), of `pytorch_optimizer`, with a cosine from its default LR.

A cosine of another optimizer: it averages gradients over most of a run, where others average
weights. Its slow average is warmed up over the whole run, as its authors do.
"""

from __future__ import annotations

from functools import partial

from methods import Plan, Run, Runs
from methods.learning_rate_free import decoupled_decay
from parts.workload import Workload
from schedules import schedule
from training import Outcome, fixed, train

DEFAULT_LR = 1e-3


def ademamix(workload: Workload, plan: Plan) -> Runs:
    """One run a seed, where a workload takes another optimizer."""
    if workload.make_with is None:
        return
    for seed in range(1, plan.seeds + 1):
        yield Run("ademamix", {}, seed, partial(_run, workload, seed))


def _run(workload: Workload, seed: int) -> Outcome:
    from pytorch_optimizer import AdEMAMix

    optimizer = partial(
        AdEMAMix,
        t_alpha_beta3=workload.total,
        weight_decay=decoupled_decay(workload),
        weight_decouple=True,
    )
    lrs = schedule("cosine", DEFAULT_LR, workload.total)
    return train(workload, workload.make_with(seed, optimizer), fixed(lrs))
