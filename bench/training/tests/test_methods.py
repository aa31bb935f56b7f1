"""What decides between runs: the grid that grows, the ramp, the computed optimum, the curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workloads
from methods import Plan, Run, Runs
from methods.grid import grid
from methods.optimal import expected_loss
from methods.ramp import ramp_then_cosine
from parts.quadratic import Quadratic
from recorded import POINTS, Recorded
from schedules import SCHEDULES
from store import Store
from training import Outcome, fixed, train

WORKLOAD = workloads.load("quadratic-power")


def play(runs: Runs, loss_of: Callable[[Run], float]) -> list[Run]:
    """Answers every run with a loss; none is done."""
    played: list[Run] = []
    run = next(runs)
    while True:
        played.append(run)
        try:
            run = runs.send({"validation": loss_of(run)})
        except StopIteration:
            return played


def test_a_grid_grows_until_the_best_lr_of_every_schedule_lies_inside() -> None:
    best = {name: 10.0 ** (index - 4) for index, name in enumerate(SCHEDULES)}
    runs = play(
        grid(WORKLOAD, Plan()),
        lambda run: 1 + math.log(run.settings["lr"] / best[run.method]) ** 2,
    )
    for name, lr in best.items():
        tried = sorted({run.settings["lr"] for run in runs if run.method == name})
        nearest = min(tried, key=lambda one: abs(math.log(one / lr)))
        assert tried[0] < nearest < tried[-1], name
        assert abs(math.log2(nearest / lr)) <= 0.5, name


def test_the_best_of_a_grid_run_on_all_seeds_and_the_others_on_two() -> None:
    runs = play(grid(WORKLOAD, Plan()), lambda run: abs(math.log(run.settings["lr"] / 0.11)))
    seeds: dict[Any, list[int]] = {}
    for run in runs:
        seeds.setdefault((run.method, run.settings["lr"]), []).append(run.seed)
    finalists = [key for key, value in seeds.items() if value == [1, 2, 3, 4, 5]]
    assert finalists == [(name, 0.1) for name in SCHEDULES]
    assert all(value == [1, 2] for key, value in seeds.items() if key not in finalists)


def test_a_grid_of_runs_that_diverge_comes_to_an_end() -> None:
    runs = play(grid(WORKLOAD, Plan()), lambda run: math.inf)
    assert len({run.settings["lr"] for run in runs}) == 20


def test_a_ramp_ends_where_the_loss_rises_and_a_cosine_goes_on_from_the_lr_of_its_minimum() -> (
    None
):
    total = 4000
    lrs = ramp_then_cosine(total)
    lr = next(lrs)
    played = [lr]
    for step in range(total - 1):
        noise = 0.01 * (-1) ** step
        lr = lrs.send(1 + abs(math.log10(lr) + 2) / 10 + noise)
        played.append(lr)
    with pytest.raises(StopIteration):
        lrs.send(1.0)
    assert played[0] == pytest.approx(1e-6)
    top = int(np.argmax(played))
    # It notices half a decade later, and goes back.
    assert 0.01 < played[top] < 0.2
    assert played[top + 1] == pytest.approx(0.01, rel=0.2)
    assert played[-1] < 1e-4


def test_the_expected_loss_of_a_quadratic_is_the_mean_of_its_runs() -> None:
    h, spread = np.array([1.0, 0.3, 0.01]), 0.7
    lrs = np.array([0.5, 1.2, 0.3, 0.3, 0.1])
    losses = []
    for seed in range(4000):
        model = Quadratic(h, spread, seed)
        for lr in lrs:
            model.step(lr)
        losses.append(model.validate())
    loss, slopes = expected_loss(lrs, h, np.ones(3), spread)
    standard_error = np.std(losses) / math.sqrt(len(losses))
    assert loss == pytest.approx(np.mean(losses), abs=4 * standard_error)
    for step in range(len(lrs)):
        shift = 1e-6 * np.eye(len(lrs))[step]
        above, _ = expected_loss(lrs + shift, h, np.ones(3), spread)
        below, _ = expected_loss(lrs - shift, h, np.ones(3), spread)
        assert slopes[step] == pytest.approx((above - below) / 2e-6, rel=1e-6)


def test_a_curve_is_rolled_back_with_the_model_and_the_steps_spent_are_not() -> None:
    every = WORKLOAD.total // POINTS
    model = Recorded(WORKLOAD, WORKLOAD.make(1))
    for _ in range(every):
        model.step(0.1)
    state = model.save()
    for _ in range(every):
        model.step(1.0)
    model.load(state)
    for _ in range(every):
        model.step(0.1)
    assert [(point.step, point.spent) for point in model.curve] == [
        (every, every),
        (2 * every, 3 * every),
    ]
    undisturbed = Recorded(WORKLOAD, WORKLOAD.make(1))
    for _ in range(2 * every):
        undisturbed.step(0.1)
    assert [p.loss for p in model.curve] == [p.loss for p in undisturbed.curve]


def test_a_run_that_diverges_ends_at_once_without_a_loss() -> None:
    outcome = train(WORKLOAD, WORKLOAD.make(1), fixed([1e200] * WORKLOAD.total))
    assert outcome.validation is None
    assert outcome.total < 10


def test_a_store_is_read_back_and_of_two_lines_for_a_run_the_later_counts(tmp_path: Any) -> None:
    path = tmp_path / "results.jsonl"
    facts = {"workload": "w", "version": "1", "seed": 1, "method": "m", "settings": {"lr": 0.1}}
    for loss in (1.0, 2.0):
        Store(path).add(facts, Outcome(loss, None, [(10, math.pi)], 10, 0, 0.5))
    line = Store(path).find(facts)
    assert line is not None
    assert (line["validation"], line["test"], line["curve"]) == (2.0, None, [[10, 3.14159]])
    assert Store(path).find({**facts, "version": "2"}) is None
    assert len(path.read_text().splitlines()) == 2
