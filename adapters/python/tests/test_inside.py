"""A run that its script starts: real scripts, and the real tuner as their child."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from own_run import COMMAND, Folder

from autolrs import Run
from autolrs._inside.run import asked_run, in_words_of_run
from autolrs.errors import ArgumentError

HEAD = """
import os, random, signal, sys
import autolrs
from toy import attach

def train(act=lambda tuner: None, **options):
    run = autolrs.Run(**options) if options else None
    toy, tuner = attach(lambda: toy.weight**2, run=run)
    for batch in tuner.cycle([0.001 * i for i in range(10)], epochs=20):
        tuner.step(toy.update(batch))
        act(tuner)
    return toy, tuner, run

def at(step, act):
    return lambda tuner: act() if tuner.step_count == step and not tuner.is_search else None

def tuner_pid():
    from autolrs._protocol import claim
    return claim._claimed.started._process._pid

OPTIONS = dict(budget=1500, run_dir="run", seed=3, checkpoint_steps=50)
"""
FINISH = HEAD + "toy, *_ = train(**OPTIONS)\nprint('end', toy.weight)\n"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a script prints whose run nothing disturbs."""
    ended = Folder(tmp_path_factory.mktemp("undisturbed")).run(FINISH)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_script_starts_a_run_and_goes_on_after_it(folder: Folder) -> None:
    script = (
        HEAD
        + """
_, tuner, run = train(**OPTIONS)
print(tuner.step_count, tuner.is_driven, run.result["status"], run.dir == os.path.realpath("run"))
print(os.environ["AUTOLRS"], os.environ["AUTOLRS_RUN_DIR"] == run.dir)
"""
    )
    ended = folder.run(script)
    assert ended.returncode == 0, ended.stderr
    steps = folder.result()["steps"]["committed"]
    assert ended.stdout == f"{steps} True finished True\n0 True\n"
    assert "autolrs: budget: 1,500 steps with the search included" in ended.stderr
    assert f"{steps} committed + " in ended.stderr


def test_a_run_inside_replays_the_schedule_of_another(folder: Folder) -> None:
    assert folder.run(FINISH).returncode == 0
    script = f"{HEAD}*_, run = train(run_dir='again', replay='run', rescale_to=100)\n"
    ended = folder.run(script + "print(run.result['strategy'], run.result['steps'])\n")
    assert ended.returncode == 0, ended.stderr
    counts = "{'committed': 100, 'search': 0, 'total': 100, 'lost': 0}"
    assert ended.stdout == f"recorded {counts}\n"


def test_a_script_without_a_run_is_inert_unless_its_environment_asks(folder: Folder) -> None:
    script = HEAD + "_, tuner, _ = train()\nprint(tuner.is_driven, tuner.step_count)\n"
    assert folder.run(script).stdout == "False 200\n"
    asked = {"AUTOLRS_RUN": "1", "AUTOLRS_RUN_DIR": "run", "AUTOLRS_STEPS": "150"}
    assert folder.run(script, **asked, AUTOLRS="0").stdout == "False 200\n"
    ended = folder.run(script, **asked)
    assert ended.stdout.startswith("True "), ended.stderr
    assert folder.result()["steps"]["committed"] <= 150


def test_the_tuner_that_drives_a_script_comes_before_its_own(folder: Folder) -> None:
    (folder.path / "train.py").write_text(FINISH)
    tests = Path(__file__).parent
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    ended = subprocess.run(
        [
            *shlex.split(f"{COMMAND} run --run-dir outer --steps 150 --"),
            sys.executable,
            "train.py",
        ],
        cwd=folder.path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in folder.path.iterdir()) == ["outer", "train.py"]


def test_an_interrupt_ends_the_run_in_order_and_the_same_call_goes_on(
    folder: Folder, undisturbed: str
) -> None:
    interrupt = "lambda: os.kill(os.getpid(), signal.SIGINT)"
    script = HEAD + f"train(at(100, {interrupt}), **OPTIONS)\nprint('not reached')\n"
    ended = folder.run(script)
    assert ended.stdout == ""
    assert "KeyboardInterrupt" in ended.stderr
    assert "stopping at the next step; once more to leave at once" in ended.stderr
    assert re.search(
        r"autolrs: go on by the same call with run=autolrs.Run\(run_dir='.+run'\)", ended.stderr
    )
    assert folder.result()["status"] == "interrupted"
    assert folder.result()["steps"]["committed"] >= 100
    assert folder.run(FINISH).stdout == undisturbed


def test_a_second_interrupt_leaves_at_once(folder: Folder) -> None:
    twice = "lambda: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)]"
    ended = folder.run(HEAD + f"train(at(100, {twice}), **OPTIONS)\n")
    assert "KeyboardInterrupt" in ended.stderr
    assert folder.result()["status"] == "interrupted"


def test_a_tuner_that_is_killed_ends_the_script_with_one_sentence(
    folder: Folder, undisturbed: str
) -> None:
    kill = "lambda: os.kill(tuner_pid(), signal.SIGKILL)"
    ended = folder.run(HEAD + f"train(at(100, {kill}), **OPTIONS)\nprint('not reached')\n")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert "the tuner was ended by SIGKILL while it steered this script" in last
    assert "go on by the same call with run=autolrs.Run(run_dir=" in last
    assert folder.run(FINISH).stdout == undisturbed


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system does not tell of its end")
def test_a_script_that_is_killed_leaves_no_tuner_and_a_run_that_goes_on(
    folder: Folder, undisturbed: str
) -> None:
    kill = "lambda: (print(tuner_pid(), flush=True), sys.stdin.read())"
    folder.run_until_killed(HEAD + f"train(at(100, {kill}), **OPTIONS)\n")
    assert folder.result()["status"] == "failed"
    shown = folder.cli("show", "run").stdout
    assert "the script ended or closed its connection" in shown
    assert folder.run(FINISH).stdout == undisturbed


