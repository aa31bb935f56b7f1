"""Plays the tuner: starts a script as the CLI does, over real pipes or a real socket, and asks."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

TESTS = Path(__file__).parent
PATIENCE_SECONDS = 120.0
"""Longer than any answer here takes, a framework's import on a busy machine included."""


class RefusedError(Exception):
    """The trainer answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        data = error.get("data", {})
        self.traceback: str = data.get("traceback", "")
        self.is_permanent: bool = data.get("permanent", False)


class Driver:
    """One script, driven. Keeps what it says beside its answers.

    Args:
        script: What it does.
        folder: Its working directory.
        listener: A socket to wait for it at; without one, its stdin and stdout are the wire.
        launcher: What starts it; Python itself if it is left out.
        **env: More of its environment.
    """

    def __init__(
        self,
        script: str,
        folder: Path,
        listener: socket.socket | None = None,
        launcher: Sequence[str] = (),
        **env: str,
    ) -> None:
        self.notifications: list[dict[str, Any]] = []
        self.output: list[str] = []
        """Lines on stdout that are no messages. There must never be any."""
        path = folder / "train.py"
        path.write_text(script)
        self._stderr = folder / "stderr.txt"
        self._id = 0
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._stderr.open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, *launcher, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={**python_env(), "AUTOLRS": "1", **env},
            )
        self._connection: socket.socket | None = None
        to, back = self._process.stdin, self._process.stdout
        if listener is not None:
            self._connection = self._caller(listener)
            to, back = self._connection.makefile("wb"), self._connection.makefile("rb")
        assert to is not None
        assert back is not None
        self._to: IO[bytes] = to
        threading.Thread(target=self._read, args=[back], daemon=True).start()

    def _caller(self, listener: socket.socket) -> socket.socket:
        """Waits for the script to call; tells what it said if it ended instead."""
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        listener.settimeout(0.2)
        while True:
            try:
                connection, _ = listener.accept()
            except socket.timeout:
                ended = self._process.poll() is not None
                if ended or time.monotonic() > patience_ends:
                    self.kill()
                    raise AssertionError(f"the script never called:\n{self.stderr}") from None
                continue
            connection.settimeout(None)
            return connection

    @property
    def stderr(self) -> str:
        """What the script wrote for people so far."""
        return self._stderr.read_text()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a request and waits for its result.

        Raises:
            RefusedError: The answer is an error.
        """
        return self.answer_to(self.send(method, **params))

    def train(self, steps: int, lr: float = 0.05) -> list[float]:
        """Trains to the last of so many steps; returns their losses."""
        losses: list[float] = self.ask("train", steps=steps, lr=lr)["losses"]
        assert len(losses) == steps
        return losses

    def send(self, method: str, **params: Any) -> int:
        """Sends a request and does not wait."""
        self._id += 1
        self.write({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        return self._id

    def cancel(self) -> None:
        """Asks for an early answer to `train`."""
        self.write({"jsonrpc": "2.0", "method": "cancel"})

    def write(self, message: dict[str, Any] | str) -> None:
        """Sends any line."""
        line = message if isinstance(message, str) else json.dumps(message)
        self._to.write(line.encode() + b"\n")
        self._to.flush()

    def answer_to(self, id: int | None) -> dict[str, Any]:
        """Waits for the answer with this id; it has to be the next answer."""
        while True:
            message = self.receive()
            if "id" not in message:
                self.notifications.append(message)
                continue
            assert message["id"] == id
            if "error" in message:
                raise RefusedError(message["error"])
            result: dict[str, Any] = message["result"]
            return result

    def receive(self) -> dict[str, Any]:
        """Waits for the next message."""
        while True:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
            if line == "":
                raise EOFError(f"the script ended; it said:\n{self.stderr}")
            message = self._message_in(line)
            if message is not None:
                return message

    def shutdown(self) -> int:
        """The orderly end; returns the exit status."""
        self.ask("shutdown")
        return self.end_of_input()

    def end_of_input(self) -> int:
        """Sends no more and waits for the script's end; returns the exit status."""
        self.hang_up()
        return self.wait()

    def hang_up(self) -> None:
        """Sends no more."""
        self._to.close()
        if self._connection is not None:
            self._connection.shutdown(socket.SHUT_WR)

    @property
    def is_running(self) -> bool:
        """Whether the process that was started is there."""
        return self._process.poll() is None

    def wait_for(self, text: str) -> None:
        """Waits until the script has written it for people."""
        while text not in self.stderr:
            assert self.is_running, f"the script ended; it said:\n{self.stderr}"

    def send_signal(self, signal: int) -> None:
        """To the process that was started, and to none that it has started."""
        self._process.send_signal(signal)

    def type(self, text: str) -> None:
        """Writes to the script's stdin, where a socket is the wire."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def printed(self) -> str:
        """What a script whose wire is a socket has printed, once it has ended."""
        assert self._process.stdout is not None
        return without_gloo(self._process.stdout.read().decode())

    def wait(self) -> int:
        """Waits for the script's end by itself; returns the exit status."""
        return self._process.wait(timeout=PATIENCE_SECONDS)

    def kill(self) -> None:
        """Leaves nothing running."""
        self._process.kill()
        self._process.wait()
        if self._connection is not None:
            # Files made of it would keep it open, and what a killed launcher leaves would wait on.
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            self._connection.close()

    def _message_in(self, line: str) -> dict[str, Any] | None:
        try:
            message = json.loads(line, parse_constant=_refuse_constant)
        except ValueError:
            message = None
        if isinstance(message, dict) and message.get("jsonrpc") == "2.0":
            return message
        self.output.append(line)
        return None

    def _read(self, back: IO[bytes]) -> None:
        for line in back:
            self._lines.put(line.decode())
        self._lines.put("")


def python_env() -> dict[str, str]:
    """An environment in which scripts find the package and the fixtures, and no tuner."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AUTOLRS")}
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    env.pop("PYTHONUNBUFFERED", None)  # what a script prints waits in a buffer, as it mostly does
    # Else each script compiles its framework anew, for longer than it runs.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def without_gloo(printed: str) -> str:
    """Without the lines that gloo prints in PyTorch 2.8, one for each rank of each group."""
    return re.sub(r"^\[Gloo\] .*\n", "", printed, flags=re.MULTILINE)


def run_alone(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script without a tuner."""
    path = folder / "alone.py"
    path.write_text(script)
    command = [sys.executable, str(path)]
    return subprocess.run(
        command, capture_output=True, text=True, env=python_env(), timeout=60, check=False
    )


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"a bare {name} stands in a message")
