"""Plays the tuner in the process of the test, where no process is the point.

All requests are written at once: a session takes them one after the other.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from autolrs._protocol.channel import FdChannel
from autolrs._protocol.wire import Wire
from autolrs.session import Session


class Inside:
    """A session whose tuner has asked all that it will ask.

    Args:
        requests: (method, params), after the hello and before the shutdown.
        base: Whose LR it is.
    """

    def __init__(self, *requests: tuple[str, dict[str, Any]], base: str = "tuner") -> None:
        self._ends = [*os.pipe(), *os.pipe()]
        self.wire = Wire(FdChannel(self._ends[0], self._ends[3]))
        hello = ("initialize", {"protocol": 1, "base": base})
        for id, (method, params) in enumerate([hello, *requests, ("shutdown", {})]):
            message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
            os.write(self._ends[1], json.dumps(message).encode() + b"\n")
        self.said: list[dict[str, Any]] = []

    def hear(self) -> None:
        """Reads what the session has said so far."""
        os.set_blocking(self._ends[2], False)
        try:
            text = os.read(self._ends[2], 1 << 20)
        except BlockingIOError:
            return
        self.said += [json.loads(line) for line in text.splitlines()]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The answers, the hello's first."""
        self.hear()
        return [message["result"] for message in self.said if "result" in message]

    @property
    def warnings(self) -> list[str]:
        """What a person was told."""
        self.hear()
        return [each["params"]["message"] for each in self.said if each.get("method") == "log"]

    def close(self) -> None:
        """The session talks to nobody any more."""
        self.wire.is_gone = True
        for end in self._ends[1:]:
            os.close(end)


@contextmanager
def inside(
    make: Callable[[Wire], Session], *requests: tuple[str, dict[str, Any]], base: str = "tuner"
) -> Iterator[tuple[Session, Inside]]:
    """A session and its tuner; leaves nothing of them behind.

    Args:
        make: Makes the session.
        requests: As for `Inside`.
        base: As for `Inside`.
    """
    tuner, excepthook, leave = Inside(*requests, base=base), sys.excepthook, sys.exit
    try:
        yield make(tuner.wire), tuner
    finally:
        tuner.close()
        sys.excepthook, sys.exit = excepthook, leave


def train(steps: int, lr: float | list[float] = 0.1) -> tuple[str, dict[str, Any]]:
    """A request."""
    return "train", {"steps": steps, "lr": lr}


def save(id: str = "a", **params: Any) -> tuple[str, dict[str, Any]]:
    """A request."""
    return "save", {"id": id, **params}


def restore(id: str = "a", **params: Any) -> tuple[str, dict[str, Any]]:
    """A request."""
    return "restore", {"id": id, **params}
