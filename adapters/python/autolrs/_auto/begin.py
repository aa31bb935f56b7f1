"""The first update of a script that does not attach: finds what trains, and answers the tuner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.optim import Optimizer

from autolrs._auto.find import Found, find_alive, outermost, roots_of, together_with
from autolrs._auto.hooks import AutoHooks, RankedAutoHooks, one_module
from autolrs._auto.not_served import tell
from autolrs._auto.refusals import refuse_double_steps, refuse_workers
from autolrs._auto.schedule import schedule_of
from autolrs._auto.session import AutoFollowerSession, AutoLeaderSession, AutoSession
from autolrs._auto.steering import Steering
from autolrs._auto.total import total_of
from autolrs._distributed.ranks import LeaderWire
from autolrs._protocol.claim import claim_to_train
from autolrs._protocol.wire import Wire
from autolrs._session.phase import phase
from autolrs._torch_ranks.discover_ranks import connect, find_ranks


def begin(door: Any, optimizer: Optimizer) -> None:
    """Finds what trains, and has the door's word go to a session from here on.

    Args:
        door: See `site/autolrs_door.py`.
        optimizer: It is about to make the first update.

    Raises:
        PermanentError: The script trains in a way that is not served; the tuner is told.
    """
    wire = claim_to_train()
    try:
        refuse_workers()
        _begin(door, optimizer, wire)
    except Exception as error:
        door.close()
        tell(wire, error)
        raise


def _begin(door: Any, optimizer: Optimizer, wire: Wire | None) -> None:
    alive = find_alive()
    refuse_double_steps(alive.optimizers)
    leaves = _leaves_of(optimizer, alive.optimizers)
    together = together_with(leaves[0], alive.optimizers)
    around = [outermost(item, alive.optimizers) for item in together]
    model = one_module(roots_of(together, alive.modules))
    hooks, session = _session_of(wire, model, around, alive)
    own = hooks.optimizer_set
    known = [*own.members, *own.given]
    total = total_of(known, door.places)
    schedule = schedule_of(
        known, own.groups[0], total.updates, door.made, is_search=phase() == "search"
    )
    door.made.clear()
    hooks.peak = None if schedule is None else schedule.get("peak")
    hooks.tell_of_own = None if schedule is not None else session.warn
    hooks.tell_by(session)
    session.introduce(schedule, total)
    Steering(door, session, own.leaves, known, alive.scalers)


def _leaves_of(optimizer: Optimizer, alive: Sequence[Optimizer]) -> list[Optimizer]:
    """The optimizers inside this one that make its updates; itself, if there are none."""
    from autolrs._torch.wrapped_optimizers import OptimizerSet

    return OptimizerSet(optimizer).leaves


def _session_of(
    wire: Wire | None, model: Any, optimizers: Sequence[Any], alive: Found
) -> tuple[AutoHooks, AutoSession]:
    given = (model, optimizers, None, alive.scalers)
    ranks = find_ranks(model.parameters())
    if ranks is None:
        assert wire is not None  # a process without one is a rank of several
        hooks = AutoHooks(*given)
        return hooks, AutoSession(wire, hooks)
    ranked = RankedAutoHooks(ranks, *given)
    own = connect(ranks, wire)
    if isinstance(own, LeaderWire):
        return ranked, AutoLeaderSession(own, ranked)
    return ranked, AutoFollowerSession(own, ranked)
