"""The two starts of a script whose search is apart from its run, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive
from driver import run_alone

OWNED_LOOP = """
import toy
toy.Toy.can_rollback = False
model, tuner = toy.attach(total=7)
while not tuner.done:
    tuner.step(model.update())
"""


@pytest.mark.parametrize("phase", ["search", "commit"])
def test_a_loop_that_would_not_go_back_says_so_in_both_phases(drive: Drive, phase: str) -> None:
    can = drive(OWNED_LOOP, AUTOLRS_PHASE=phase).ask("initialize")["can"]
    assert can["rollback"] is False


def test_it_does_not_say_so_where_the_search_is_in_its_process(drive: Drive) -> None:
    assert "rollback" not in drive(OWNED_LOOP).ask("initialize")["can"]


def test_a_loop_that_goes_back_does_not_say_so_in_any_phase(drive: Drive) -> None:
    script = OWNED_LOOP.replace("False", "True")
    assert "rollback" not in drive(script, AUTOLRS_PHASE="commit").ask("initialize")["can"]


ASK = """
import os
os.environ["AUTOLRS_PHASE"] = "{told}"
from autolrs._session.phase import phase
first = phase()
os.environ["AUTOLRS_PHASE"] = "search"
print(first, phase())
"""


@pytest.mark.parametrize(("told", "read"), [("commit", "commit"), ("", None), ("other", None)])
def test_the_phase_is_read_once_and_what_it_does_not_know_is_none(
    tmp_path: Path, told: str, read: str | None
) -> None:
    assert run_alone(ASK.format(told=told), tmp_path).stdout == f"{read} {read}\n"
