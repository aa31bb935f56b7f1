"""Finds the other processes that train a model together by torch.distributed."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from itertools import count
from time import monotonic
from typing import Any, NamedTuple

import torch.distributed as dist
from torch import Tensor

from autolrs._distributed.links import accept_all, connect_to_leader, listen, own_site
from autolrs._distributed.ranks import FollowerWire, LeaderWire
from autolrs._protocol.launcher import PASS_ON, leave_with_launcher, rank_and_world
from autolrs._protocol.wire import Wire
from autolrs._torch_ranks.sharded import is_sharded
from autolrs.errors import RanksError

MEET_SECONDS = 300.0
"""From the first rank to the last: DDP has brought them together by the first update, and where
nothing has, each prepares its own part of the data."""

_meetings = count()
"""Each has a name of its own."""


class Ranks(NamedTuple):
    """Who trains together, and how they speak on the CPU, whatever carries their gradients."""

    rank: int
    world: int
    group: Any
    """A process group of gloo's: no device waits for what goes over it, and no stream is used."""

    def gather(self, part: Any) -> list[Any]:
        """Everybody's part, in the order of their ranks, on rank 0; nothing on the others."""
        parts: list[Any] | None = [None] * self.world if self.rank == 0 else None
        dist.gather_object(part, parts, dst=0, group=self.group)
        return parts or []

    def from_leader(self, value: Any) -> Any:
        """What rank 0 gives, on all ranks."""
        box = [value]
        dist.broadcast_object_list(box, src=0, group=self.group)
        return box[0]


def find_ranks(parameters: Iterable[Tensor]) -> Ranks | None:
    """All that train together. Every rank has to call it.

    None if this process trains alone; but one alone with a sharded model (FSDP2) is a rank too,
    because the file of such a model is another.

    Args:
        parameters: The model's.

    Raises:
        RanksError: A launcher says that there are several, and they have not met yet.
    """
    if not dist.is_available() or not dist.is_initialized():
        _, world = rank_and_world()
        if world > 1:
            raise RanksError(
                f"{world} processes train here and have not met yet; call "
                "torch.distributed.init_process_group before autolrs.torch.attach"
            )
        return None
    world = dist.get_world_size()
    if world == 1:
        if rank_and_world()[0] > 0:
            raise RanksError("the launcher started several processes, and each met itself alone")
        if not any(map(is_sharded, parameters)):
            return None
    rank = dist.get_rank()
    with _told_of_waiting() if rank == 0 else nullcontext():
        _meet(rank, world)
        group = dist.new_group(backend="gloo")
    return Ranks(rank, world, group)


def tell_untuned() -> None:
    """A process that no tuner steers says so to the ranks that it trains with.

    They would wait for it: it does not know that it is to meet them once more.
    """
    if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
        with suppress(Exception):  # a store of another kind; nothing of the script's needs this
            _store().set(_key(dist.get_rank()), "untuned")


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


def _key(rank: int) -> str:
    return f"autolrs/{rank}"


WAITING_SECONDS = 15.0


@contextmanager
def _told_of_waiting() -> Iterator[None]:
    """Says what a rank waits for, once that has taken long."""
    sentence = (
        "autolrs: waiting for all ranks to attach; one without AUTOLRS in its environment, as on "
        f"another machine, never does: {PASS_ON}\n"
    )
    timer = threading.Timer(WAITING_SECONDS, lambda: sys.stderr.write(sentence))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _meet(rank: int, world: int) -> None:
    """Returns once all ranks have come. A new group would wait for half an hour, and not say why.

    Raises:
        RanksError: One is steered by no tuner, or some have not come.
    """
    store = _store()
    if store is None:  # as with MPI
        return
    meeting = next(_meetings)
    keys = [f"autolrs/{meeting}/{each}" for each in range(world)]
    store.set(keys[rank], "here")
    deadline = monotonic() + MEET_SECONDS
    while not store.check(keys):
        for each in range(world):
            if store.check([_key(each)]):
                raise RanksError(
                    f"rank {each} trains without the tuner: AUTOLRS is not in its environment; "
                    f"{PASS_ON}"
                )
        away = [str(each) for each, key in enumerate(keys) if not store.check([key])]
        if away and monotonic() > deadline:
            raise RanksError(
                "let every rank of the process group come here and make each update, as under DDP "
                f"and FSDP: {'ranks' if away[1:] else 'rank'} {' and '.join(away)} of {world} had "
                f"not come {MEET_SECONDS:g} s after rank {rank}. A training in which only some "
                "do, as with stages of a pipeline, is not served"
            )
        with suppress(RuntimeError):
            store.wait(keys, timedelta(seconds=1))


def connect(ranks: Ranks, wire: Wire | None) -> LeaderWire | FollowerWire:
    """The wire of this rank. Every rank has to call it.

    Args:
        ranks: All.
        wire: The way to the tuner, which rank 0 must have.

    Raises:
        RanksError: Rank 0 has none, or a rank cannot be reached.
    """
    leave_with_launcher()
    if ranks.rank > 0:
        ranks.gather(own_site())
        address, secret = ranks.from_leader(None)
        return connect_to_leader(address, secret, ranks.rank)
    if wire is None:
        raise RanksError("rank 0 of the process group is not the RANK 0 that talks to the tuner")
    wire.take()
    listener, address = listen(ranks.gather(own_site()))
    secret = secrets.token_hex(16)
    ranks.from_leader((address, secret))
    return LeaderWire(wire, accept_all(listener, secret, ranks.world))
