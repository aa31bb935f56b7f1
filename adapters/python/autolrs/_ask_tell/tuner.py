"""The door itself: one request after the other, each told its answer."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from autolrs._ask_tell.ledger import Ledger
from autolrs._ask_tell.replies import REPLIES, Told
from autolrs._ask_tell.requests import Asked
from autolrs._data.signs_of_life import SignsOfLife
from autolrs._inside.run import Run
from autolrs._protocol.messages import SCRIPT_RAISED, Request, RpcError
from autolrs._protocol.wire import TunerGone, Wire
from autolrs._session.held_signals import HeldSignals
from autolrs._session.phase import phase
from autolrs._session.rpc import RpcChannel
from autolrs.errors import AskTellError, RunEndedError

_LEFT = "the script left its ask/tell loop before the run was over"


class AskTell:
    """A run whose trainer asks what to do, and tells what came of it. Made by `ask_tell`.

    Args:
        wire: The way to the tuner.
        run: What the script has asked for.
        lr: In effect before the first update.
        handshake: What the tuner is told of the trainer.
    """

    def __init__(self, wire: Wire, run: Run, lr: float, handshake: dict[str, Any]) -> None:
        wire.take()
        self._wire = wire
        self._run = run
        self._handshake = handshake
        self._rpc = RpcChannel(wire)
        self._ledger = Ledger(lr)
        self._pending: tuple[Request, Asked] | None = None
        self._asked_at = 0.0
        self._is_over = False
        self._is_closed = False
        self._signs = SignsOfLife(self._give_sign)
        self._signals = HeldSignals(lambda: wire.has_ended)
        # A tuner that the script has started has no signal of its own to end by.
        if wire.started is None:
            self._signals.hold()

    @property
    def step(self) -> int:
        """How many updates the model has had; after a restore, the checkpoint's."""
        return self._ledger.step

    @property
    def dir(self) -> str | None:
        """The run directory, with journal, checkpoints and result; None under `autolrs run`."""
        return self._run.dir

    @property
    def result(self) -> dict[str, Any] | None:
        """What `result.json` holds, once the run has ended; None under `autolrs run`."""
        return self._run.result

    def ask(self) -> Asked | None:
        """What to do next: one of `Train`, `Validate`, `Save`, `Restore`, `Discard` and `Adopt`.

        Waits while the tuner decides. None: the run is over, and the model as it is to stay.

        Raises:
            AskTellError: What was asked before is not told yet, or the block is left.
            RunEndedError: The tuner is gone, or the run has failed.
            KeyboardInterrupt: Ctrl-C has ended the run in order.
        """
        if self._pending is not None:
            raise AskTellError(
                f"{_name(self._pending[1])} was asked, and its answer is not told; call "
                f"tell({REPLIES[type(self._pending[1])].__name__}(…)) before you ask again"
            )
        if self._is_over:
            return None
        if self._is_closed:
            raise AskTellError("the run is left already; make another one by autolrs.ask_tell")
        try:
            return self._next()
        except TunerGone as gone:
            if phase() == "search":
                raise  # its end is the end of this process
            self._is_closed = True
            raise RunEndedError(str(gone).replace("autolrs: ", "", 1)) from None

    def tell(self, reply: Told) -> None:
        """Answers what was asked last. A reply that is refused changes nothing: tell another.

        Args:
            reply: `Trained`, `Validated`, `Saved`, `Restored`, `Discarded` or `Adopted`.

        Raises:
            AskTellError: Nothing was asked, or it is no answer to what was.
            RunEndedError: The tuner is gone.
        """
        if self._pending is None:
            raise AskTellError(f"{_name(reply)} was told, and nothing was asked; ask first")
        request, asked = self._pending
        expected = REPLIES[type(asked)]
        if not isinstance(reply, expected):
            raise AskTellError(
                f"{_name(asked)} was answered by {_name(reply)}; tell {expected.__name__}(…)"
            )
        result = self._ledger.result(asked, reply)
        seconds = time.perf_counter() - self._asked_at
        self._pending = None
        self._signs.end()
        try:
            self._rpc.answer(request, {**result, "seconds": seconds})
        except TunerGone as gone:
            self._is_closed = True
            raise RunEndedError(str(gone).replace("autolrs: ", "", 1)) from None

    def close(self) -> None:
        """Leaves the run. One that is not over is `interrupted`, and can be gone on with."""
        self._leave(None)

    def __enter__(self) -> AskTell:
        """The tuner is there already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the run, which has failed by an exception: the journal has its traceback."""
        self._leave(error)

    def _next(self) -> Asked | None:
        while True:
            request = self._rpc.next_request()
            if request is None or request.id is None:
                continue
            if request.method == "initialize":
                self._rpc.answer(request, {**self._handshake, "lr": self._ledger.lr})
            elif request.method == "shutdown":
                self._end(request)
                return None
            else:
                try:
                    asked = self._ledger.asked(request)
                except RpcError as fault:
                    self._rpc.refuse(request.id, fault)
                    continue
                self._pending = request, asked
                self._asked_at = time.perf_counter()
                self._signs.begin()
                return asked

    def _end(self, request: Request) -> None:
        self._is_over = True
        self._rpc.answer(request, {"step": self.step})
        self._signals.release()
        if self._wire.started is not None:
            self._wire.started.over()

    def _leave(self, error: BaseException | None) -> None:
        if self._is_closed or self._is_over:
            return
        self._is_closed = True
        self._signs.end()
        started = self._wire.started
        if started is not None:
            if error is None:
                started.interrupt()
            else:
                started.fails(error)
        with suppress(TunerGone):
            self._refuse(error)
        self._signals.release()
        if started is not None:
            started.leave()

    def _refuse(self, error: BaseException | None) -> None:
        """What ends the loop is the answer to what was asked, or is asked next."""
        request = self._pending[0] if self._pending else None
        self._pending = None
        while request is None or request.id is None:
            request = self._rpc.next_request()
        if request.method == "shutdown":
            self._rpc.answer(request, {"step": self.step})
        elif error is None:
            self._rpc.refuse(request.id, RpcError(SCRIPT_RAISED, _LEFT, is_permanent=True))
        else:
            self._rpc.refuse_raised(request, error)

    def _give_sign(self) -> None:
        with suppress(TunerGone):
            self._rpc.notify("progress", {"step": self.step, "losses": []})


def _name(value: object) -> str:
    kind = type(value).__name__
    return f"a {kind}" if type(value) in (*REPLIES, *REPLIES.values()) else repr(value)[:60]
