"""What is replaced in the tests' scripts must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import SCRIPTS, TEXTS, Script


def test_every_script_of_the_tests_is_measured() -> None:
    assert {each.name for each in SCRIPTS} == {path.stem for path in TEXTS.glob("*.py")}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_python_with_every_lr_times_the_factor(script: Script, tmp_path: Path) -> None:
    script.write(tmp_path / "one", 7, 1.0)
    script.write(tmp_path / "four", 7, 4.0)
    one, four = ((tmp_path / name / "train.py").read_text() for name in ("one", "four"))
    compile(one, "one", "exec")
    compile(four, "four", "exec")
    assert four != one
    assert four.count(" * 4.0") == len(script.lrs)
    assert four.replace(" * 4.0", "") == one
    assert f"{script.seed}7)" in one
