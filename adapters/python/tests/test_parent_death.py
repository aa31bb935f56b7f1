"""A worker whose tuner is killed is ended by the kernel, whatever it does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from driver import python_env

TUNER = """
import os, subprocess, sys
env = {**os.environ, "AUTOLRS_TUNER_PID": str(os.getpid())}
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
worker = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env=env, **pipes)
worker.wait()
"""
WORKER = """
import os, signal, sys, time
import autolrs
if not autolrs.is_driven():
    sys.exit("no tuner")
os.write(2, b"here\\n")
{busy}
"""
BUSY = {
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "in a long step": "time.sleep(600)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent")
@pytest.mark.parametrize("busy", BUSY)
def test_a_worker_ends_with_its_tuner(busy: str) -> None:
    env = {**python_env(), "AUTOLRS": "1", "AUTOLRS_WORKER": "1", "AUTOLRS_PHASE": "search"}
    command = [sys.executable, "-c", TUNER, WORKER.format(busy=BUSY[busy])]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as tuner:
        assert tuner.stderr is not None
        assert tuner.stderr.readline() == b"here\n"
        tuner.kill()
        # The pipe's end comes once the worker, which has it too, is gone.
        tuner.communicate(timeout=30)


def test_a_process_whose_parent_is_not_the_tuner_is_left_alone() -> None:
    env = {
        **python_env(),
        "AUTOLRS": "1",
        "AUTOLRS_WORKER": "1",
        "AUTOLRS_PHASE": "search",
        "AUTOLRS_TUNER_PID": "1",
    }
    script = "import ctypes, autolrs; autolrs.is_driven(); told = ctypes.c_int()\n"
    script += "ctypes.CDLL(None).prctl(2, ctypes.byref(told)); raise SystemExit(told.value)"
    if sys.platform != "linux":
        script = "import autolrs; autolrs.is_driven()"
    end = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert end.returncode == 0
