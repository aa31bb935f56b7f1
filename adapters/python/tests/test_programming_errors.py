"""A plain bug of the script is told from what an LR may have provoked."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Drive
from driver import RefusedError

from autolrs._session.programming_errors import bug_in

BUGS = {
    "a name": "criterio(1)",
    "a name in a function": "(lambda: criterio(1))()",
    "a module": "import torchh",
    "what is not in a module": "from math import squareroot",
    "an attribute": "{}.appendd(1)",
    "an attribute of a module": "import math; math.squareroot(1)",
    "a keyword": "print(1, colour=2)",
    "too many": "(lambda: 0)(1, 2)",
    "no syntax": "eval('1 +')",
    "one while another is handled": "try: criterio\nexcept NameError: criterium",
}

OTHERS = {
    "a guard": "assert False",
    "a value": "raise ValueError('loss is nan')",
    "a guard that returns None": "None.item()",
    "None for a pair": "a, b = None",
    "None in a sum": "0.5 + None",
    "a sum of no loss": "(0.0).item()",
    "a number for a pair": "a, b = float('nan')",
    "a root": "(-1.0) ** 0.5 < 1",
    "a name that a loop sets": "for x in []: mean = x\nprint(mean)",
    "a name of the module that a loop sets": (
        "for x in []: mean = x\ndef report(): return mean\nreport()"
    ),
    "a name that another function sets": (
        "def run():\n  global mean\n  for x in []: mean = x\nrun()\nprint(mean)"
    ),
    "a variable that a loop sets": "def f():\n  for x in []: mean = x\n  return mean\nf()",
    "a bug in a guard": "try: 1 / 0\nexcept ZeroDivisionError: criterio",
    "a division": "1 / 0",
    "an index": "[][1]",
    "a key": "{}['a']",
    "another type": "'a' + b'b'",
    "one that is gone through": "for x in 3: pass",
    "an attribute that a loop sets": (
        "class Meter:\n  def update(self, v): self.avg = v\nMeter().avg"
    ),
    "a library that cannot be loaded": "raise ImportError('x.so: Too many open files')",
    "a type of its own": "class Bad(TypeError): pass\nraise Bad('x')",
}


def error_of(script: str) -> BaseException:
    try:
        exec(compile(script, "train.py", "exec"), {})
    except Exception as error:
        return error
    raise AssertionError("it raised nothing")


@pytest.mark.parametrize("what", BUGS)
def test_a_bug_that_no_lr_provokes_is_one(what: str) -> None:
    error = error_of(BUGS[what])
    said = bug_in(error)
    assert said is not None
    assert said.startswith("fix the script in ")
    assert f": {type(error).__name__}: " in said


@pytest.mark.parametrize("what", OTHERS)
def test_what_an_lr_may_provoke_is_none(what: str) -> None:
    assert bug_in(error_of(OTHERS[what])) is None


SCRIPT = """
import toy
def report(weight):
    if weight < 0.1:
        BUG
toy_model, tuner = toy.attach()
while not tuner.done:
    tuner.step(toy_model.update())
    report(toy_model.weight)
"""


@pytest.mark.parametrize(
    ("bug", "is_permanent"),
    [("criterio(weight)", True), ("raise ValueError(weight)", False)],
)
def test_the_tuner_is_told_where_a_plain_bug_is(
    drive: Drive, bug: str, is_permanent: bool
) -> None:
    driver = drive(SCRIPT.replace("BUG", bug))
    driver.ask("initialize")
    with pytest.raises(RefusedError) as caught:
        driver.ask("train", steps=100, lr=0.5)
    assert caught.value.is_permanent == is_permanent
    said: Any = str(caught.value)
    if is_permanent:
        assert said.endswith(
            "train.py, line 5: NameError: name 'criterio' is not defined (no learning rate "
            "provokes that)"
        )
    assert "line 5" in caught.value.traceback
    assert driver.wait() == 1
