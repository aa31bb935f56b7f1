"""One JSON message a line over a channel that the user's own output never reaches."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Protocol

from autolrs._protocol.channel import Channel
from autolrs._protocol.launcher import is_of_torchrun
from autolrs._protocol.transport import CROWDED_SECONDS, PAUSE_SECONDS
from autolrs._session.phase import phase
from autolrs.errors import AddressError

_GONE = (
    "autolrs: the tuner went away while it steered this script; leaving now, because the weights "
    "may be those of a probe (the run directory tells how to resume)"
)
_COMMITTED = (
    "autolrs: this process of the script ends here: the tuner starts the script again, or has "
    "itself ended (then the run directory tells how to resume)"
)
_SEARCHED = (
    "autolrs: the tuner needs this process no more, which was there for the search alone; it ends "
    "here and saves nothing"
)
_GONE_EARLY = (
    "autolrs: the tuner went away before it asked for a step, or it steers another process of "
    "this script: it steers one training, so start a second one without autolrs; leaving now"
)


class TunerGone(SystemExit):
    """The other end of the wire is closed. Ends the script with status 1 and one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class Started(Protocol):
    """A tuner that this script has started."""

    @property
    def is_over(self) -> bool:
        """True once it has ended, or was left."""

    def listens(self) -> None:
        """The script is about to wait for its next line."""

    def over(self) -> None:
        """It has ended the training in order; may raise KeyboardInterrupt."""

    def farewell(self) -> str:
        """What to say of it once it is gone; may raise KeyboardInterrupt."""

    def fails(self, error: BaseException | None) -> None:
        """The script ends by an exception."""

    def interrupt(self) -> None:
        """Asks for the end of the run."""

    def leave(self) -> None:
        """The script trains no more."""


