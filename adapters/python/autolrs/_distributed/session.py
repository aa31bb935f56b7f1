"""The conversation where several processes train together: one session on each rank.

What decides when a training stops must be the same on all ranks, or one of them waits for ever for
the others in a collective. So no rank stops by itself: every `SETTLED_STEPS` steps, and at the
end, each tells its losses to rank 0, which judges their means and says whether to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from autolrs._data.batch_replay import DEFAULT_BYTES
from autolrs._distributed.merge import mean, merge
from autolrs._distributed.ranks import FollowerWire, LeaderWire
from autolrs._protocol.messages import NOT_SUPPORTED, Request, RpcError, finite_or_none_each
from autolrs._session.train_request import TrainRequest
from autolrs.errors import RanksError
from autolrs.hooks import Hooks
from autolrs.session import Session

Link = TypeVar("Link", LeaderWire, FollowerWire)

SETTLED_STEPS = 16
"""Steps from one agreement of all ranks to the next. It makes their devices wait for one another;
without it a run that has blown up would go on, and could not be cancelled."""


class RankedTrainRequest(TrainRequest, Generic[Link]):
    """As `TrainRequest`, but reads its losses only where all ranks do.

    Args:
        request, hooks: As for `TrainRequest`.
        wire: To the other ranks, or from another rank to rank 0.
    """

    def __init__(self, request: Request, hooks: Hooks, wire: Link) -> None:
        super().__init__(request, hooks)
        self._wire: Link = wire

    def add(self, loss: Any) -> None:
        """As there, and judges nothing."""
        self.count_update()
        value = self._hooks.read_loss(loss)
        if value is None:
            self._held.append(self._hooks.hold_loss(loss))
        else:
            self._read_held()
            self._losses.append(value)

    def schedule_check(self, at: int) -> None:
        """As there, and where all ranks settle."""
        next_settled = (self.count // SETTLED_STEPS + 1) * SETTLED_STEPS
        super().schedule_check(min(at, next_settled))

    def judge_held(self) -> None:
        """Settles with the other ranks whether to go on, where that is due."""
        if self._judged < self.count and (self.count % SETTLED_STEPS == 0 or self.is_done):
            self._read_held()
            settled = self._judged
            self._losses[settled:] = self._settle(self._losses[settled:])
            self._judged = self.count

    def _settle(self, losses: Sequence[float]) -> Sequence[float]:
        """Tells the losses since it was called last; returns those that count."""
        raise NotImplementedError


class LeaderTrainRequest(RankedTrainRequest[LeaderWire]):
    """Rank 0's."""

    _is_cancelled = False

    def stop(self, end: str) -> None:
        """As there; but `cancel` waits until all ranks can follow it."""
        if end == "cancel":
            self._is_cancelled = True
        else:
            super().stop(end)

    def unsent_losses(self) -> list[float | None]:
        """Those that all ranks have told: what is told to people is the mean too."""
        told, self._told = self._told, self._judged
        return finite_or_none_each(self._losses[told : self._judged])

    def _settle(self, losses: Sequence[float]) -> Sequence[float]:
        shares = [finite_or_none_each(losses), *self._wire.shares(self.count)]
        means = [float("nan") if value is None else value for value in map(mean, zip(*shares))]
        for value in means:
            self._judge(value)
        if self._is_cancelled and not self.is_done:
            super().stop("cancel")
        self._wire.tell({"end": self.end})
        return means


class FollowerTrainRequest(RankedTrainRequest[FollowerWire]):
    """Another rank's."""

    def _settle(self, losses: Sequence[float]) -> Sequence[float]:
        told = finite_or_none_each(losses)
        self._wire.send({"of": self.request.id, "count": self.count, "losses": told})
        end = self._wire.receive_verdict()
        if end is not None:
            self.stop(end)
        return losses


class RankedSession(Session, Generic[Link]):
    """One rank's session.

    Args:
        wire: Rank 0's to the tuner and to the other ranks, or another's to rank 0.
        hooks, total, rewind_bytes: As for `Session`.
    """

    def __init__(
        self,
        wire: Link,
        hooks: Hooks,
        total: int | None = None,
        rewind_bytes: int = DEFAULT_BYTES,
    ) -> None:
        super().__init__(wire, hooks, total, rewind_bytes)
        self._ranks: Link = wire


class LeaderSession(RankedSession[LeaderWire]):
    """Rank 0's session: it talks, and answers for all."""

    def _new_training(self, request: Request) -> TrainRequest:
        return LeaderTrainRequest(request, self._hooks, self._ranks)

    def _handle(self, request: Request) -> None:
        self._ranks.begin(request)
        super()._handle(request)

    def _answer(self, request: Request, result: dict[str, Any]) -> None:
        try:
            merged = merge(request.method, [result, *self._ranks.results()])
        except RanksError as error:
            self._rpc.refuse(request.id, RpcError(NOT_SUPPORTED, str(error), is_permanent=True))
        else:
            super()._answer(request, merged)


class FollowerSession(RankedSession[FollowerWire]):
    """Another rank's session: rank 0 is its tuner."""

    _tracks = False

    def _new_training(self, request: Request) -> TrainRequest:
        return FollowerTrainRequest(request, self._hooks, self._ranks)
