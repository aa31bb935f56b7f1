"""Tensors of which each rank holds a shard (FSDP2's DTensor): made whole for a file, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._state.requires import numbers_of

LEAST_TORCH = "2.7"
"""The first with `src_data_rank` of `distribute_tensor`."""


def is_sharded(value: Any) -> bool:
    """True for a tensor of which this rank holds a part."""
    # Who has one has imported that, which takes its time. PyTorch before 2.5 has it in the second.
    for name in ("torch.distributed.tensor", "torch.distributed._tensor"):
        kind = getattr(sys.modules.get(name), "DTensor", None)
        if kind is not None:
            return isinstance(value, kind)
    return False


def refuse_old_torch(parameters: Iterable[Tensor]) -> None:
    """Finds out while there is time that `sharded_as` would not work.

    Raises:
        ImportError: A parameter is sharded, and this PyTorch cannot shard what a file holds.
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


def whole_of(value: Any, is_kept: bool) -> Any:
    """The same state with each sharded tensor whole and on the CPU. All ranks have to call it.

    Args:
        value: Tensors, in lists and dicts.
        is_kept: False on ranks that only contribute: they get None in its place.
    """
    if is_sharded(value):
        whole = value.detach().full_tensor()  # one at a time: a device need not hold them all
        return whole.cpu() if is_kept else None
    if isinstance(value, dict):
        return {key: whole_of(item, is_kept) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(whole_of(item, is_kept) for item in value)
    return value


def on_cpu(value: Any) -> Any:
    """The same state with each tensor on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, dict):
        return {key: on_cpu(item) for key, item in value.items()}
    return type(value)(map(on_cpu, value)) if type(value) in (list, tuple) else value


def sharded_as(live: Any, whole: Any) -> Any:
    """The same state with each tensor that is sharded in `live` sharded as it is there."""
    if is_sharded(live) and isinstance(whole, Tensor):
        return _sharded_like(live, whole)
    if isinstance(live, dict) and isinstance(whole, dict):
        return {key: sharded_as(live.get(key), item) for key, item in whole.items()}
    if isinstance(live, (list, tuple)) and isinstance(whole, (list, tuple)):
        return type(whole)(map(sharded_as, live, whole)) if len(live) == len(whole) else whole
    return whole


def sharded_as_parameters(optimizer: Optimizer, whole: dict[str, Any]) -> dict[str, Any]:
    """An optimizer's state with what has the shape of a sharded parameter sharded as that is."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    indices = [each for group in whole["param_groups"] for each in group["params"]]
    owners = dict(zip(indices, parameters))
    state = {
        index: {name: _as_parameter(owners[index], item) for name, item in items.items()}
        for index, items in whole["state"].items()
    }
    return {**whole, "state": state}


def refuse_other_shapes(optimizers: Sequence[Optimizer]) -> None:
    """Finds out while there is time what `sharded_as_parameters` could not shard again.

    Raises:
        TypeError: An optimizer shards what has not its parameter's shape.
    """
    for optimizer in optimizers:
        for parameter, items in optimizer.state.items():
            for name, item in items.items():
                if is_sharded(item) and item.shape != parameter.shape:
                    raise TypeError(
                        f"{type(optimizer).__name__} keeps a sharded {name!r} of another shape "
                        "than its parameter's, which autolrs cannot write to a checkpoint"
                    )


def _as_parameter(parameter: nn.Parameter, item: Any) -> Any:
    fits = isinstance(item, Tensor) and item.shape == parameter.shape
    return _sharded_like(parameter, item) if fits and is_sharded(parameter) else item


def _sharded_like(live: Any, whole: Tensor) -> Tensor:
    from torch.distributed.tensor import distribute_tensor

    # Every rank has read the whole tensor, so that none has to send: `src_data_rank` is None.
    sharded: Tensor = distribute_tensor(
        whole.to(live.device), live.device_mesh, live.placements, src_data_rank=None
    )
    return sharded