class Wire:
    """Lines in and messages out. Only the thread that trains may call it.

    Args:
        channel: The way to the tuner. It belongs to the wire from here.
        token: What tells the tuner that it is this script that talks.
        gone: What to say when the other end is gone; left out where that is a tuner.
        connect_again: For a connection that is closed before it has sent anything; it raises
            AddressError where nothing listens any more.
        started: The tuner at the other end, if it is the script's own.
    """

    def __init__(
        self,
        channel: Channel,
        token: str | None = None,
        gone: str | None = None,
        connect_again: Callable[[], Channel] | None = None,
        started: Started | None = None,
    ) -> None:
        self.channel = channel
        """The way to the tuner. Another one replaces it after a connection that was made again."""
        self.token = token
        self.started = started
        self.connect_again = connect_again
        self._own_gone = gone
        self._read_more = threading.Condition()
        self._connections = 1
        self._greeted = 0
        self._connected_at = time.monotonic()
        self._again_until = 0.0
        self._has_ended = False
        self._received = 0
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        self._sending = threading.Lock()
        self._is_taken = False
        self._is_unproven = token is not None
        self.has_input = False
        """A line, or the end, waits to be received. Cheap enough to read in every step."""
        self.is_gone = False
        """The other end is gone, or this process is a fork, whose parent has the connection."""
        # Forked workers (DataLoader) would hold the tuner's pipes open, and could answer for us.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def take(self) -> None:
        """Makes the caller the one that talks.

        Raises:
            ValueError: There is one already.
        """
        if self._is_taken:
            raise ValueError(
                "attach was called twice, and the tuner steers one training; call it once, and "
                "hand what else must be saved over as `extra`"
            )
        self._is_taken = True

    @property
    def has_ended(self) -> bool:
        """The other end has closed it, whether that was met or not."""
        return self._has_ended or self.is_gone

    @property
    def is_taken(self) -> bool:
        """True once there is one that talks."""
        return self._is_taken

    @property
    def is_known(self) -> bool:
        """The other end has been told who talks, if it asks for that."""
        return not self._is_unproven

    def hang_up(self) -> None:
        """Nothing more goes either way over a socket, and the other end learns of it."""
        self.channel.hang_up()

    def start(self) -> None:
        """Begins to read. Not done before the first receive."""
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="autolrs", daemon=True)
            self._reader.start()

    def receive(self) -> bytes:
        """Waits for the next line.

        Raises:
            TunerGone: There will be none.
        """
        if self.started is not None:
            self.started.listens()
        self.start()
        line = None if self.is_gone else self._lines.get()
        self.has_input = not self._lines.empty()
        return self._line_or_gone(line)

    def receive_if_any(self) -> bytes | None:
        """The next line if one is there; does not wait.

        Raises:
            TunerGone: There will be none.
        """
        if self.is_gone:
            raise TunerGone(self._gone)
        # Cleared before the check: a line that comes in between sets it again.
        self.has_input = False
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return None
        return self._line_or_gone(line)

    def send(self, message: dict[str, Any]) -> None:
        """Writes one message.

        Raises:
            TunerGone: It is not read any more.
            ValueError: It holds a number that is not finite.
        """
        if self._is_unproven:
            self._await_connection()
            message = _with_token(message, self.token)
            self._is_unproven = False
        text = json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False, separators=(",", ":"))
        try:
            with self._sending:  # a sign of life comes from another thread
                self.channel.write(text.encode() + b"\n")
        except OSError as error:
            self.is_gone = self.has_input = True
            raise TunerGone(self._gone) from error

    def _line_or_gone(self, line: bytes | None) -> bytes:
        if line is None:
            # A script that catches the exception meets it again at its next step.
            self.is_gone = self.has_input = True
            raise TunerGone(self._gone)
        self._received += 1
        return line

    @property
    def _gone(self) -> str:
        if self._own_gone is not None:
            return self._own_gone
        if self.started is not None:
            return self.started.farewell()
        # Each search ends so, and of one that was killed there is nothing more to say here.
        if phase() == "search":
            return _SEARCHED + ("; torchrun calls that a failure" if is_of_torchrun() else "")
        # It trains what is kept, and meets no probe.
        if phase() == "commit" and self._received > 1:
            return _COMMITTED
        # A tuner that has only shaken hands has steered nothing.
        return _GONE if self._received > 1 else _GONE_EARLY

    def _read(self) -> None:
        pieces: list[bytes] = []
        has_greeting = is_said_again = False
        while True:
            try:
                chunk = self.channel.read()
            except OSError:
                chunk = b""
            if chunk == b"":
                if self._connects_again():
                    # Every connection begins with the same request.
                    pieces, is_said_again = [], has_greeting
                    continue
                self._deliver(None)
                return
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                if self._greeted < self._connections:
                    with self._read_more:
                        self._greeted = self._connections
                        self._read_more.notify_all()
                if not is_said_again:
                    has_greeting = True
                    self._deliver(b"".join([*pieces, line]))
                pieces, is_said_again = [], False
            pieces.append(rest)

    def _connects_again(self) -> bool:
        """After the end of a connection: where the tuner had no room for one that says nothing."""
        is_made = False
        now = time.monotonic()
        if self._connections == 1 or now - self._connected_at > CROWDED_SECONDS:
            self._again_until = now + CROWDED_SECONDS
        if self._is_unproven and self.connect_again is not None and now < self._again_until:
            time.sleep(PAUSE_SECONDS)
            with suppress(AddressError):  # nothing listens any more
                channel = self.connect_again()
                with self._read_more:  # by which the other thread looks at the one before
                    closed, self.channel = self.channel, channel
                    closed.close()
                is_made = True
        with self._read_more:
            self._connected_at = time.monotonic()
            self._connections += is_made
            self._has_ended = not is_made
            self._read_more.notify_all()
        return is_made

    def _await_connection(self) -> None:
        """Returns once the other end has sent a line and still listens, or none ever will."""
        if self.connect_again is None:
            return
        self.start()
        closed = 0
        with self._read_more:
            while not self._has_ended:
                if self._greeted > closed:
                    if not self.channel.is_closed():
                        return
                    closed = self._greeted
                self._read_more.wait()

    def _deliver(self, line: bytes | None) -> None:
        self._lines.put(line)
        self.has_input = True

    def _forget(self) -> None:
        if self._own_gone is None and self._is_taken:
            self._own_gone = (
                f"autolrs: process {os.getpid()} is a fork of {os.getppid()}, which attached, and "
                "the tuner is called there alone; train in one process, or attach in each rank "
                "that torchrun starts"
            )
        self.is_gone = self.has_input = True
        self.channel.close()


def _with_token(message: dict[str, Any], token: str | None) -> dict[str, Any]:
    """The handshake with the token in it. An error in its place needs it too."""
    if "error" not in message:
        return message
    error = message["error"]
    return {**message, "error": {**error, "data": {**error.get("data", {}), "token": token}}}
