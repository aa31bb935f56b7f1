"""Averages of the weights over the wire, with a framework of one weight."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Drive
from driver import Driver, RefusedError

from autolrs._averages.sampling import Averaging, Sampling

LOOP = """
import toy
model, tuner = toy.attach(lambda: model.weight)
for batch in tuner.cycle([0.0], epochs=1000):
    tuner.step(model.update())
"""

BLIND = """
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0], epochs=1000):
    tuner.step(model.update())
"""

AVERAGE = {"powers": [0, 3], "every": 2, "since": 0}


def weight(driver: Driver, **at: float) -> Any:
    return driver.ask("validate", **at)["loss"]


def train(driver: Driver, steps: int, lr: float = 0.1) -> list[float]:
    """Trains step by step; the weight after each."""
    weights = []
    for _ in range(steps):
        driver.ask("train", steps=1, lr=lr, average=AVERAGE)
        weights.append(weight(driver))
    return weights


def test_the_powers_weigh_samples_by_their_number_to_that_power() -> None:
    # The closed form: sample n of N, counted from 1, weighs C(n + k - 1, k) / C(N + k, k + 1).
    samples = [3.0, -1.0, 4.0, 1.5, -5.0]
    sampling = Sampling(Averaging([0, 1, 2], 1, 0))
    means = [0.0, 0.0, 0.0]
    for value in samples:
        shares = sampling.count_update()
        assert shares is not None
        means = [mean + share * (value - mean) for mean, share in zip(means, shares)]
    for power, mean in zip((0, 1, 2), means):
        weights = [_binomial(n + power - 1, power) for n in range(1, 6)]
        expected = sum(w * x for w, x in zip(weights, samples)) / sum(weights)
        assert mean == pytest.approx(expected)


def _binomial(n: int, k: int) -> float:
    result = 1.0
    for i in range(k):
        result *= (n - i) / (i + 1)
    return result


def test_an_average_is_of_every_second_update_and_leaves_the_weights_as_they_are(
    drive: Drive,
) -> None:
    driver = drive(LOOP)
    weights = train(driver, 6)
    sampled = weights[::2]
    assert weight(driver, at=0) == pytest.approx(sum(sampled) / 3)
    assert weight(driver) == weights[-1]


def test_an_average_is_restored_with_its_checkpoint(drive: Drive) -> None:
    driver = drive(LOOP)
    train(driver, 4)
    before = weight(driver, at=3)
    driver.ask("save", id="memory")
    train(driver, 3)
    after = weight(driver, at=3)
    assert after != before
    driver.ask("restore", id="memory")
    assert weight(driver, at=3) == before
    train(driver, 3)
    assert weight(driver, at=3) == after


def test_training_without_averages_drops_them_and_others_begin_anew(drive: Drive) -> None:
    driver = drive(LOOP)
    train(driver, 4)
    driver.ask("train", steps=1, lr=0.1)
    with pytest.raises(RefusedError, match="no average of power 3"):
        weight(driver, at=3)
    [first, _] = train(driver, 2)
    assert weight(driver, at=3) == first


def test_averages_of_another_beginning_begin_anew(drive: Drive) -> None:
    driver = drive(LOOP)
    train(driver, 4)
    for _ in range(2):
        driver.ask("train", steps=1, lr=0.1, average={**AVERAGE, "since": 4})
    driver.ask("train", steps=1, lr=0.0, average={**AVERAGE, "since": 7})
    assert weight(driver, at=3) == weight(driver)


def test_an_adopted_average_is_what_is_trained_on_and_saved(drive: Drive) -> None:
    driver = drive(LOOP)
    train(driver, 4)
    average = weight(driver, at=0)
    assert driver.ask("adopt", at=0).keys() == {"seconds"}
    assert weight(driver) == average
    with pytest.raises(RefusedError, match="no average"):
        driver.ask("adopt", at=0)


@pytest.mark.parametrize(
    ("average", "fault"),
    [
        ({"powers": [-1], "every": 1, "since": 0}, "below 0"),
        ({"powers": [1], "every": 0, "since": 0}, '"every"'),
        ({"powers": [1], "every": 1}, '"since"'),
        ({"powers": "all", "every": 1, "since": 0}, '"powers"'),
        ([20], '"powers"'),
    ],
)
def test_averages_of_a_wrong_kind_are_refused_by_name(
    drive: Drive, average: Any, fault: str
) -> None:
    driver = drive(LOOP)
    with pytest.raises(RefusedError, match=fault):
        driver.ask("train", steps=1, lr=0.1, average=average)


def test_a_script_that_cannot_validate_does_not_offer_averages(drive: Drive) -> None:
    assert "average" not in drive(BLIND).ask("initialize", protocol=1)["can"]
    assert drive(LOOP).ask("initialize", protocol=1)["can"]["average"] is True


TELLS = LOOP + "print('kept', tuner.weights)\n"


def test_the_script_is_told_which_weights_stay(drive: Drive) -> None:
    for is_adopted in (False, True):
        driver = drive(TELLS)
        train(driver, 4)
        if is_adopted:
            driver.ask("adopt", at=0)
        assert driver.shutdown() == 0
        assert f"kept {'averaged' if is_adopted else 'raw'}" in driver.stderr
