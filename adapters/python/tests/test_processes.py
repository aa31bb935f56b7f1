"""Processes that share a model are not served, and each that tries is told who holds the tuner."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from conftest import Drive

from autolrs._protocol.launcher import left_out

WORKERS = """
import autolrs, multiprocessing, os, sys
def train():
    from autolrs._protocol.claim import claim_to_train
    claim_to_train()
if __name__ == "__main__":
    worker = multiprocessing.get_context(METHOD).Process(target=train)
    worker.start()
    worker.join()
    print("parent", os.getpid(), worker.exitcode, file=sys.stderr)
"""


def test_a_spawned_worker_that_attaches_trains_untuned_and_says_so(drive: Drive) -> None:
    driver = drive(WORKERS.replace("METHOD", repr("spawn")))
    assert driver.wait() == 0
    said = driver.stderr.splitlines()
    parent = said[-1].split()[1]
    assert said[-1] == f"parent {parent} 0"
    assert said[-2].endswith(f"trains without the tuner, which process {parent} holds")


def test_a_forked_worker_that_attaches_is_told_which_process_holds_the_tuner(drive: Drive) -> None:
    driver = drive(WORKERS.replace("METHOD", repr("fork")))
    assert driver.wait() == 0
    said = driver.stderr.splitlines()
    parent = said[-1].split()[1]
    assert said[-1] == f"parent {parent} 1"
    assert f"RanksError: process {parent} holds the tuner" in said[-2]
    assert "torchrun" in said[-2]


SEVERAL = """
import multiprocessing, sys
def train():
    try:
        from autolrs._protocol.claim import claim_to_train
        claim_to_train()
        print("attached", file=sys.stderr)
    finally:
        barrier.wait(60)  # the first lives until the second has tried
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    workers = [context.Process(target=train) for _ in range(2)]
    for each in workers: each.start()
    for each in workers: each.join()
"""


def test_of_two_workers_that_attach_over_one_stdin_one_is_refused(drive: Drive) -> None:
    driver = drive(SEVERAL)
    assert driver.wait() == 0
    said = driver.stderr
    assert said.count("attached\n") == 1
    assert said.count("RanksError: another process of this script holds the tuner") == 1


def test_what_a_script_starts_that_is_no_worker_of_it_is_let_alone(drive: Drive) -> None:
    inner = "from autolrs._protocol.claim import claim_to_train; print(claim_to_train())"
    script = f"""
import autolrs, subprocess, sys
print(subprocess.run([sys.executable, "-c", {inner!r}], capture_output=True, text=True))
"""
    driver = drive(script)
    assert driver.wait() == 0
    assert "None" in driver.stderr
    assert "Error" not in driver.stderr


FORK = """
import os, toy
model, tuner = toy.attach()
BEGIN
if os.fork() == 0:
    while not tuner.done:
        tuner.step(model.update())
os.wait()
while not tuner.done:
    tuner.step(model.update())
"""


@pytest.mark.parametrize("begin", ["", "tuner.done or tuner.step(model.update())"])
def test_a_fork_that_calls_the_tuner_of_its_parent_is_told(drive: Drive, begin: str) -> None:
    driver = drive(FORK.replace("BEGIN", begin))
    driver.ask("initialize")
    assert len(driver.train(4)) == 4
    assert driver.shutdown() == 0
    assert "is a fork of" in driver.stderr
    assert "which attached" in driver.stderr


RANK = {"RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "0"}


def test_the_first_rank_of_another_machine_says_that_it_trains_without_a_tuner() -> None:
    said = left_out(RANK)
    assert said is not None
    assert said.startswith("rank 2 of 4 trains without a tuner: AUTOLRS is not in its environment")
    assert "`autolrs env`" in said
    # A launcher that tells no local rank may start one process on each machine.
    assert left_out({"RANK": "1", "WORLD_SIZE": "2"}) is not None


def test_a_bare_script_says_nothing_of_a_tuner() -> None:
    for env in (
        {},
        {**RANK, "RANK": "0"},
        {**RANK, "RANK": "3", "LOCAL_RANK": "1"},
        {**RANK, "AUTOLRS": "0"},  # what a steered script has started
    ):
        assert left_out(env) is None


def test_each_worker_of_ray_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    said = left_out({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"})
    assert said is not None
    assert "runtime_env" in said
    assert left_out({}) is None  # a driver


def test_a_rank_without_a_tuner_says_it_once_it_attaches(drive: Drive) -> None:
    script = """
import os
del os.environ["AUTOLRS"]
import toy
model, tuner = toy.attach(total=3)
while not tuner.done:
    tuner.step(model.update())
"""
    driver = drive(script, **RANK)
    assert driver.wait() == 0
    assert "autolrs: rank 2 of 4 trains without a tuner" in driver.stderr
