"""What starts a worker where Ray has room. A real Ray is in test/e2e/ray.test.ts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autolrs._ray.seat import Seat, environment

START = Path(__file__).parents[1] / "autolrs" / "_ray" / "start.py"


def test_a_worker_has_the_askers_environment_but_for_where_ray_has_placed_it() -> None:
    asked = {"AUTOLRS_TOKEN": "t", "OMP_NUM_THREADS": "8", "CUDA_VISIBLE_DEVICES": "0,1"}
    here = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "3", "RAY_JOB_ID": "7", "OTHER": "x"}
    assert environment({**asked, "RAY_ADDRESS": "auto"}, here) == {
        "AUTOLRS_TOKEN": "t",
        "OMP_NUM_THREADS": "8",
        "CUDA_VISIBLE_DEVICES": "3",
        "RAY_JOB_ID": "7",
    }


@pytest.mark.parametrize(("code", "status"), [("exit 3", 3), ("kill -9 $$", 137), ("true", 0)])
def test_the_status_is_the_commands(code: str, status: int, tmp_path: Path) -> None:
    assert Seat().run(["sh", "-c", code], dict(os.environ), str(tmp_path)) == status


def test_a_command_ends_with_the_process_that_holds_the_seat(tmp_path: Path) -> None:
    holder = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from seat import Seat\n"
        "Seat().run(['sh', '-c', 'echo here; read line < fifo'], dict(os.environ), sys.argv[2])\n"
    )
    os.mkfifo(tmp_path / "fifo")
    command = [sys.executable, "-c", holder, str(START.parent), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.kill()
        # The pipe's end comes once the command, which has it too, is gone.
        assert process.stdout.read() == b""


def test_what_waits_for_ray_ends_with_the_tuner(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "ray.py").write_text("print('here', flush=True)\nopen('fifo').read()\n")
    tuner = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", tuner, str(START), "--", "true"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.kill()
        assert process.stdout.read() == b""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "give the command after --"),
        (["num_cpus=1"], "give the command after --"),
        (["num_gpus", "--", "true"], '"num_gpus" is no resource'),
        (["num_gpus=-1", "--", "true"], '"num_gpus=-1" is no resource'),
        (["num_gpus=nan", "--", "true"], '"num_gpus=nan" is no resource'),
    ],
)
def test_bad_arguments_get_a_sentence(words: list[str], sentence: str) -> None:
    end = subprocess.run([sys.executable, START, *words], capture_output=True, text=True)
    assert end.returncode == 2
    assert sentence in end.stderr
    assert end.stderr.count("\n") == 1
