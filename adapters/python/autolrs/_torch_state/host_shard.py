"""This rank's part of a sharded tensor (FSDP2's DTensor) in host memory, and the way back.

A sharded tensor lies where its mesh is. So what a snapshot moves to the host is no tensor.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autolrs._torch_ranks.sharded import is_sharded, local_of


class HostShard:
    """A copy of a part, and what makes a sharded tensor of it again.

    Args:
        tensor: The sharded one.
        local: The copy of this rank's part.
    """

    def __init__(self, tensor: Any, local: Tensor) -> None:
        self.local = local
        self._mesh, self._placements = tensor.device_mesh, tensor.placements
        self._shape, self._stride = tensor.shape, tensor.stride()

    @torch.no_grad()
    def back_into(self, live: Any) -> Any:
        """The sharded tensor with the values of this part: `live` itself if it is alike."""
        if is_sharded(live):
            part = local_of(live)
            if part.shape == self.local.shape and part.dtype == self.local.dtype:
                part.copy_(self.local)
                return live
        from torch.distributed.tensor import DTensor

        return DTensor.from_local(
            self.local.to(self._mesh.device_type, copy=True),
            self._mesh,
            self._placements,
            run_check=False,
            shape=self._shape,
            stride=self._stride,
        )


def brought_back(saved: Any, live: Any) -> Any:
    """The saved state with a sharded tensor for each part that lies on the host.

    Args:
        saved: The state of a snapshot.
        live: The present state, into whose tensors the values are copied where they fit.
    """
    if isinstance(saved, HostShard):
        return saved.back_into(live)
    if not _has_host_shards(saved):
        return saved
    if isinstance(saved, dict):
        known = live if isinstance(live, dict) else {}
        return {key: brought_back(item, known.get(key)) for key, item in saved.items()}
    known_items = live if isinstance(live, (list, tuple)) and len(live) == len(saved) else saved
    return type(saved)(map(brought_back, saved, known_items))


def _has_host_shards(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_host_shards, value.values()))
    if type(value) in (list, tuple):
        return any(map(_has_host_shards, value))
    return isinstance(value, HostShard)
