"""Tensors of which each rank holds a shard (FSDP2's DTensor)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from autolrs._state.requires import numbers_of

LEAST_TORCH = "2.7"
"""Sharded models were never tried with an older one."""


def is_sharded(value: Any) -> bool:
    """True for a tensor of which this rank holds a part."""
    # Who has one has imported that, which takes its time. PyTorch before 2.5 has it in the second.
    for name in ("torch.distributed.tensor", "torch.distributed._tensor"):
        kind = getattr(sys.modules.get(name), "DTensor", None)
        if kind is not None:
            return isinstance(value, kind)
    return False


def refuse_old_torch(parameters: Iterable[Tensor]) -> None:
    """Finds out while there is time that this PyTorch is too old.

    Raises:
        ImportError: A parameter is sharded, and this PyTorch is older than that.
    """
    version = str(torch.__version__)
    if numbers_of(version) < numbers_of(LEAST_TORCH) and any(map(is_sharded, parameters)):
        raise ImportError(
            f"the model is sharded, for which autolrs.torch needs PyTorch {LEAST_TORCH} or newer, "
            f"and this Python has {version}; update it with `pip install --upgrade torch`"
        )


def local_of(value: Any) -> Tensor:
    """This rank's part of a tensor, without gradient; the tensor itself if it is whole."""
    local: Tensor = value.detach().to_local() if is_sharded(value) else value.detach()
    return local


def on_cpu(value: Any) -> Any:
    """The same state with each tensor on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, dict):
        return {key: on_cpu(item) for key, item in value.items()}
    return type(value)(map(on_cpu, value)) if type(value) in (list, tuple) else value
