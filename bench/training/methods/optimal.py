"""The best schedule there is for a noisy quadratic, computed from what nobody knows of a network.

m   second moment of each direction, shape (n,):  m' = (1 - lr h)^2 m + (lr h spread)^2
a   what a unit of m at a step adds to the expected final loss sum(h m) / 2 (the adjoint)
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np

import workloads
from methods import Plan, Run, Runs
from parts.quadratic import Quadratic
from parts.workload import Workload
from training import Outcome, fixed, train

KNOTS = 100
"""The schedule is linear in log LR between so many points: few enough for it to be found."""


def optimal(workload: Workload, plan: Plan) -> Runs:
    """One run a seed; the schedule does not depend on the seed."""
    if not isinstance(workload.make(1), Quadratic):
        return
    for seed in range(1, plan.seeds + 1):
        yield Run("optimal", {}, seed, partial(_run, workload, seed))


def _run(workload: Workload, seed: int) -> Outcome:
    return train(workload, workload.make(seed), fixed(optimal_lrs(workload.name)))


@cache
def optimal_lrs(name: str) -> list[float]:
    """The LR of each step at a minimum of the expected final loss, found by L-BFGS."""
    from scipy.optimize import minimize

    workload = workloads.load(name)
    model = workload.make(1)
    h, counts = np.unique(model.curvatures, return_counts=True)
    # Row t has the weights of the knots at step t.
    places = np.linspace(0, KNOTS - 1, workload.total)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(KNOTS)))

    def loss_and_slope(logs: np.ndarray) -> tuple[float, np.ndarray]:
        lrs = np.exp(weights @ logs)
        loss, slopes = expected_loss(lrs, h, counts, model.spread)
        # In its logarithm the valley is round.
        return np.log(loss), weights.T @ (slopes * lrs) / loss

    start = np.log(workload.grid_lr) * np.ones(KNOTS)
    bounds = [(np.log(1e-6), np.log(1.9 / h.max()))] * KNOTS
    options = {"maxiter": 500}
    found = minimize(
        loss_and_slope, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options
    )
    return [float(lr) for lr in np.exp(weights @ found.x)]


def expected_loss(
    lrs: np.ndarray, h: np.ndarray, counts: np.ndarray, spread: float
) -> tuple[float, np.ndarray]:
    """Expected final loss from m = 1, and its slope in each LR.

    Args:
        lrs: LR of each step, shape (steps,).
        h: Curvatures, shape (n,).
        counts: How many directions have each curvature, shape (n,).
        spread: See `parts.quadratic`.
    """
    keeps = 1 - lrs[:, None] * h
    moments = np.empty((len(lrs) + 1, len(h)))
    moments[0] = 1
    for step, keep in enumerate(keeps):
        moments[step + 1] = keep**2 * moments[step] + ((1 - keep) * spread) ** 2
    slopes = np.empty(len(lrs))
    a = 0.5 * h * counts
    loss = float(a @ moments[-1])
    for step in reversed(range(len(lrs))):
        keep = keeps[step]
        slopes[step] = a @ (-2 * h * keep * moments[step] + 2 * lrs[step] * (h * spread) ** 2)
        a = a * keep**2
    return loss, slopes
