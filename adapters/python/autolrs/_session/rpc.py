"""Requests as they come from the wire, and what goes back: results, errors and notices."""

from __future__ import annotations

import traceback
from collections import deque
from contextlib import suppress
from typing import Any

from autolrs._protocol.messages import SCRIPT_RAISED, Request, RpcError, parse_request
from autolrs._protocol.wire import TunerGone, Wire
from autolrs._session.programming_errors import bug_in
from autolrs.errors import PermanentError


class RpcChannel:
    """Reads requests in their order, and writes messages.

    Args:
        wire: The way to the tuner.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: deque[Request] = deque()

    def next_request(self) -> Request | None:
        """Waits for the next message; None if it was none, and is refused already.

        Raises:
            TunerGone: None comes any more.
        """
        if self._waiting:
            return self._waiting.popleft()
        return self._parse(self._wire.receive())

    def read_cancel(self) -> bool:
        """Reads what came while training: True if `cancel` did. A request has to wait."""
        is_cancelled = False
        while True:
            line = self._wire.receive_if_any()
            if line is None:
                return is_cancelled
            request = self._parse(line)
            if request is None:
                continue
            if request.id is not None:
                self._waiting.append(request)
            elif request.method == "cancel":
                is_cancelled = True

    def answer(self, request: Request, result: dict[str, Any]) -> None:
        """Sends the result of a request."""
        self._wire.send({"id": request.id, "result": result})

    def refuse(self, id: int | str | None, fault: RpcError) -> None:
        """Sends an error of the protocol."""
        error: dict[str, Any] = {"code": fault.code, "message": str(fault)}
        if fault.is_permanent:
            error["data"] = {"permanent": True}
        self._wire.send({"id": id, "error": error})

    def refuse_raised(self, request: Request, error: BaseException) -> None:
        """Sends what the script raised, with its traceback."""
        summary = traceback.TracebackException(type(error), error, None)
        # They come last, and say less than the error: JAX adds some. From Python 3.11 on.
        summary.__notes__ = None  # type: ignore[attr-defined,unused-ignore]
        message = list(summary.format_exception_only())[-1].strip()
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        data: dict[str, Any] = {"traceback": "".join(lines)}
        bug = bug_in(error)
        if bug is not None or isinstance(error, PermanentError):
            data["permanent"] = True
            message = bug or message
        fault = {"code": SCRIPT_RAISED, "message": message, "data": data}
        self._wire.send({"id": request.id, "error": fault})

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Sends what needs no answer."""
        self._wire.send({"method": method, "params": params})

    def log(self, level: str, message: str) -> None:
        """Tells a person something, if the tuner is still there."""
        if self._wire.is_gone:
            return
        with suppress(TunerGone):
            self.notify("log", {"level": level, "message": message})

    def _parse(self, line: bytes) -> Request | None:
        try:
            return parse_request(line)
        except RpcError as fault:
            self.refuse(fault.id, fault)
            return None
