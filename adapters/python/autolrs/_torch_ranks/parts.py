"""A checkpoint of sharded tensors: each rank writes its part at the same time as the others."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import Any

from torch import Tensor

from autolrs._state.parts import Part, part_path, read_index, remove_parts_of, write_index
from autolrs._torch_ranks.discover_ranks import Ranks
from autolrs._torch_ranks.shards import LocalOf, owner_of
from autolrs._torch_state.checkpoint_file import (
    read_durable,
    read_part,
    refuse_other_world,
    write_durably,
)

Content = dict[str, Any]


def write_parts(path: str, ranks: Ranks, common: Content, own: Content) -> int:
    """Writes a checkpoint. Every rank has to call it.

    Args:
        path: The checkpoint.
        ranks: All that train together.
        common: What rank 0 writes for all.
        own: What this rank writes.

    Returns:
        The bytes that this rank has written.

    Raises:
        OSError: A rank could not write; what was at `path` is still there.
    """
    write = ranks.from_leader(secrets.token_hex(4))
    is_leader = ranks.rank == 0
    mine: Part | str
    failure: OSError | None = None
    try:
        mine = _write_part(
            part_path(path, write, ranks.rank), {**(common if is_leader else {}), **own}
        )
    except OSError as error:
        mine, failure = str(error), error
    all_parts = ranks.gather(mine)
    if failure is not None:
        raise failure
    size = mine.bytes if isinstance(mine, Part) else 0
    if not is_leader:
        return size
    parts = [each for each in all_parts if isinstance(each, Part)]
    try:
        if len(parts) < ranks.world:
            raise OSError(next(each for each in all_parts if isinstance(each, str)))
        return size + write_index(path, parts)
    except OSError:
        remove_parts_of(path, write)
        raise


def read_parts(path: str, ranks: Ranks) -> tuple[Content, Content, LocalOf]:
    """What is common, what is this rank's own, and the way to its shards.

    Raises:
        OSError: It is not there, it is no checkpoint, or another number of processes wrote it.
    """
    parts = read_index(path)
    if parts is None:
        content = read_durable(path, ranks.world)
        return content, content["ranks"][ranks.rank], _no_shard
    refuse_other_world(path, len(parts), ranks.world)
    folder = os.path.dirname(path)
    files: dict[int, Content] = {}

    def file_of(rank: int) -> Content:
        if rank not in files:
            files[rank] = read_part(os.path.join(folder, parts[rank].name))
        return files[rank]

    def local(live: Any, number: int) -> Tensor | None:
        shards: dict[int, Tensor] = file_of(owner_of(live, ranks.rank))["shards"]
        return shards.get(number)

    return file_of(0), file_of(ranks.rank)["own"], local


def _write_part(path: str, content: Content) -> Part:
    digest = hashlib.sha256()
    size = write_durably(path, content, digest)
    return Part(os.path.basename(path), size, digest.hexdigest())


def _no_shard(live: Any, number: int) -> None:
    """A file of one writer holds no shards."""
