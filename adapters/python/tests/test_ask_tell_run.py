"""Runs that a trainer of its own asks for: real scripts, and the real tuner as their child."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from own_run import COMMAND, Folder

HEAD = """
import os, signal, sys
import autolrs
from own_trainer import Line

def pid():
    from autolrs._protocol import claim
    return claim._claimed.started._process._pid

def train(act=lambda tuner, asked: None, **options):
    line = Line()
    with autolrs.ask_tell(lr=0.1, can_validate=True, seed=3, **options) as tuner:
        while (asked := tuner.ask()) is not None:
            act(tuner, asked)
            tuner.tell(line.carry_out(asked))
    return line, tuner

def at(step, act):
    return lambda tuner, asked: act() if tuner.step >= step and asked.kind == "train" else None

OPTIONS = dict(strategy="horizon", budget=1600, run_dir="run", checkpoint_steps=50)
"""
FINISH = HEAD + "line, _ = train(**OPTIONS)\nprint('end', line.state)\n"
ON_DISK = FINISH.replace("**OPTIONS)", "can_write_files=True, **OPTIONS)")


def records(folder: Path, kind: str) -> list[Any]:
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [each for each in lines if each["kind"] == kind]


def decided(folder: Path) -> list[Any]:
    decisions = [each["decision"] for each in records(folder, "decision")]
    assert len(decisions) > 5
    return decisions


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("undisturbed"))
    ended = folder.run(FINISH)
    assert ended.returncode == 0, ended.stderr
    (folder.path / "stdout").write_text(ended.stdout)
    return folder


def printed(undisturbed: Folder) -> str:
    return (undisturbed.path / "stdout").read_text()


def test_a_run_has_its_directory_its_ledger_and_its_result(folder: Folder) -> None:
    script = """
line, tuner = train(**OPTIONS)
print(tuner.step, line.state[0], tuner.ask(), tuner.dir == os.path.realpath("run"))
print(tuner.result["status"], tuner.result["steps"]["total"])
"""
    ended = folder.run(HEAD + script)
    assert ended.returncode == 0, ended.stderr
    committed = folder.result()["steps"]["committed"]
    assert ended.stdout == f"{committed} {committed} None True\nfinished 1600\n"
    assert "autolrs: budget: 1,600 steps with the search included" in ended.stderr


@pytest.mark.parametrize("strategy", ["horizon", "paper"])
def test_the_same_trainer_decides_the_same_under_autolrs_run(
    folder: Folder, strategy: str
) -> None:
    script = FINISH.replace('"horizon"', repr(strategy))
    inside = folder.run(script)
    assert inside.returncode == 0, inside.stderr
    options = f"--strategy {strategy} --budget 1600 --seed 3 --search inside --run-dir outer"
    tests = Path(__file__).parent
    wrapped = subprocess.run(
        [*shlex.split(f"{COMMAND} run {options} --"), sys.executable, "train.py"],
        cwd=folder.path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrapped.returncode == 0, wrapped.stderr
    outer = json.loads((folder.path / "outer" / "result.json").read_text())
    assert outer["schedule"] == folder.result()["schedule"]
    assert len(outer["schedule"]) > 1
    assert decided(folder.path / "outer") == decided(folder.path / "run")


def test_a_trainer_that_averages_ends_with_the_average_that_is_better(folder: Folder) -> None:
    script = """
from own_trainer import AveragedLine

line = AveragedLine()
options = dict(lr=0.1, can_validate=True, seed=3, **OPTIONS)
with autolrs.ask_tell(can_average=True, **options) as tuner:
    while (asked := tuner.ask()) is not None:
        tuner.tell(line.carry_out(asked))
    loss = line.carry_out(autolrs.Validate()).loss
print(len(line.adopted), tuner.result["weights"], tuner.result["loss"]["validation"] == loss)
"""
    ended = folder.run(HEAD + script)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "1 averaged True\n"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system does not tell of its end")
@pytest.mark.parametrize("script", [FINISH, ON_DISK])
def test_a_trainer_that_is_killed_leaves_no_tuner_and_a_run_that_goes_on(
    folder: Folder, undisturbed: Folder, script: str
) -> None:
    wait = "lambda: (print(pid(), flush=True), sys.stdin.read())"
    folder.run_until_killed(script.replace("= train(", f"= train(at(700, {wait}), "))
    assert folder.result()["status"] == "failed"
    assert "the script ended or closed its connection" in folder.cli("show", "run").stdout
    assert folder.run(script).stdout == printed(undisturbed)
    assert decided(folder.path / "run") == decided(undisturbed.path / "run")


def test_a_tuner_that_is_killed_is_one_sentence(folder: Folder, undisturbed: Folder) -> None:
    kill = "lambda: os.kill(pid(), signal.SIGKILL)"
    ended = folder.run(HEAD + f"train(at(100, {kill}), **OPTIONS)\nprint('not reached')\n")
    assert (ended.returncode, ended.stdout) == (1, "")
    last = ended.stderr.splitlines()[-1]
    assert re.match(
        r"autolrs.errors.RunEndedError: the tuner was ended by SIGKILL .+; "
        r"go on by the same call with run_dir='.+run'$",
        last,
    )
    assert folder.run(FINISH).stdout == printed(undisturbed)


def test_a_loop_that_is_left_early_ends_the_run_in_order(
    folder: Folder, undisturbed: Folder
) -> None:
    script = """
