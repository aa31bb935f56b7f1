"""Workloads repeat themselves bit by bit: what every comparison on them rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import describe
import workloads
from averages import Averages
from parts.workload import Model

NUMPY = ["digits", "friedman", "letters", "quadratic-power", "quadratic-wide", "regression"]
NUMPY_ON_TORCHS_DATA = ["fashion-autoencoder", "fashion-softmax"]
TORCH = [name for name in workloads.names() if name not in NUMPY]
SLOW = [name for name in TORCH if name not in NUMPY_ON_TORCHS_DATA]
STEPS = {name: 3 if name in SLOW else 300 for name in workloads.names()}

Make = Callable[[int], Model]


@pytest.fixture(params=workloads.names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make(name: str) -> Make:
    if name in TORCH:
        pytest.importorskip("torch")
    workload = workloads.load(name)
    try:
        workload.make(1)
    except SystemExit as missing:
        pytest.skip(str(missing))
    return workload.make


def train(model: Model, steps: int, lr: float = 0.01) -> list[float]:
    return [model.step(lr) for _ in range(steps)]


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(
    name: str, make: Make
) -> None:
    steps = STEPS[name]
    first, second, other = make(1), make(1), make(2)
    losses = train(first, steps)
    assert losses == train(second, steps)
    assert losses != train(other, steps)
    assert first.validate() == second.validate()
    assert first.test() == second.test()


def test_a_restored_model_goes_on_bit_by_bit_as_if_nothing_had_happened(
    name: str, make: Make
) -> None:
    steps = STEPS[name]
    undisturbed = make(1)
    expected = train(undisturbed, 2 * steps)
    model = make(1)
    assert train(model, steps) == expected[:steps]
    state = model.save()
    for _ in range(2):  # twice: to restore must not change what is saved
        train(model, steps, lr=0.1)
        model.load(state)
        assert model.steps == steps
        assert train(model, steps) == expected[steps:]
    another = make(1)
    another.load(state)
    assert train(another, steps) == expected[steps:]
    assert another.validate() == undisturbed.validate()


def test_validation_leaves_no_trace(name: str, make: Make) -> None:
    steps = STEPS[name]
    alone, watched = make(1), make(1)
    expected = train(alone, steps)
    losses = []
    for _ in range(steps):
        losses.append(watched.step(0.01))
        watched.validate()
    assert losses == expected


def test_averages_of_its_weights_are_another_model_that_leaves_no_trace(
    name: str, make: Make
) -> None:
    model = make(1)
    averages = Averages(model, [1])
    for _ in range(2):
        model.step(0.01)
        averages.sample()
    loss = model.validate()
    with averages.at(1):
        assert model.validate() != loss
    assert model.validate() == loss


def test_training_lowers_the_validation_loss(name: str, make: Make) -> None:
    model = make(1)
    before = model.validate()
    train(model, 20 if name in SLOW else 1000, lr=0.003 if name in SLOW else 0.01)
    assert model.validate() < before


def test_the_descriptions_for_the_report_are_those_of_the_workloads() -> None:
    pytest.importorskip("torch")
    assert describe.DESCRIPTIONS.read_text() == describe.describe(), "run describe.py"
