"""The messages of `test/corpus`, which the tuner's own tests read too, against the adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Drive
from driver import Driver

CORPUS = Path(__file__).parents[3] / "test" / "corpus"

METHODS = ["adopt", "discard", "initialize", "restore", "save", "shutdown", "train", "validate"]

SCRIPT = """
import toy
model, tuner = toy.attach(lambda: 0.25, rewind_bytes=1)
for batch in tuner.cycle([b"xx"], epochs=100):
    tuner.step(model.update())
"""

FREE = "metrics"
"""Its keys are the user's."""

LATER = {"an unknown field", "a capability of a later version"}
"""Titles of answers that the tuner takes and no adapter of today gives."""


class Case(NamedTuple):
    method: str
    title: str
    params: dict[str, Any]


def read(name: str) -> dict[str, list[dict[str, Any]]]:
    cases: dict[str, list[dict[str, Any]]] = json.loads((CORPUS / f"{name}.json").read_text())
    return cases


def asked() -> list[Case]:
    return [
        Case(method, case["title"], case["params"])
        for method in METHODS
        for case in read(method)["params"]
    ]


def shape(value: Any) -> Any:
    """What is left of a message without its values: keys and kinds."""
    if isinstance(value, dict):
        return {key: {} if key == FREE else shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if type(value) in (int, float) else type(value).__name__


def prepare(driver: Driver, case: Case) -> None:
    if case.method in ("restore", "discard"):
        driver.ask("save", id=case.params["id"])
    if "at" in case.params:
        driver.ask(
            "train",
            steps=1,
            lr=0.1,
            average={"powers": [case.params["at"]], "every": 1, "since": 0},
        )


def test_the_corpus_has_a_file_for_every_request_and_none_is_empty() -> None:
    files = {path.stem for path in CORPUS.glob("*.json")}
    assert files - {"lines", "notifications"} == set(METHODS)
    assert {case.method for case in asked()} == set(METHODS)


@pytest.mark.parametrize("case", asked(), ids=lambda case: f"{case.method}: {case.title}")
def test_a_request_is_answered_as_the_corpus_says(drive: Drive, case: Case) -> None:
    driver = drive(SCRIPT)
    prepare(driver, case)
    answer = shape(driver.ask(case.method, **case.params))
    full, *others = [each for each in read(case.method)["valid"] if each["title"] not in LATER]
    expected = shape(full["result"])
    assert {key: answer.get(key) for key in expected} == expected
    assert answer.keys() <= expected.keys() | {key for other in others for key in other["result"]}


@pytest.mark.parametrize("end", ["halt", "diverged", "cancel", "data"])
def test_train_that_ends_early_is_answered_as_the_corpus_says(drive: Drive, end: str) -> None:
    script = SCRIPT.replace("model.update()", "float('nan')") if end == "diverged" else SCRIPT
    if end == "data":
        script = script.replace('[b"xx"]', "[]")
    driver = drive(script)
    steps = 100_000_000 if end == "cancel" else 3
    id = driver.send("train", steps=steps, lr=0.05, **({"halt": 0} if end == "halt" else {}))
    if end == "cancel":
        driver.notifications.append(driver.receive())
        driver.cancel()
    answer = driver.answer_to(id)
    [like] = [
        shape(case["result"])
        for case in read("train")["valid"]
        if case["result"].get("end") == end
    ]
    assert shape({**answer, "losses": []}) == {**like, "losses": []}


def test_notifications_are_as_the_corpus_says(drive: Drive) -> None:
    driver = drive(SCRIPT)
    driver.ask("save", id="a")
    driver.ask("train", steps=1, lr=0.1)
    driver.ask("restore", id="a")  # its batch is too large to be kept, and that is told
    id = driver.send("train", steps=100_000_000, lr=0.1)
    driver.notifications.append(driver.receive())
    driver.cancel()
    driver.answer_to(id)
    said = {told["method"]: shape(told["params"]) for told in driver.notifications}
    first_of_each = {case["method"]: case for case in reversed(read("notifications")["valid"])}
    assert said == {name: shape(case["params"]) for name, case in first_of_each.items()}