with autolrs.ask_tell(
    lr=0.1, can_validate=True, can_write_files=True, seed=3, **OPTIONS
) as tuner:
    line = Line()
    while tuner.step < 700:
        tuner.tell(line.carry_out(tuner.ask()))
    PENDING
print(tuner.result["status"])
try:
    tuner.ask()
except autolrs.AskTellError as error:
    print(error)
"""
    for pending in ("pass", "tuner.ask()"):
        shutil.rmtree(folder.path / "run", ignore_errors=True)
        ended = folder.run(HEAD + script.replace("PENDING", pending))
        assert ended.returncode == 0, ended.stderr
        status, sentence = ended.stdout.splitlines()
        assert (status, sentence[:26]) == ("interrupted", "the run is left already; m")
        assert "autolrs: go on by the same call with run_dir=" in ended.stderr
    assert folder.run(ON_DISK).stdout == printed(undisturbed)


def test_an_interrupt_ends_the_run_at_the_next_request(
    folder: Folder, undisturbed: Folder
) -> None:
    interrupt = "lambda: os.kill(os.getpid(), signal.SIGINT)"
    ended = folder.run(HEAD + f"train(at(100, {interrupt}), **OPTIONS)\nprint('not reached')\n")
    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, "")
    assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert folder.result()["status"] == "interrupted"
    assert folder.run(FINISH).stdout == printed(undisturbed)


@pytest.mark.parametrize("moment", ["act(tuner, asked)", "tuner.tell(line.carry_out(asked))"])
def test_a_trainer_that_raises_has_its_traceback_in_the_journal(
    folder: Folder, moment: str
) -> None:
    raises = HEAD.replace(moment, f"{moment}; tuner.step > 100 and 1 / 0")
    ended = folder.run(raises + "train(**OPTIONS)\n")
    assert ended.returncode == 1
    assert ended.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert folder.result()["status"] == "failed"
    assert "division by zero" in json.dumps(records(folder.path / "run", "end")[-1])


def test_one_run_after_another_and_never_two_at_once(folder: Folder) -> None:
    script = """
for name in ("one", "two"):
    _, tuner = train(steps=150, run_dir=name, min_lr=0.01, max_lr=0.5)
    print(name, tuner.result["status"])
with autolrs.ask_tell(steps=150):
    try:
        autolrs.ask_tell(steps=150)
    except autolrs.AskTellError as error:
        print(error)
"""
    ended = folder.run(HEAD + script)
    assert ended.stdout.splitlines() == [
        "one finished",
        "two finished",
        "a run of this process goes on; leave its `with` block, or close it, before the next",
    ], ended.stderr


@pytest.mark.parametrize(
    ("options", "env", "sentence"),
    [
        ("budget=-3", {}, "RunRefusedError: budget is -3"),
        ("strategy='best'", {}, "RunRefusedError: strategy"),
        ("metrics='acc'", {}, "ArgumentError: ask_tell has no option `metrics`"),
        ("keep_schedule=True", {}, "ArgumentError: ask_tell has no `keep_schedule`"),
        ("total=0", {}, "ArgumentError: total is 0, not a whole number of 1 or more"),
        ("steps=9", {"AUTOLRS_COMMAND": "no-such"}, "NoTunerError: the tuner cannot be started"),
        ("steps=9", {"AUTOLRS_COMMAND": "", "PATH": ""}, "NoTunerError: no command autolrs"),
        ("steps=9", {"RANK": "0", "WORLD_SIZE": "2"}, "2 processes train here, and autolrs.ask_"),
        ("average='often'", {}, "RunRefusedError: average"),
        (
            "",
            {},
            "RunEndedError: the script does not say how many steps it means to train; give steps",
        ),
    ],
)
def test_what_cannot_be_started_is_one_sentence(
    folder: Folder, options: str, env: dict[str, str], sentence: str
) -> None:
    ended = folder.run(HEAD + f"train({options})\n", **env)
    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]
