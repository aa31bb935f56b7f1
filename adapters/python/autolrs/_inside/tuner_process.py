"""The tuner as a child of the script: started, listened to, interrupted, waited for."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, Callable, Protocol

from autolrs._inside.run import ASKS
from autolrs.errors import NoTunerError

Notice = dict[str, Any]

START_SECONDS = 60.0
"""Far more than Node takes, also on a busy machine."""

END_SECONDS = 60.0
"""After the last answer the tuner has only to write its result."""

HEARD_SECONDS = 5.0

_OF_THE_WIRE = ("AUTOLRS", "AUTOLRS_ADDRESS", "AUTOLRS_TOKEN", "AUTOLRS_PHASE", ASKS)


class Watcher(Protocol):
    """Sees what the tuner tells of the run. Called from other threads."""

    def add(self, notice: Notice) -> None:
        """Losses, as they come."""

    def say(self, line: str) -> None:
        """A line for people."""


class TunerProcess:
    """One tuner. Its own session keeps a terminal's Ctrl-C from it: the script passes it on.

    Args:
        command: What starts it, without the flags.
        flags: Of the run.
        env: Its environment, without what another run has left there.
        watcher: Sees what it tells.

    Raises:
        NoTunerError: It does not start.
    """

    def __init__(
        self, command: Sequence[str], flags: Sequence[str], env: dict[str, str], watcher: Watcher
    ) -> None:
        self._watcher = watcher
        self._listening: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._heard = threading.Event()
        self.end: Notice | None = None
        """Its last word."""
        own = getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv]
        args = [*command, "serve", "--parent", str(os.getpid()), *flags, "--", *own]
        try:
            self._child = subprocess.Popen(
                args,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={name: env[name] for name in env if name not in _OF_THE_WIRE},
                start_new_session=True,
            )
        except OSError as error:
            raise NoTunerError(f"the tuner cannot be started: {error}") from error
        self._pid = self._child.pid
        self._readers = [
            _reader(self._child.stdout, self._note, self._lost),
            _reader(self._child.stderr, watcher.say),
        ]

    def listening(self) -> Notice | None:
        """Where to connect to; None if it has ended instead."""
        with suppress(queue.Empty):
            return self._listening.get(timeout=START_SECONDS)
        self._child.kill()
        return None

    def interrupt(self, wait: bool = False) -> None:
        """Asks it to end the run at the next step; may wait until it has heard that."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGINT)
        if wait:
            self._heard.wait(HEARD_SECONDS)

    def wait(self) -> int | None:
        """Returns its exit status once it has ended and all that it has said is read."""
        with suppress(subprocess.TimeoutExpired):
            status = self._child.wait(END_SECONDS)
            for reader in self._readers:
                reader.join(HEARD_SECONDS)
            return status
        return None

    def _note(self, line: str) -> None:
        try:
            notice = json.loads(line)
        except ValueError:
            self._watcher.say(line)
            return
        kind = notice.get("kind")
        if kind == "listening":
            self._pid = notice["pid"]
            self._listening.put(notice)
        elif kind == "interrupted":
            self._heard.set()
        elif kind == "end":
            self.end = notice
            self._listening.put(None)
        else:
            self._watcher.add(notice)

    def _lost(self) -> None:
        self._heard.set()
        self._listening.put(None)


def _reader(
    stream: IO[bytes] | None, note: Callable[[str], None], ended: Callable[[], None] = lambda: None
) -> threading.Thread:
    assert stream is not None

    def read() -> None:
        with stream:
            for line in stream:
                note(line.decode(errors="replace").rstrip("\n"))
        ended()

    thread = threading.Thread(target=read, name="autolrs", daemon=True)
    thread.start()
    return thread
