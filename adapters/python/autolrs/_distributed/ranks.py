"""Several processes that train together, as one trainer to the tuner. Knows no framework.

Rank 0 has the wire. It passes each request on to the others, over one socket to each, and every
rank carries it out; rank 0 answers for all. So between two steps ranks say nothing to
each other, except where a training checks whether it must stop (see `_distributed.session`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Callable, Union

from autolrs._protocol.channel import FdChannel
from autolrs._protocol.messages import SCRIPT_RAISED, Request
from autolrs._protocol.wire import TunerGone, Wire
from autolrs._session.phase import phase
from autolrs.errors import RanksError

Message = dict[str, Any]
Id = Union[int, str, None]


class RankConnection(Wire):
    """Rank 0's end of the line to another rank.

    Args:
        fd: The connection.
        rank: Who is at the other end.
    """

    def __init__(self, fd: int, rank: int) -> None:
        gone = f"autolrs: rank {rank} went away, and rank 0 leaves too"
        super().__init__(FdChannel(fd, fd), gone=gone)
        self.rank = rank
        self._has_ended = False
        self.answered: Id = None
        """The request that it has answered last."""
        self.on_trouble: Callable[[RankConnection, Message | None], None] | None = None
        """Told of an answer that is an error, and of the end, with None: at once and from another
        thread, because rank 0 may wait for this rank in a collective that never comes."""

    def send(self, message: Message) -> None:
        """Writes one message, unless the other end is known to be closed."""
        if self._has_ended:  # which the write itself might not notice
            raise TunerGone(self._gone)
        super().send(message)

    def _deliver(self, line: bytes | None) -> None:
        # Before rank 0 itself may see it and leave. And rank 0 has to see it, whatever is wrong
        # with the line or with the way to the tuner: it would wait for this thread for ever.
        with suppress(TunerGone, ValueError):
            self._note(line)
        super()._deliver(line)

    def _note(self, line: bytes | None) -> None:
        error = None
        self._has_ended = line is None
        if line is not None and line.startswith(b'{"jsonrpc":"2.0","id":'):
            message = json.loads(line)
            self.answered, error = message["id"], message.get("error")
        if self.on_trouble is not None and (line is None or error is not None):
            self.on_trouble(self, error)


class LeaderWire(Wire):
    """Rank 0's wire to the tuner, and its lines to the other ranks.

    Args:
        wire: The way to the tuner.
        links: The ways to the others, in the order of their ranks.
    """

    def __init__(self, wire: Wire, links: Sequence[RankConnection]) -> None:
        super().__init__(
            wire.channel, wire.token, connect_again=wire.connect_again, started=wire.started
        )
        self.links = links
        self._lock = threading.Lock()
        self._open: Id = None
        self._is_open = False
        self._is_answered_by_another = False
        self._said: set[str] = set()
        for link in links:
            link.on_trouble = self._answer_for
            link.start()

    def begin(self, request: Request) -> None:
        """Lets the other ranks carry out a request too."""
        with self._lock:
            self._open, self._is_open, self._is_answered_by_another = request.id, True, False
        self._said.clear()
        for link in self.links:
            try:
                link.send({"id": request.id, "method": request.method, "params": request.params})
            except TunerGone:
                self._answer_for(link, None)
                raise

    def send(self, message: Message) -> None:
        """Writes one message to the tuner, unless another rank's trouble was the answer."""
        if message.get("method") == "log":
            self._said.add(message["params"]["message"])
        with self._lock:
            if self._is_open and message.get("id", self) == self._open:
                self._is_open = False
            elif self._is_answered_by_another and message.get("id", self) == self._open:
                return
            super().send(message)

    def results(self) -> Iterator[Message]:
        """The other ranks' results of the request that was begun, in the order of their ranks.

        Raises:
            RanksError: One still trains where rank 0 is done.
            TunerGone: One raised, or went away; the tuner has been told.
        """
        for link in self.links:
            message = self._next_from(link)
            if "result" not in message:
                raise RanksError(f"the ranks disagree: rank {link.rank} trains on, rank 0 is done")
            yield message["result"]

    def shares(self, count: int) -> Iterator[Sequence[float | None]]:
        """The losses that the other ranks have to tell, each at `count` steps of this request.

        Raises:
            RanksError: One has done another number of steps.
            TunerGone: One raised, or went away; the tuner has been told.
        """
        for link in self.links:
            message = self._next_from(link)
            other = message["count"] if "count" in message else message["result"]["steps"]
            if other != count:
                raise RanksError(
                    f"the ranks disagree: rank 0 has done {count} steps of this request, and rank "
                    f"{link.rank} {other}; let every rank call tuner.step equally often"
                )
            yield message["losses"]

    def tell(self, message: Message) -> None:
        """To all other ranks."""
        for link in self.links:
            link.send(message)

    def _next_from(self, link: RankConnection) -> Message:
        while True:
            message: Message = json.loads(link.receive())
            if message.get("method") == "log":
                self._pass_on(link, message["params"])
            elif message.get("id") == self._open and "error" in message:
                raise TunerGone(f"autolrs: rank {link.rank} failed, and rank 0 leaves too")
            elif message.get("id", message.get("of")) == self._open:
                return message
            # else it is about a request that rank 0 has answered with an error

    def _pass_on(self, link: RankConnection, params: Message) -> None:
        # What several ranks have to say is said once.
        text = params["message"]
        if text not in self._said:
            named = {**params, "message": f"rank {link.rank}: {text}"}
            self.send({"method": "log", "params": named})
            self._said.add(text)

    def _answer_for(self, link: RankConnection, error: Message | None) -> None:
        with self._lock:
            has_answered = link.answered == self._open
            # Who ends after its answer is not missed; an error may be about a request of before.
            if not self._is_open or has_answered == (error is None):
                return
            self._is_open, self._is_answered_by_another = False, True
            error = error or {"code": SCRIPT_RAISED, "message": "it ended; read its last lines"}
            named = {**error, "message": f"rank {link.rank}: {error['message']}"}
            super().send({"id": self._open, "error": named})


class FollowerWire(Wire):
    """Another rank's line to rank 0.

    Args:
        fd: The connection.
        rank: The own rank.
    """

    def __init__(self, fd: int, rank: int) -> None:
        gone = f"autolrs: rank 0 went away; rank {rank} leaves too"
        if phase() == "search":
            gone = f"autolrs: rank {rank} was there for the search alone, and ends with rank 0"
        super().__init__(FdChannel(fd, fd), gone=gone)

    def send(self, message: Message) -> None:
        """Writes one message. Progress is rank 0's to tell."""
        if message.get("method") != "progress":
            super().send(message)

    def receive_verdict(self) -> str | None:
        """Waits until rank 0 says whether the training ends, and why."""
        verdict: str | None = json.loads(self.receive())["end"]
        return verdict
