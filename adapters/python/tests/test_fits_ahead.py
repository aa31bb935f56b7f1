"""How often a script fits one model, as it is read from where its first fit stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from autolrs._keras.fits_ahead import fits_ahead

HEAD = """
import re
class Model:
    def compile(self): pass
    def fit(self): fit(self)
class Trainer:
    def __init__(self): self.model = Model()
    def train(self): self.model.fit()
    def anew(self):
        self.model = Model()
        self.model.fit()
class Outer:
    def __init__(self): self.inner = Trainer()
t, d, models, model, outer = Trainer(), {"net": Model()}, [Model(), Model()], Model(), Outer()
def local():
    fresh = Model()
    fresh.fit()
def pass_on(it): it.fit()
def make_and_pass():
    it = Model()
    pass_on(it)
"""

LOOPS = {
    "model.fit()": 4,
    "t.train()": 4,
    "t.model.fit()": 4,
    "outer.inner.train()": 4,
    "d['net'].fit()": 4,
    "models[0].fit()": 4,
    "pass_on(model)": 4,
    "re.compile('a'); model.fit()": 4,
    "model.compile(); model.fit()": 1,
    "model = Model(); model.fit()": 1,
    "t = Trainer(); t.train()": 1,
    "t.model = Model(); t.model.fit()": 1,
    "d['net'] = Model(); d['net'].fit()": 1,
    "models[i % 2].fit()": 1,
    "model = Model(); models.append(model); model.fit()": 1,
    "local()": 1,
    "make_and_pass()": 1,
}


class Reached(Exception):
    """The first fit."""


@pytest.mark.parametrize("body", LOOPS)
def test_a_loop_fits_one_model_unless_each_round_makes_its_own(body: str, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(f"{HEAD}for i in range(4): {body}\n")
    told = []

    def fit(model: object) -> None:
        told.append(fits_ahead(model))
        raise Reached

    with pytest.raises(Reached):
        exec(compile(path.read_text(), str(path), "exec"), {"fit": fit, "__name__": "train"})
    assert told == [LOOPS[body]]
