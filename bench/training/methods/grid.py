"""Every fixed schedule over a grid of LRs: the reference, known in hindsight only."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from averages import POWERS
from methods import Plan, Run, Runs
from parts.workload import Workload
from schedules import SCHEDULES, schedule
from store import loss_of, losses_of
from training import Outcome, fixed, train

_Key = tuple[str, int]
"""A schedule, and the place of its LR in the grid."""

_Lines = list[dict[str, Any]]

MOST_LRS = 20
"""Of a schedule. A grid that has grown so far has its best LR at an edge for good."""


def grid(workload: Workload, plan: Plan) -> Runs:
    """Schedule times LR on few seeds, then the best of all on the rest of the seeds.

    Both twice over: for the weights themselves, and for what averages of them make of a run. The
    best LR with averaging may be another, and its grid another's edge.
    """
    seen: dict[_Key, _Lines] = {}
    seeds = range(1, plan.grid_seeds + 1)
    for name in SCHEDULES:
        half = plan.grid_lrs // 2
        for exponent in range(-half, half + 1):
            yield from _runs(workload, plan, (name, exponent), seeds, seen)
        # Until the best LR has a worse one on both sides.
        for score in (raw_loss, averaged_loss):
            while (exponent := _beyond_edge(name, seen, score)) is not None:
                yield from _runs(workload, plan, (name, exponent), seeds, seen)
    best: dict[_Key, None] = {}  # in order, and each once
    for score in (raw_loss, averaged_loss):
        scores = {key: score(lines) for key, lines in seen.items()}
        best |= dict.fromkeys(sorted(scores, key=scores.__getitem__)[: plan.finalists])
    for key in best:
        yield from _runs(workload, plan, key, range(plan.grid_seeds + 1, plan.seeds + 1), seen)


def raw_loss(lines: _Lines) -> float:
    """Median over runs of the loss at the weights themselves."""
    return median(map(loss_of, lines))


def averaged_loss(lines: _Lines) -> float:
    """The lowest such median at the weights themselves and at their averages."""
    losses = list(map(losses_of, lines))
    common = set.intersection(*(set(one) for one in losses))
    return min(median(one[at] for one in losses) for at in common)


def cosine_at_default_lr(workload: Workload, plan: Plan) -> Runs:
    """What one gets who knows nothing and searches nothing."""
    for seed in range(1, plan.seeds + 1):
        yield fixed_run(workload, "default-cosine", "cosine", workload.default_lr, seed)


def fixed_run(workload: Workload, method: str, name: str, lr: float, seed: int) -> Run:
    """A fixed schedule with peak `lr`."""

    def do() -> Outcome:
        lrs = fixed(schedule(name, lr, workload.total))
        return train(workload, workload.make(seed), lrs, powers=POWERS)

    return Run(method, {"lr": lr}, seed, do, has_averages=True)


def _runs(
    workload: Workload,
    plan: Plan,
    key: _Key,
    seeds: range,
    seen: dict[_Key, _Lines],
) -> Runs:
    name, exponent = key
    lr = float(f"{workload.grid_lr * plan.grid_ratio**exponent:.4g}")
    for seed in seeds:
        line = yield fixed_run(workload, name, name, lr, seed)
        seen.setdefault(key, []).append(line)


def _beyond_edge(
    name: str, seen: dict[_Key, _Lines], score: Callable[[_Lines], float]
) -> int | None:
    """The LR to try next because the best one is the lowest or highest; None if it is not."""
    scores = {exponent: score(lines) for (of, exponent), lines in seen.items() if of == name}
    best = min(scores, key=lambda exponent: (scores[exponent], exponent))
    if len(scores) >= MOST_LRS:
        return None
    if best == min(scores):
        return best - 1
    return best + 1 if best == max(scores) else None
