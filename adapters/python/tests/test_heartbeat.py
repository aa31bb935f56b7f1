"""Signs of life between two updates."""

from __future__ import annotations

import threading

from autolrs._auto.heartbeat import MOST_SIGNS, Heartbeat


class Still(threading.Event):
    """Counts the waits instead of waiting, and ends after so many."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


def signs_of(counts: list[int]) -> int:
    """How many signs come where the updates are so many at each look."""
    given: list[int] = []
    looks = iter(counts)
    heartbeat = Heartbeat(lambda: given.append(1), lambda: next(looks))
    heartbeat._is_over = Still(len(counts))
    heartbeat.run()
    return len(given)


def test_updates_need_no_sign() -> None:
    assert signs_of([1, 2, 3, 4]) == 0


def test_a_sign_comes_at_each_look_that_finds_no_new_update() -> None:
    assert signs_of([5, 5, 5, 6, 6]) == 3


def test_what_stands_still_for_an_hour_is_alive_no_more() -> None:
    assert signs_of([5] * (MOST_SIGNS + 10)) == MOST_SIGNS
