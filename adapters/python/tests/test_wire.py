"""The user's own output and the wire never meet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Drive
from driver import run_alone

NOISY = """
print("banner before autolrs")
import os, subprocess, sys, toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0] * 4):
    print("print", flush=True)
    os.system("echo shell; cat")
    os.write(1, b'{"jsonrpc":"2.0","id":1,"result":{}}')
    subprocess.run([sys.executable, "-c", "print('child', input() if 0 else '')"])
    assert sys.stdin.read() == "" and os.read(0, 1) == b""
    tuner.step(model.update(batch))
"""

FORKING = """
import os, toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0]):
    if os.fork() == 0:
        tuner.step(0.5)  # a child that knows no better
    os.wait()
    tuner.step(model.update(batch))
"""


def test_prints_children_and_shells_neither_tear_messages_nor_eat_requests(drive: Drive) -> None:
    driver = drive(NOISY)
    id = driver.send("train", steps=3, lr=0.1)
    waiting = driver.send("save", id="a")
    assert driver.answer_to(id)["steps"] == 3
    assert driver.answer_to(waiting)["step"] == 3
    assert driver.shutdown() == 0
    assert driver.stderr.count("shell") == driver.stderr.count("child") == 3
    assert "banner before autolrs" in driver.stderr


def test_a_child_process_is_no_trainer(drive: Drive) -> None:
    child = "import autolrs; print(autolrs.is_driven())"
    script = NOISY.replace("print('child', input() if 0 else '')", f"print('child'); {child}")
    driver = drive(script)
    assert driver.ask("train", steps=3, lr=0.1)["steps"] == 3
    assert driver.stderr.count("False") == 3


def test_a_forked_child_never_answers(drive: Drive) -> None:
    driver = drive(FORKING)
    assert driver.ask("train", steps=1, lr=0.1)["step"] == 1
    assert driver.ask("save", id="a")["step"] == 1
    assert driver.shutdown() == 0


def test_children_do_not_hold_the_wire_open(drive: Drive) -> None:
    script = NOISY.replace(
        "for batch", "lasting = subprocess.Popen(['sleep', '60'])\nfor batch", 1
    )
    script += "lasting.terminate()"
    driver = drive(script)
    driver.ask("train", steps=1, lr=0.1)
    assert driver.end_of_input() == 1


def test_stdout_is_left_alone_without_a_tuner(tmp_path: Path) -> None:
    assert run_alone("import autolrs; print('here')", tmp_path).stdout == "here\n"


FRAMEWORKS = {
    "torch": "PyTorch",
    "lightning": "Lightning",
    "transformers": "Transformers",
    "keras": "Keras",
    "jax": "JAX",
    "tensorflow": "TensorFlow",
}


def test_importing_autolrs_imports_no_framework(tmp_path: Path) -> None:
    script = f"import sys, autolrs; print(sys.modules.keys() & {{*{[*FRAMEWORKS, 'numpy']}}})"
    assert run_alone(script, tmp_path).stdout == "set()\n"


@pytest.mark.parametrize("module", FRAMEWORKS)
def test_a_framework_that_is_missing_is_told_in_a_sentence(tmp_path: Path, module: str) -> None:
    missing = f"raise ModuleNotFoundError('No {module}', name='{module}')"
    (tmp_path / f"{module}.py").write_text(missing)
    end = run_alone(f"import autolrs.{module}", tmp_path)
    assert end.returncode == 1
    last = end.stderr.splitlines()[-1]
    assert f"ImportError: autolrs.{module} needs {FRAMEWORKS[module]}, and" in last
    assert f"`pip install {module}" in last


@pytest.mark.parametrize("module", FRAMEWORKS)
def test_a_framework_that_is_too_old_is_told_in_a_sentence(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("__version__ = '0.4.3rc1'")
    end = run_alone(f"import autolrs.{module}", tmp_path)
    assert end.returncode == 1
    last = end.stderr.splitlines()[-1]
    assert re.search(rf"autolrs.{module} needs {FRAMEWORKS[module]} [0-9.]+ or newer, and", last)
    assert "has 0.4.3rc1; update it with `pip install --upgrade" in last
