"""Finds the other processes that train a model together by torch.distributed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch.distributed as dist
from torch import Tensor

from autolrs._distributed.links import accept_all, connect_to_leader, listen, own_site
from autolrs._distributed.ranks import FollowerWire, LeaderWire
from autolrs._protocol.launcher import leave_with_launcher, rank_and_world
from autolrs._protocol.wire import Wire
from autolrs._torch_ranks.sharded import is_sharded
from autolrs.errors import RanksError


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
    return Ranks(dist.get_rank(), world, dist.new_group(backend="gloo"))


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
