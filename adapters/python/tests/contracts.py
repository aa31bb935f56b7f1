"""What the adapter of every framework keeps: each test file brings scripts of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from driver import Driver, run_alone


def restores_bit_for_bit(driver: Driver, steps: int, other_lr: float) -> dict[str, Any]:
    """After a restore the same losses come again, whatever was tried and validated in between.

    Args:
        driver: A script that has just begun.
        steps: A multiple of four.
        other_lr: Must make other losses than the usual LR.

    Returns:
        What validation told.
    """
    driver.ask("save", id="start")
    early = driver.train(2)
    driver.ask("save", id="a")
    first, validation = driver.train(steps), driver.ask("validate")
    driver.ask("restore", id="a")
    other = driver.train(steps, lr=other_lr)
    assert other[0] == first[0]  # the first update comes after it
    assert other != first
    driver.ask("restore", id="a")
    second = []
    for _ in range(4):
        driver.ask("validate")  # leaves no trace
        second += driver.train(steps // 4)
    assert second == first
    assert driver.ask("validate")["loss"] == validation["loss"]
    driver.ask("restore", id="start")
    assert driver.train(2) == early
    assert driver.shutdown() == 0
    return validation


def goes_on_in_a_new_process(
    first: Driver, start_anew: Callable[[], Driver], folder: Path, *, at: int, steps: int
) -> Driver:
    """A checkpoint on disk holds all that training needs, random numbers too.

    Args:
        first: A script that has just begun.
        start_anew: Starts it with other random numbers.
        folder: Where the checkpoint may lie.
        at: When it is saved.
        steps: How many are compared.

    Returns:
        The new process, at its end.
    """
    path = str(folder / "checkpoint")
    first.train(at)
    first.ask("save", id="a", path=path)
    expected = first.train(steps)
    assert first.shutdown() == 0
    second = start_anew()
    assert second.ask("restore", id="a", path=path)["step"] == at
    assert second.train(steps) == expected
    assert second.shutdown() == 0
    assert model_of(second.stderr) == model_of(first.stderr)
    return second


def is_left_as_it_was(first: Driver, start_anew: Callable[[], Driver], folder: Path) -> None:
    """A run that was over already ends with its model once more, though its fit must begin."""
    path = str(folder / "checkpoint")
    first.train(5)
    first.ask("save", id="a", path=path)
    assert first.shutdown() == 0
    second = start_anew()
    second.ask("restore", id="a", path=path)
    assert second.shutdown() == 0
    weights = [model_of(driver.stderr).rpartition("]")[0] for driver in (first, second)]
    assert weights[0] == weights[1] != ""


def goes_on_until_the_tuner_ends_it(driver: Driver) -> None:
    """A framework that was told to do four steps does as many as it is asked for."""
    assert driver.ask("initialize")["total"] == 4
    driver.train(25)
    assert driver.shutdown() == 0
    assert model_of(driver.stderr).endswith("] 25")


def leaves_the_model_to_the_tuner(driver: Driver) -> None:
    """A script whose loop ends after four steps waits until its model is restored."""
    driver.ask("save", id="a")
    before = driver.ask("validate")["loss"]
    assert driver.ask("train", steps=10, lr=0.1)["end"] == "data"
    driver.ask("restore", id="a")
    assert driver.ask("validate")["loss"] == before
    assert driver.shutdown() == 0


def trains_alone_as(bare: str, adapted: str, folder: Path) -> str:
    """Without a tuner a script does, bit for bit, what it does without the adapter.

    Returns:
        What it printed of its model.
    """
    end = run_alone(f"exec({bare!r}, {{}})\nexec({adapted!r}, {{}})", folder)
    assert end.returncode == 0, end.stderr
    models = [line for line in end.stdout.splitlines() if line.startswith("[")]
    assert len(models) == 2
    assert models[0] == models[1]
    return models[0]


def model_of(printed: str) -> str:
    """The line of its weights that a script prints last."""
    return [line for line in printed.splitlines() if line.startswith("[")][-1]


def tells_where_it_stands(driver: Driver) -> None:
    """A callback acts on the committed path alone. Its lines are `at`, and the tuner's answers."""
    driver.train(1)
    driver.ask("save", id="a")
    driver.ask("train", steps=2, lr=0.05, purpose="search")
    driver.ask("restore", id="a")
    driver.ask("train", steps=2, lr=0.05, purpose="commit")
    assert driver.shutdown() == 0
    told = [line[3:] for line in driver.stderr.splitlines() if line.startswith("at ")]
    assert told == [
        "1 True False",  # a trial begins here
        "2 True False",
        "1 False False",
        "2 False True",
        "3 False False",
    ]


AVERAGE = {"powers": [0, 20], "every": 1, "since": 0}


def averages_the_weights(driver: Driver) -> None:
    """The average of power 0 is the mean of the weights, and stays once it is adopted.

    Args:
        driver: A script whose validation is linear in the weights.
    """
    assert driver.ask("initialize")["can"]["average"] is True
    seen = []
    for _ in range(5):
        driver.ask("train", steps=1, lr=0.05, average=AVERAGE)
        seen.append(driver.ask("validate")["loss"])
    assert len(set(seen)) == 5
    mean = driver.ask("validate", at=0)["loss"]
    assert mean == pytest.approx(sum(seen) / 5, rel=1e-5)
    assert driver.ask("validate")["loss"] == seen[-1]
    driver.ask("adopt", at=0)
    assert driver.ask("validate")["loss"] == mean
    assert driver.shutdown() == 0


def averages_go_with_a_checkpoint(
    first: Driver, start_anew: Callable[[], Driver], folder: Path
) -> None:
    """A checkpoint holds the averages; to keep them and to look at them changes no loss."""

    def train(driver: Driver) -> list[float]:
        losses: list[float] = driver.ask("train", steps=3, lr=0.05, average=AVERAGE)["losses"]
        return [*losses, *(driver.ask("validate", at=power)["loss"] for power in (0, 20))]

    path = str(folder / "averaged")
    first.ask("save", id="start")
    bare = first.train(6)
    first.ask("restore", id="start")
    early = train(first)
    first.ask("save", id="a")
    first.ask("save", id="b", path=path)
    late = train(first)
    assert [*early[:3], *late[:3]] == bare
    train(first)
    first.ask("restore", id="a")
    assert train(first) == late
    assert first.shutdown() == 0
    second = start_anew()
    second.ask("restore", id="b", path=path)
    assert train(second) == late
    assert second.shutdown() == 0
