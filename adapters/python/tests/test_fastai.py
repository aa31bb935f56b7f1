"""fastai's Learner in scripts that do not know autolrs."""

from __future__ import annotations

from pathlib import Path

import pytest
from auto import Place, is_as_bare, repeats_itself, text_of
from conftest import Drive, require

require("fastai")

FIT = text_of("fastai_learn")
ONE_CYCLE = "learn.fit_one_cycle(4, 1e-2)"


@pytest.fixture
def place(drive: Drive, tmp_path: Path) -> Place:
    return Place(drive, tmp_path)


def fit_by(text: str, more: str = "") -> str:
    assert ONE_CYCLE in FIT
    return FIT.replace(ONE_CYCLE, text).replace("with learn.no_bar", f"{more}\nwith learn.no_bar")


def test_one_cycle_is_at_factor_1_the_bare_script(place: Place, tmp_path: Path) -> None:
    hello = is_as_bare(place, tmp_path, FIT, 48)
    assert hello["total"] == 48
    assert hello["schedule"] == {"name": "ParamScheduler", "peak": pytest.approx(1e-2)}
    for folder in (tmp_path, tmp_path / "bare"):
        assert (folder / "models" / "model.pth").exists()


SPLIT = """
learn.splitter = lambda model: [[*model[0].parameters()], [*model[1:].parameters()]]
learn.add_cb(GradientAccumulation(32))
"""


def test_both_fits_of_fine_tune_are_one_training_counted_in_updates(
    place: Place, tmp_path: Path
) -> None:
    script = fit_by("learn.fine_tune(3)", SPLIT)
    script = script.replace("from torch", "from fastai.callback.training import *\nfrom torch", 1)
    hello = is_as_bare(place, tmp_path, script, 24)
    assert (hello["total"], len(hello["groups"])) == (24, 2)


LOOK = """
class Look(Callback):
    order = 70
    def after_step(self): print("own", self.opt.hypers[0]["lr"])
learn.add_cb(Look())
learn.opt_func = SGD
learn.lr_find(num_it=10, show_plot=False)
"""


def test_a_fit_with_one_lr_takes_the_tuners_and_the_search_for_an_lr_is_no_training(
    place: Place,
) -> None:
    script = fit_by("learn.fit(2, 0.5)\n    learn.fit(1, 0.25)", LOOK)
    driver = place.start(script, AUTOLRS_PHASE="commit")
    hello = driver.ask("initialize", protocol=1, base="override")
    assert (hello["total"], hello.get("schedule"), hello["lr"]) == (24, None, 0.5)
    still = driver.train(12, 0.0)
    assert driver.train(12, 0.1)[-1] < still[-1]
    assert driver.shutdown() == 0
    owns = [line for line in driver.printed().splitlines() if line.startswith("own 0.")]
    assert owns[-36:] == ["own 0.5"] * 24 + ["own 0.25"] * 12
    assert driver.stderr.count("autolrs: the script fits again after the steps") == 1


def test_a_search_repeats_its_losses(place: Place) -> None:
    batch = "x = torch.randn(1, 8).repeat(256, 1)"  # all batches are the same
    script = fit_by("learn.fit(4)").replace("x = torch.randn(256, 8)", batch)
    repeats_itself(place.start(script, AUTOLRS_PHASE="search"), 3, 0.01)


def test_a_learner_of_a_kind_of_its_own_tells_its_updates(place: Place) -> None:
    script = fit_by(ONE_CYCLE).replace(
        "learn = Learner(", "class Own(Learner): pass\nlearn = Own("
    )
    driver = place.start(script, AUTOLRS_PHASE="commit")
    assert driver.ask("initialize", protocol=1, base="override")["total"] == 48


def test_the_search_for_an_lr_of_an_optimizer_around_another_is_no_training(place: Place) -> None:
    script = fit_by("learn.fit(2, 0.5)", LOOK.replace("= SGD", "= ranger"))
    driver = place.start(script, AUTOLRS_PHASE="commit")
    hello = driver.ask("initialize", protocol=1, base="override")
    assert (hello["total"], hello["lr"]) == (24, 0.5)
