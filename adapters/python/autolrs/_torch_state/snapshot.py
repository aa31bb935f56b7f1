"""Where a snapshot lies: on the device while it fits there, else in pinned host memory.

A copy on the device is the faster one; one on the host can never be the memory that a step lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autolrs._torch_ranks.sharded import is_sharded, local_of
from autolrs._torch_state.host_shard import HostShard
from autolrs._torch_state.state import clone_of, copy_of

SHARE = 0.5
"""A snapshot takes at most this share of the spare memory. The rest is for longer inputs, larger
validation batches, and the gaps between blocks."""


def fits_on_device(size: int, free: int, held: int, peak: int) -> bool:
    """True if a snapshot may lie on the device.

    Spare is what is free, less what the script held at its peak and has given back since.
    What PyTorch holds and does not use now is not spare: a step needs it again.

    Args:
        size: Bytes of the snapshot.
        free: Bytes that no process holds.
        held: Bytes that PyTorch holds in this process, in use or not.
        peak: The most that it ever held.
    """
    return size <= SHARE * (free - max(0, peak - held))


def snapshot_of(state: Any, has_trained: bool) -> Any:
    """A deep copy that training does not touch. It waits for a device once, if to the host.

    Args:
        state: Tensors on any devices, and other values.
        has_trained: An update has been made on the device. Before the first, it is not known how
            much memory one takes, and a snapshot goes to the host.
    """
    sizes = _cuda_bytes(state)
    away = {
        device
        for device, size in sizes.items()
        if not (has_trained and fits_on_device(size, *_memory_of(device)))
    }
    try:
        return _copied(state, away)
    except torch.cuda.OutOfMemoryError:
        # Other processes may have taken it, or it is in pieces. What was copied is given back by
        # the end of this clause.
        pass
    torch.cuda.empty_cache()
    return _copied(state, set(sizes))


def _copied(state: Any, away: set[torch.device]) -> Any:
    """A deep copy, on the host of what lies on the devices `away`."""

    def clone(tensor: Tensor) -> Any:
        if tensor.device not in away:
            return clone_of(tensor)
        if not is_sharded(tensor):
            return _to_host(tensor)
        return HostShard(tensor, _to_host(local_of(tensor)))

    copied = copy_of(state, clone)
    for device in away:
        torch.cuda.synchronize(device)
    return copied


def _memory_of(device: torch.device) -> tuple[int, int, int]:
    free, _ = torch.cuda.mem_get_info(device)
    return free, torch.cuda.memory_reserved(device), torch.cuda.max_memory_reserved(device)


def _to_host(tensor: Tensor) -> Tensor:
    # As dense as it is: a channels-last weight comes back as one.
    try:
        host = torch.empty_like(tensor, device="cpu", pin_memory=True)
    except RuntimeError:  # a system may limit how much memory is pinned
        return tensor.detach().to("cpu", copy=True)
    return host.copy_(tensor.detach(), non_blocking=True)


def _cuda_bytes(state: Any) -> dict[torch.device, int]:
    """Bytes on each CUDA device. Tied weights count once each: it errs to the safe side."""
    sizes: dict[torch.device, int] = {}
    for tensor in _tensors_in(state):
        if tensor.is_cuda:
            size = local_of(tensor).numel() * tensor.element_size()
            sizes[tensor.device] = sizes.get(tensor.device, 0) + size
    return sizes


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors_in(item)
