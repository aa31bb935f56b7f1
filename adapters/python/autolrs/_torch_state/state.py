"""Copies of a model, its optimizer and what else the script hands over, and the way back."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._torch_ranks.sharded import local_of
from autolrs._torch_state.host_shard import HostShard
from autolrs.errors import ChangedError

Memo = dict[tuple[Any, ...], Any]


def clone_of(tensor: Tensor) -> Tensor:
    """A copy without gradients, where the tensor lies."""
    return tensor.detach().clone()


def copy_of(
    value: Any, clone: Callable[[Tensor], Any] = clone_of, memo: Memo | None = None
) -> Any:
    """A deep copy without gradients, in which tied weights stay one tensor.

    Args:
        value: What is copied.
        clone: Copies a tensor, or gives what stands for a copy.
        memo: What has been copied.
    """
    memo = {} if memo is None else memo
    if isinstance(value, Tensor):
        return _copy_of_tensor(value, clone, memo)
    if type(value) in (list, tuple):
        return type(value)(copy_of(item, clone, memo) for item in value)
    if isinstance(value, dict):
        items = {key: copy_of(item, clone, memo) for key, item in value.items()}
        return items if type(value) in (dict, OrderedDict) else _as_kind_of(value, items)
    return copy.deepcopy(value)


def in_kinds_of(live: Any, saved: Any) -> Any:
    """The saved dicts in the kinds that are there: a file holds plain ones."""
    if not isinstance(live, dict) or not isinstance(saved, dict):
        return saved
    items = {key: in_kinds_of(live.get(key), item) for key, item in saved.items()}
    if type(saved) is not dict or type(live) is dict:
        return items if type(saved) is dict else saved
    try:
        own = copy.copy(live)
        own.clear()
    except Exception:  # as below
        return items
    return _as_kind_of(own, items)


def _as_kind_of(value: Any, items: dict[Any, Any]) -> Any:
    """The items in a dict of the same kind: what takes them back may count on a default, say."""
    try:
        own = copy.copy(value)
        own.update(items)
    except Exception:  # a kind may refuse to be copied or changed in any way it likes
        return items
    return own if isinstance(own, dict) and own.keys() == items.keys() else items


def bytes_of(value: Any) -> int:
    """Bytes of all tensors in a state, each counted once; of a sharded one, this rank's part."""
    sizes: dict[int, int] = {}
    _collect_sizes(value, sizes)
    return sum(sizes.values())


BUFFER = "buffer:"
"""Before the name of a buffer that the model's own `state_dict` leaves out."""


def model_state(model: nn.Module) -> dict[str, Any]:
    """The model's `state_dict`, and the buffers that it leaves out, which may change too."""
    state = dict(model.state_dict())
    held = {id(value) for value in _kept(model).values()}
    left_out = {
        BUFFER + name: value.detach()
        for name, value in model.named_buffers()
        if id(value) not in held
    }
    return {**state, **left_out}


def _kept(model: nn.Module) -> dict[str, Any]:
    try:
        return dict(model.state_dict(keep_vars=True))
    except TypeError:  # a model's own takes no such argument
        return {}


def restore_model(model: nn.Module, state: dict[str, Any]) -> None:
    """Copies the values into the model's own tensors.

    Raises:
        ChangedError: They are not those that were saved.
    """
    live = model.state_dict()
    refuse_other_tensors(live, state)
    # What is no tensor (`get_extra_state`) the model would keep: it gets a copy.
    values = OrderedDict(
        (k, v if isinstance(v, Tensor) else copy_of(v))
        for k, v in state.items()
        if not k.startswith(BUFFER)
    )
    # Versions of the layers' formats. Without them some layers take the state for one of old.
    values._metadata = live._metadata  # type: ignore[attr-defined]
    model.load_state_dict(values)
    restore_buffers(model, state)


@torch.no_grad()
def restore_buffers(model: nn.Module, state: dict[str, Any]) -> None:
    """Copies the values of the buffers that `state` has by themselves."""
    for name, value in model.named_buffers():
        saved = state.get(BUFFER + name)
        if saved is None:
            continue
        if saved.shape == value.shape and saved.dtype == value.dtype:
            value.copy_(saved)
        else:  # a cache that grows as it is needed
            owner, _, own_name = name.rpartition(".")
            setattr(model.get_submodule(owner), own_name, clone_of(saved).to(value.device))


def refuse_other_tensors(live: dict[str, Any], saved: dict[str, Any]) -> None:
    """Says what to do where a model has other tensors than those that were saved.

    Raises:
        ChangedError: It has.
    """
    names = {name for name in saved if not name.startswith(BUFFER)}
    for name in sorted(live.keys() ^ names):
        where = "there now and not in the checkpoint" if name in live else "in the checkpoint only"
        raise ChangedError(
            f"make all layers before the loop begins: {name!r} of the model is {where}"
        )
    for name, value in live.items():
        was = saved[name]
        if not isinstance(value, Tensor) or not isinstance(was, Tensor):
            continue
        if value.dtype != was.dtype or value.shape != was.shape:
            raise ChangedError(
                f"change types and shapes before the loop begins: {name!r} of the model was "
                f"{_kind(was)} in the checkpoint and is {_kind(value)} now"
            )


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).replace('torch.', '')} of shape {list(tensor.shape)}"


