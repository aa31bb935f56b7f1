"""Puts the session of a rank together, for PyTorch."""

from __future__ import annotations

from autolrs._distributed.ranks import LeaderWire
from autolrs._distributed.session import FollowerSession, LeaderSession
from autolrs._protocol.wire import Wire
from autolrs._torch.session import CountedSession
from autolrs._torch.updates import Updates
from autolrs._torch_ranks.discover_ranks import Ranks, connect
from autolrs._torch_ranks.ranked_hooks import RankedTorchHooks
from autolrs.session import Session


class CountedLeaderSession(CountedSession, LeaderSession):
    """Rank 0's."""


class CountedFollowerSession(CountedSession, FollowerSession):
    """Another rank's."""


def ranked_session(
    ranks: Ranks,
    wire: Wire | None,
    hooks: RankedTorchHooks,
    updates: Updates,
    total: int | None,
    rewind_bytes: int,
) -> Session:
    """The session of this rank. Every rank has to call it.

    Args:
        ranks: All that train together.
        wire: The way to the tuner, on rank 0.
        hooks: This rank's.
        updates: Knows of micro-batches and skipped updates.
        total: As for `Session`.
        rewind_bytes: As for `Session`.
    """
    own = connect(ranks, wire)
    if isinstance(own, LeaderWire):
        return CountedLeaderSession(updates, own, hooks, total, rewind_bytes)
    return CountedFollowerSession(updates, own, hooks, total, rewind_bytes)
