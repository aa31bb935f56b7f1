"""A signal that a scheduler sends to every process of a job leaves the tuner time to save."""

from __future__ import annotations

import signal
import sys

import pytest
from conftest import Drive

if sys.platform == "win32":
    pytest.skip("Windows has no signals to send", allow_module_level=True)

ENDLESS = """
import sys, toy
model, tuner = toy.attach()
while not tuner.done:
    loss = model.update()
    print("step", file=sys.stderr, flush=True)
    tuner.step(loss)
"""

SENT = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]


@pytest.mark.parametrize("number", SENT)
def test_a_steered_script_outlives_a_signal_and_saves(
    drive: Drive, number: signal.Signals
) -> None:
    driver = drive(ENDLESS)
    driver.ask("initialize")
    id = driver.send("train", steps=10**9, lr=0.05)
    driver.wait_for("step")
    for _ in range(3):
        driver.send_signal(number)
    driver.wait_for(number.name)
    driver.cancel()
    assert driver.answer_to(id)["end"] == "cancel"
    assert driver.ask("save", id="a")["step"] > 0
    assert driver.shutdown() == 0
    assert driver.stderr.count(number.name) == 1


STUCK = """
import sys, threading, toy
model, tuner = toy.attach()
while not tuner.done:
    tuner.step(model.update())
    print("stuck", file=sys.stderr, flush=True)
    threading.Event().wait()
"""


def test_once_the_tuner_is_gone_a_signal_ends_the_script(drive: Drive) -> None:
    driver = drive(STUCK)
    driver.ask("initialize")
    driver.send("train", steps=2, lr=0.05)
    driver.wait_for("stuck")
    driver.send_signal(signal.SIGTERM)  # not this one
    driver.wait_for("SIGTERM")
    driver.hang_up()
    while driver.is_running:  # it may take the reader a moment to meet the end
        driver.send_signal(signal.SIGTERM)
    assert driver.wait() == -signal.SIGTERM


OWN = """
import signal, sys, toy
signal.signal(signal.SIGTERM, lambda *_: print("its own", file=sys.stderr, flush=True))
model, tuner = toy.attach()
while not tuner.done:
    tuner.step(model.update())
print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL, file=sys.stderr)
"""


def test_a_handler_of_the_script_stays_and_the_others_come_back(drive: Drive) -> None:
    driver = drive(OWN)
    driver.ask("initialize")
    driver.train(1)
    driver.send_signal(signal.SIGTERM)
    driver.wait_for("its own")
    assert driver.shutdown() == 0
    assert driver.stderr == "its own\nTrue\n"


CHILDREN = """
import os, signal, subprocess, sys, toy
model, tuner = toy.attach()
while not tuner.done:
    loss = model.update()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"!")
        signal.pause()
    os.read(read, 1)
    os.kill(child, signal.SIGTERM)
    print(os.waitpid(child, 0)[1], file=sys.stderr)
    other = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    other.terminate()
    print(other.wait(), file=sys.stderr)
    tuner.step(loss)
"""


def test_what_the_script_starts_dies_as_ever(drive: Drive) -> None:
    # Python 3.12 warns of a fork beside any thread, and the reader of the wire is one.
    driver = drive(CHILDREN, PYTHONWARNINGS="ignore::DeprecationWarning")
    driver.ask("initialize")
    driver.train(1)
    assert driver.shutdown() == 0
    assert driver.stderr == f"{int(signal.SIGTERM)}\n{-signal.SIGTERM}\n"
