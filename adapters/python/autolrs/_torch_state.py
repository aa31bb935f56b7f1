"""Copies of a model, its optimizer and what else the script hands over, and the way back."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._torch_sharded import local_of

Memo = dict[tuple[Any, ...], Tensor]


def clone_of(tensor: Tensor) -> Tensor:
    """A copy without gradients, where the tensor lies."""
    return tensor.detach().clone()


def copy_of(
    value: Any, clone: Callable[[Tensor], Tensor] = clone_of, memo: Memo | None = None
) -> Any:
    """A deep copy without gradients, in which tied weights stay one tensor.

    Args:
        value: What is copied.
        clone: Copies a tensor.
        memo: What has been copied.
    """
    memo = {} if memo is None else memo
    if isinstance(value, Tensor):
        return _copy_of_tensor(value, clone, memo)
    if type(value) in (list, tuple):
        return type(value)(copy_of(item, clone, memo) for item in value)
    if isinstance(value, dict):
        # Plain, whatever it was: see `restore_model` for the metadata of an OrderedDict.
        return {key: copy_of(item, clone, memo) for key, item in value.items()}
    return copy.deepcopy(value)


def bytes_of(value: Any) -> int:
    """Bytes of all tensors in a state, each counted once; of a sharded one, this rank's part."""
    sizes: dict[int, int] = {}
    _collect_sizes(value, sizes)
    return sum(sizes.values())


def restore_model(model: nn.Module, state: dict[str, Any]) -> None:
    """Copies the values into the model's own tensors."""
    # What is no tensor (`get_extra_state`) the model would keep: it gets a copy.
    values = OrderedDict((k, v if isinstance(v, Tensor) else copy_of(v)) for k, v in state.items())
    # Versions of the layers' formats. Without them some layers take the state for one of old.
    values._metadata = model.state_dict()._metadata  # type: ignore[attr-defined]
    model.load_state_dict(values)


def restore_optimizer(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Copies the values into the optimizer's own tensors where they match, else replaces them."""
    if _is_plain(optimizer) and _matches(optimizer.state_dict()["state"], state["state"]):
        # `state_dict` packs references: what is written into them is written into the optimizer.
        _copy_into(optimizer.state_dict()["state"], state["state"])
        for group, saved in zip(optimizer.param_groups, state["param_groups"]):
            _copy_into(group, {k: v for k, v in saved.items() if k != "params"})
        return
    lrs = [group["lr"] for group in optimizer.param_groups]
    # It keeps the tensors it is given, and training would change what is saved.
    optimizer.load_state_dict(copy_of(state))
    for group, lr in zip(optimizer.param_groups, lrs):
        if isinstance(lr, Tensor):  # a compiled or captured step looks at this very tensor
            group["lr"] = lr.copy_(torch.as_tensor(group["lr"]))


def _copy_of_tensor(value: Tensor, clone: Callable[[Tensor], Tensor], memo: Memo) -> Tensor:
    local = local_of(value)
    if value.layout is not torch.strided or local.numel() == 0:
        return clone_of(value)
    key = (local.data_ptr(), value.dtype, value.device, tuple(value.shape), value.stride())
    if key not in memo:
        memo[key] = clone(value)
    return memo[key]


def _is_plain(optimizer: Optimizer) -> bool:
    kind = type(optimizer)
    return (
        kind.state_dict is Optimizer.state_dict
        and kind.load_state_dict is Optimizer.load_state_dict
    )


def _matches(live: Any, saved: Any) -> bool:
    if isinstance(live, Tensor) or isinstance(saved, Tensor):
        return (
            isinstance(live, Tensor)
            and isinstance(saved, Tensor)
            and live.shape == saved.shape
            and live.dtype == saved.dtype
            and live.layout == saved.layout
        )
    if isinstance(live, dict) and isinstance(saved, dict):
        return live.keys() == saved.keys() and all(_matches(live[k], saved[k]) for k in saved)
    return not isinstance(live, dict) and not isinstance(saved, dict)


@torch.no_grad()
def _copy_into(live: dict[Any, Any], saved: dict[Any, Any]) -> None:
    for key, value in saved.items():
        present = live.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            _copy_into(present, value)
        elif isinstance(value, Tensor) and isinstance(present, Tensor):
            present.copy_(value)
        else:
            live[key] = copy_of(value)


def _collect_sizes(value: Any, sizes: dict[int, int]) -> None:
    if isinstance(value, Tensor):
        sizes[id(value)] = local_of(value).numel() * value.element_size()
    elif isinstance(value, dict):
        for item in value.values():
            _collect_sizes(item, sizes)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect_sizes(item, sizes)
