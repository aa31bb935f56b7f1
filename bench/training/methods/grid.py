"""Every fixed schedule over a grid of LRs: the reference, known in hindsight only."""

from __future__ import annotations

from statistics import median

from methods import Plan, Run, Runs
from parts.workload import Workload
from schedules import SCHEDULES, schedule
from store import loss_of
from training import Outcome, fixed, train

MOST_LRS = 20
"""Of a schedule. A grid that has grown so far has its best LR at an edge for good."""


def grid(workload: Workload, plan: Plan) -> Runs:
    """Schedule times LR on few seeds, then the best of all on the rest of the seeds."""
    losses: dict[tuple[str, int], list[float]] = {}
    seeds = range(1, plan.grid_seeds + 1)
    for name in SCHEDULES:
        half = plan.grid_lrs // 2
        for exponent in range(-half, half + 1):
            yield from _runs(workload, plan, (name, exponent), seeds, losses)
        # Until the best LR has a worse one on both sides.
        while (exponent := _beyond_edge(name, losses)) is not None:
            yield from _runs(workload, plan, (name, exponent), seeds, losses)
    ranked = sorted(losses, key=lambda key: median(losses[key]))
    for key in ranked[: plan.finalists]:
        yield from _runs(workload, plan, key, range(plan.grid_seeds + 1, plan.seeds + 1), losses)


def cosine_at_default_lr(workload: Workload, plan: Plan) -> Runs:
    """What one gets who knows nothing and searches nothing."""
    for seed in range(1, plan.seeds + 1):
        yield fixed_run(workload, "default-cosine", "cosine", workload.default_lr, seed)


def fixed_run(workload: Workload, method: str, name: str, lr: float, seed: int) -> Run:
    """A fixed schedule with peak `lr`."""

    def do() -> Outcome:
        return train(workload, workload.make(seed), fixed(schedule(name, lr, workload.total)))

    return Run(method, {"lr": lr}, seed, do)


def _runs(
    workload: Workload,
    plan: Plan,
    key: tuple[str, int],
    seeds: range,
    losses: dict[tuple[str, int], list[float]],
) -> Runs:
    name, exponent = key
    lr = float(f"{workload.grid_lr * plan.grid_ratio**exponent:.4g}")
    for seed in seeds:
        line = yield fixed_run(workload, name, name, lr, seed)
        losses.setdefault(key, []).append(loss_of(line))


def _beyond_edge(name: str, losses: dict[tuple[str, int], list[float]]) -> int | None:
    """The LR to try next because the best one is the lowest or highest; None if it is not."""
    scores = {exponent: median(seen) for (of, exponent), seen in losses.items() if of == name}
    best = min(scores, key=lambda exponent: (scores[exponent], exponent))
    if len(scores) >= MOST_LRS:
        return None
    if best == min(scores):
        return best - 1
    return best + 1 if best == max(scores) else None
