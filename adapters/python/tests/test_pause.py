"""The time between two epochs: what is drawn in it, and that the tuner hears of it."""

from __future__ import annotations

import random
import threading

import pytest
from toy import Toy

from autolrs._data import signs_of_life as signs
from autolrs._data.pause import Pause


def test_what_is_drawn_in_a_pause_leaves_no_trace() -> None:
    pause = Pause(Toy(None), lambda: None)
    random.seed(3)
    expected = random.random()
    random.seed(3)
    pause.begin()
    random.random()
    pause.begin()  # the first time counts
    random.random()
    pause.end()
    assert random.random() == expected
    state = random.getstate()
    pause.end()  # there is none
    assert random.getstate() == state


def test_a_long_pause_is_heard_of_until_it_ends_or_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signs, "SIGN_SECONDS", 0.001)
    monkeypatch.setattr(signs, "MOST_SIGNS", 3)
    heard = threading.Semaphore(0)
    pause = Pause(Toy(None), heard.release)
    pause.begin()
    for _ in range(3):
        assert heard.acquire(timeout=60)
    for thread in threading.enumerate():
        if thread.name == "autolrs pause":
            thread.join()
    assert not heard.acquire(blocking=False)  # an hour in true life: that hangs
    pause.end()