def test_a_script_that_raises_shows_its_traceback_and_how_to_go_on(folder: Folder) -> None:
    ended = folder.run(HEAD + "train(at(100, lambda: 1 / 0), **OPTIONS)\n")
    assert ended.returncode == 1
    assert ended.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert ended.stderr.count("ZeroDivisionError") == 1
    assert "autolrs: go on by the same call" in ended.stderr
    assert folder.result()["status"] == "failed"


def test_a_run_that_is_over_gives_the_model_as_it_ended(folder: Folder, undisturbed: str) -> None:
    assert folder.run(FINISH).stdout == undisturbed
    before = folder.result()
    started = time.monotonic()
    assert folder.run(FINISH).stdout == undisturbed
    assert folder.result()["steps"] == before["steps"]
    assert time.monotonic() - started < 60


def test_a_larger_budget_extends_a_run_that_is_over(folder: Folder) -> None:
    steps = HEAD + "_, tuner, _ = train(steps={}, run_dir='run', min_lr=.01, max_lr=.5)\n"
    assert folder.run(steps.format(150)).returncode == 0
    first = folder.result()["steps"]["total"]
    ended = folder.run(steps.format(400))
    assert ended.returncode == 0, ended.stderr
    assert folder.result()["steps"]["total"] > first
    other = folder.run(steps.replace("max_lr=.5", "max_lr=.4").format(400))
    assert re.search(
        r"RunRefusedError: run \S+ was begun with max_lr 0.5, and it is 0.4 now; "
        "leave it out, or begin a new run in another run_dir",
        other.stderr,
    )


def test_a_run_of_a_script_is_not_resumed_from_outside_without_a_command(folder: Folder) -> None:
    interrupt = "lambda: os.kill(os.getpid(), signal.SIGINT)"
    folder.run(HEAD + f"train(at(100, {interrupt}), **OPTIONS)\n")
    ended = folder.cli("resume", "run")
    assert ended.returncode == 2
    assert "the run was started from inside its script; go on there" in ended.stderr


def test_a_script_that_ends_before_its_loop_does_not_wait_for_its_tuner(folder: Folder) -> None:
    started = time.monotonic()
    ended = folder.run(HEAD + "attach(run=autolrs.Run(**OPTIONS))\nprint(tuner_pid())\n")
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - started < 50  # and not the minute that an end may take
    with pytest.raises(ProcessLookupError):
        os.kill(int(ended.stdout), 0)


def test_one_process_may_have_one_run_after_another(folder: Folder) -> None:
    script = (
        HEAD
        + """
for name in ("one", "two"):
    _, tuner, run = train(steps=150, run_dir=name, min_lr=0.01, max_lr=0.5)
    print(name, run.result["status"], os.environ["AUTOLRS_RUN_DIR"] == run.dir)
toy, tuner, _ = train()
print(tuner.is_driven)
"""
    )
    ended = folder.run(script)
    assert ended.stdout == "one finished True\ntwo finished True\nFalse\n", ended.stderr


@pytest.mark.parametrize(
    ("options", "env", "sentence"),
    [
        ("budget=-3", {}, "RunRefusedError: budget is -3"),
        ("min_lr=2, max_lr=1", {}, "min_lr"),
        ("strategy='best'", {}, "strategy"),
        ("steps=9", {"AUTOLRS_COMMAND": "false"}, "false ended with exit code 1 before it served"),
        ("steps=9", {"AUTOLRS_COMMAND": "no-such"}, "NoTunerError: the tuner cannot be started"),
        ("steps=9", {"AUTOLRS_COMMAND": "", "PATH": ""}, "NoTunerError: no command autolrs"),
    ],
)
def test_what_cannot_be_started_is_one_sentence(
    folder: Folder, options: str, env: dict[str, str], sentence: str
) -> None:
    ended = folder.run(HEAD + f"train({options})\n", **env)
    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]
    assert "--" not in ended.stderr.splitlines()[-1]


def test_the_options_are_the_flags_of_the_command(folder: Folder) -> None:
    text = folder.cli("run", "--help").stdout
    flags = {each.replace("-", "_") for each in re.findall(r"^  --([a-z-]+)", text, re.MULTILINE)}
    # What is the script's own affair, or the command's alone.
    others = {
        "search",
        "like",
        "or_resume",
        "scout_dir",
        "validation_pattern",
        "restarts",
        "start_timeout",
        "transport",
        "workers",
        "worker_prefix",
        "worker_resources",
        "join",
        "batch",
    }
    given = {each.name for each in fields(Run) if each.init}
    assert given == flags - others - {"json", "no_keep_schedule", "no_maximize"}


def test_flags_are_what_was_given() -> None:
    assert Run().flags() == []
    run = Run(budget=1600, min_lr=1e-5, keep_schedule=False, quiet=True, run_dir=Path("a b"))
    flags = "--budget=1600|--no-keep-schedule|--min-lr=1e-05|--run-dir=a b|--quiet"
    assert run.flags() == flags.split("|")
    assert Run(keep_schedule=True, rollback=False).flags() == ["--keep-schedule"]
    by_metric = Run(metric="wer", maximize=False, target=0.1)
    assert by_metric.flags() == ["--metric=wer", "--no-maximize", "--target=0.1"]


def test_a_run_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"run is 1600; give an autolrs.Run"):
        asked_run(1600)  # type: ignore[arg-type]


def test_flags_in_a_sentence_are_named_as_options_and_others_stay() -> None:
    assert in_words_of_run("give --min-lr, not --json") == "give min_lr, not --json"
    assert in_words_of_run("--maximize or --no-maximize") == "maximize or maximize=False"
