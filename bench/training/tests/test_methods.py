"""What decides between runs: the grid that grows, the ramp, the computed optimum, the curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import run as run_py
import workloads
from methods import Method, Plan, Run, Runs
from methods.ademamix import ademamix
from methods.greedy import greedy
from methods.grid import grid
from methods.learning_rate_free import prodigy, schedule_free, weight_decay
from methods.optimal import expected_loss
from methods.ramp import ramp_then_cosine
from parts.quadratic import Quadratic
from recorded import POINTS, Recorded
from schedules import SCHEDULES
from store import Store
from training import Outcome, fixed, train

WORKLOAD = workloads.load("quadratic-power")


def play(
    runs: Runs,
    loss_of: Callable[[Run], float],
    averaged_loss_of: Callable[[Run], float] | None = None,
) -> list[Run]:
    """Answers every run with a loss, and with one at an average if there is such; none is done."""
    played: list[Run] = []
    run = next(runs)
    while True:
        played.append(run)
        try:
            line: dict[str, Any] = {"validation": loss_of(run)}
            if averaged_loss_of is not None:
                line["averages"] = {"8": {"validation": averaged_loss_of(run), "test": None}}
            run = runs.send(line)
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


def test_a_grid_goes_on_and_has_finalists_for_averages_of_the_weights_too() -> None:
    def distance(run: Run, best: float) -> float:
        return 1 + abs(math.log(run.settings["lr"] / best))

    runs = play(
        grid(WORKLOAD, Plan()),
        lambda run: distance(run, 0.11),
        # With averages the constant LR is best, and at one that is above the grid's first edge.
        lambda run: distance(run, 5.0) / (4 if run.method == "constant" else 0.1),
    )
    tried = sorted({run.settings["lr"] for run in runs if run.method == "constant"})
    assert tried[-2:] == [6.4, 12.8]
    others = {run.settings["lr"] for run in runs if run.method == "cosine"}
    assert max(others) == 0.8
    on_all_seeds = {(run.method, run.settings["lr"]) for run in runs if run.seed == 5}
    raw = {(name, 0.1) for name in SCHEDULES}
    assert on_all_seeds == raw | {("constant", lr) for lr in (0.4, 0.8, 1.6, 3.2, 6.4, 12.8)}


def test_a_grid_of_runs_that_diverge_comes_to_an_end() -> None:
    runs = play(grid(WORKLOAD, Plan()), lambda run: math.inf)
    assert len({run.settings["lr"] for run in runs}) == 20


def test_a_method_that_brings_its_own_optimizer_keeps_the_workloads_weight_decay() -> None:
    pytest.importorskip("torch")
    decays = {name: weight_decay(workloads.load(name)) for name in workloads.names()}
    assert {name: decay for name, decay in decays.items() if decay > 0} == {
        "char-lm": 0.01,
        "fashion-cnn-adamw": 0.01,
        "fashion-resnet": 0.0005,
        "finetune-full": 0.01,
        "finetune-lora": 0.01,
        "gpt-addresses": 0.1,
    }


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


def test_greedy_lr_rises_with_a_loss_that_falls_and_falls_with_one_that_does_not() -> None:
    pytest.importorskip("transformers")
    lrs: list[float] = []

    class Watched:
        """Twenty evaluations that improve, and twenty that do not."""

        steps = 0

        def step(self, lr: float) -> float:
            lrs.append(lr)
            self.steps += 1
            return 1.0

        def validate(self) -> float:
            return max(0.5, 1 - self.steps / 40)

        test = validate

    workload = replace(WORKLOAD, total=40, default_lr=0.1, make=lambda seed: Watched())
    outcome = next(greedy(workload, Plan(seeds=1))).do()
    assert outcome.total == 40
    assert lrs[0] == 0.1
    # Each third evaluation is one more than two in a row.
    assert lrs[20] == pytest.approx(0.1 / 0.9**6)
    assert lrs[-1] == pytest.approx(0.1 / 0.9**6 * 0.9**6)


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


def test_the_losses_at_averages_are_those_of_the_weights_that_training_averaged() -> None:
    model = WORKLOAD.make(1)
    outcome = train(WORKLOAD, model, fixed([0.05] * 300), powers=(0, 3))
    again = WORKLOAD.make(1)
    seen = []
    for _ in range(300):
        again.step(0.05)
        seen.append(again.save()["theta"])
    mean = WORKLOAD.make(1)
    mean.load({"steps": 300, "theta": np.mean(seen, axis=0)})
    assert outcome.averages is not None
    assert outcome.averages["0"]["validation"] == pytest.approx(mean.validate())
    assert outcome.averages["0"]["validation"] == outcome.averages["0"]["test"]
    assert outcome.averages["3"] != outcome.averages["0"]
    # What is averaged on the side does not change what is trained.
    assert outcome.validation == again.validate() == model.validate()


def test_a_run_that_diverges_has_no_losses_at_averages_either() -> None:
    outcome = train(WORKLOAD, WORKLOAD.make(1), fixed([1e200] * 10), powers=(3,))
    assert outcome.averages == {"3": {"validation": None, "test": None}}


def test_a_run_is_done_again_for_its_averages_if_they_are_asked_for(tmp_path: Path) -> None:
    facts = {"workload": "digits", "version": "1", "seed": 1, "method": "m", "settings": {}}
    short = Outcome(1.0, None, [], 10, 0, 0.5)
    whole = replace(short, averages={"3": {"validation": 0.123456789, "test": None}})
    done = []

    def runs() -> Runs:
        def do() -> Outcome:
            done.append(1)
            return whole

        yield Run("m", {}, 1, do, has_averages=True)

    def lines(*options: str) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = []
        args = run_py.parse_args(["--store", str(path), *options])
        run_py.run_method(runs(), "digits", Store(path), args, lines)
        return lines

    path = tmp_path / "results.jsonl"
    Store(path).add({**facts, "version": workloads.version("digits")}, short)
    assert "averages" not in lines()[0]
    assert len(done) == 0
    assert lines("--averages")[0]["averages"] == {"3": {"validation": 0.123457, "test": None}}
    assert lines("--averages") == lines()
    assert len(done) == 1


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


@pytest.mark.parametrize(
    ("package", "method"),
    [("schedulefree", schedule_free), ("prodigyopt", prodigy), ("pytorch_optimizer", ademamix)],
)
def test_a_method_trains_with_its_own_optimizer_and_none_where_a_workload_takes_none(
    package: str, method: Method
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip(package)
    assert list(method(WORKLOAD, Plan())) == []
    short = replace(workloads.load("lstm-series"), total=30)
    outcome = next(method(short, Plan(seeds=1))).do()
    assert outcome.total == 30
    # Some begin at next to no LR: that the weights have moved is all that so few steps promise.
    assert outcome.validation != short.make(1).validate()
    assert outcome.validation is not None
