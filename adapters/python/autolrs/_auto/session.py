"""The session of a script that does not attach: it hears of each update before and after it."""

from __future__ import annotations

import sys
from typing import Any, Callable, NamedTuple

from autolrs._auto.heartbeat import Heartbeat
from autolrs._data.loader_replay import LoaderReplay
from autolrs._distributed.session import FollowerSession, LeaderSession
from autolrs._protocol.messages import Request
from autolrs._session.phase import phase
from autolrs.session import Session


class Total(NamedTuple):
    """What is known of the number of updates that a script means to make."""

    updates: int | None
    uncounted: str | None = None
    """The expression that could not be evaluated, and its place."""


class AutoSession(Session):
    """Steers updates that know nothing of it.

    In a search the first update is undone and does not count: so each checkpoint is made between
    an update and the next batch, which is where a restore brings training back to.
    """

    _replay_kind = LoaderReplay
    _cache: LoaderReplay

    _goes_on = False
    """Updates after the end are made as the last one was."""
    on_over: Callable[[Callable[[], None]], None] | None = None
    """Called at the end of the training, with what says that an update came after it."""
    _heartbeat: Heartbeat | None = None

    def introduce(self, schedule: dict[str, Any] | None, total: Total) -> None:
        """What the handshake is to tell of the script.

        Args:
            schedule: Its own, by name; None if it has none.
            total: How many updates it means to do.
        """
        handler = self._handler
        handler.total, handler.uncounted = total
        handler.facts = {"attached": False, **({} if schedule is None else {"schedule": schedule})}
        handler.abilities = {"disk": False, "rollback": False}

    def before_update(self) -> None:
        """An update is about to be made."""
        if self._heartbeat is None:
            self._heartbeat = Heartbeat(self._give_sign, lambda: self._handler.step)
            self._heartbeat.start()
        if self._training is None:
            self._meet_update()

    def step(self, loss: Any) -> None:
        """As in `Session`; what comes after the end is no error."""
        if self._unsteered.is_next_undone:
            self._unsteered.undo()
            self._serve()
        elif self._training is not None:
            super().step(loss)

    def _meet_update(self) -> None:
        if not self._has_begun and phase() != "commit":  # so too where a doctor examines it
            self._unsteered.undo_next()
        else:
            loads = self._handler.loads
            self._serve()
            if self._handler.loads > loads and not self._is_over:
                self._unsteered.undo_next()  # the gradients are of other weights

    def _result(self, request: Request) -> dict[str, Any] | None:
        self._unsteered.is_asked_before = True  # so that nothing is kept for what comes after
        result = super()._result(request)
        total = self._handler.total
        # A number that was read from the script may be too low: then its own updates go on as the
        # last ones did. One that the user has given is meant.
        self._goes_on = total is not None and self._handler.step >= total
        if request.method == "shutdown" and not self._goes_on:
            self._hooks.set_lr(0.0)
        return result

    def _handle(self, request: Request) -> None:
        super()._handle(request)
        if self._is_over and self.on_over is not None:
            self.on_over(self._teller())
            self._cache.close()
            self._release()
            if self._heartbeat is not None:
                self._heartbeat.stop()

    def _teller(self) -> Callable[[], None]:
        """Says once that the script trains on. It holds nothing of the training."""
        how = (
            "go on as the last ones did, without the tuner"
            if self._goes_on
            else "are made at a learning rate of 0, and change nothing"
        )
        sentence = (
            f"the script trains on after the tuner's {self.step_count} steps: these updates "
            f"{how}; run it again with the script's own number of updates, --steps"
        )
        log, say, told = self._rpc.log, self._say, set[str]()

        def tell() -> None:
            if sentence not in told:
                told.add(sentence)
                log("warn", sentence)
                say(sentence)

        return tell

    @staticmethod
    def _say(sentence: str) -> None:
        sys.stderr.write(f"autolrs: {sentence}\n")

    def _give_sign(self) -> None:
        if self._training is not None:
            super()._give_sign()


class AutoLeaderSession(AutoSession, LeaderSession):
    """Rank 0's."""


class AutoFollowerSession(AutoSession, FollowerSession):
    """Another rank's."""

    @staticmethod
    def _say(sentence: str) -> None:
        """Rank 0 does."""

    def _give_sign(self) -> None:
        """Rank 0 does."""
