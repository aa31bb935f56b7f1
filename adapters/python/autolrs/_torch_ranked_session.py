"""Puts the session of a rank together, for PyTorch."""

from __future__ import annotations

from autolrs._ranked_session import FollowerSession, LeaderSession
from autolrs._ranks import LeaderWire
from autolrs._torch_ranked_hooks import RankedTorchHooks
from autolrs._torch_ranks import Ranks, connect
from autolrs._torch_updates import ScaledSession, Updates
from autolrs._wire import Wire
from autolrs.session import Session


class ScaledLeaderSession(ScaledSession, LeaderSession):
    """Rank 0's, for a loop with a GradScaler."""


class ScaledFollowerSession(ScaledSession, FollowerSession):
    """Another rank's, for a loop with a GradScaler."""


def ranked_session(
    ranks: Ranks,
    wire: Wire | None,
    hooks: RankedTorchHooks,
    updates: Updates | None,
    total: int | None,
    rewind_bytes: int,
) -> Session:
    """The session of this rank. Every rank has to call it.

    Args:
        ranks: All that train together.
        wire: The way to the tuner, on rank 0.
        hooks: This rank's.
        updates: Knows of skipped updates, if there may be some.
        total: As for `Session`.
        rewind_bytes: As for `Session`.
    """
    options = (hooks, total, rewind_bytes)
    own = connect(ranks, wire)
    if isinstance(own, LeaderWire):
        if updates is None:
            return LeaderSession(own, *options)
        return ScaledLeaderSession(updates, own, *options)
    if updates is None:
        return FollowerSession(own, *options)
    return ScaledFollowerSession(updates, own, *options)