def restore_optimizers(optimizers: Sequence[Optimizer], states: Sequence[dict[str, Any]]) -> None:
    """Copies the values into the optimizers' own tensors where they match, else replaces them.

    Parameter groups and the dicts of states stay the objects that they are: an optimizer may share
    them with one inside it.

    Args:
        optimizers: Outer ones before those inside.
        states: What the `state_dict` of each was.

    Raises:
        ChangedError: One has other parameter groups than those that were saved.
    """
    places = [_OptimizerStore(each) for each in optimizers]
    for place, state in zip(places, states):
        _restore_optimizer(place, state)
        for each in places:
            each.put_back()


class _OptimizerStore:
    """Where an optimizer keeps what it has."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self._list = optimizer.param_groups
        self.groups = [*optimizer.param_groups]
        self.lrs = [group.get("lr") for group in self.groups]
        self._state = optimizer.state

    def take_in(self) -> None:
        """What was loaded elsewhere comes here."""
        loaded = self.optimizer
        for group, lr, other in zip(self.groups, self.lrs, loaded.param_groups):
            if other is not group:
                group.update({key: value for key, value in other.items() if key != "params"})
            if isinstance(lr, Tensor):  # a compiled or captured step reads this very tensor
                group["lr"] = lr.copy_(torch.as_tensor(group["lr"]))
        if loaded.state is not self._state:
            state = dict(loaded.state)
            self._state.clear()
            self._state.update(state)

    def put_back(self) -> None:
        """The optimizer keeps it here again."""
        self._list[:] = self.groups
        if self.optimizer.param_groups is not self._list:
            self.optimizer.param_groups = self._list
        if self.optimizer.state is not self._state:
            self.optimizer.state = self._state


def _restore_optimizer(place: _OptimizerStore, state: dict[str, Any]) -> None:
    optimizer = place.optimizer
    _refuse_other_groups(optimizer, state)
    if _is_plain(optimizer) and _matches(optimizer.state_dict()["state"], state["state"]):
        # `state_dict` packs references: what is written into them is written into the optimizer.
        _copy_into(optimizer.state_dict()["state"], state["state"])
        for group, saved in zip(optimizer.param_groups, state["param_groups"]):
            _copy_into(group, {k: v for k, v in saved.items() if k != "params"})
        return
    # It keeps the tensors it is given, and training would change what is saved.
    own = copy_of(state)
    optimizer.load_state_dict(own)
    place.take_in()
    place.put_back()
    if "state" in state:
        _keep_types(optimizer.state_dict().get("state"), copy_of(state["state"]))


@torch.no_grad()
def restore_loose(live: Sequence[Tensor], saved: Sequence[Tensor]) -> None:
    """Copies the values of parameters that are in no model.

    Raises:
        ChangedError: They are not those that were saved.
    """
    if [each.shape for each in live] != [each.shape for each in saved]:
        raise ChangedError(
            f"the checkpoint holds {len(saved)} parameters that are in no model, and the "
            f"optimizers have {len(live)} of them now, or of other shapes; make all before the "
            "loop begins"
        )
    for mine, other in zip(live, saved):
        mine.copy_(other)


def _refuse_other_groups(optimizer: Optimizer, state: dict[str, Any]) -> None:
    if "param_groups" not in state:
        return
    saved = [len(group["params"]) for group in state["param_groups"]]
    now = [len(group["params"]) for group in optimizer.param_groups]
    if saved != now:
        raise ChangedError(
            f"the checkpoint holds parameter groups of {saved} parameters, and the "
            f"{type(optimizer).__name__} has {now}; make all groups before the loop begins"
        )


def _keep_types(live: Any, saved: Any) -> None:
    """Gives back the types that were saved: `load_state_dict` casts to the parameter's."""
    if not isinstance(live, dict) or not isinstance(saved, dict):
        return
    for key, value in saved.items():
        present = live.get(key)
        if isinstance(value, dict):
            _keep_types(present, value)
        elif isinstance(value, Tensor) and isinstance(present, Tensor):
            is_cast = present.dtype != value.dtype and present.shape == value.shape
            if is_cast:
                live[key] = value.to(present.device)


def _copy_of_tensor(value: Tensor, clone: Callable[[Tensor], Any], memo: Memo) -> Any:
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
    elif isinstance(value, HostShard):
        _collect_sizes(value.local, sizes)
    elif isinstance(value, dict):
        for item in value.values():
            _collect_sizes(item, sizes)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect_sizes(item, sizes)
