"""A state whose sharded tensors lie in the files of the ranks that hold them, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, Optional

from torch import Tensor
from torch.optim import Optimizer

from autolrs._torch_ranks.sharded import is_sharded, local_of
from autolrs.errors import ChangedError

MARK = "autolrs:shard"
"""Marks a dict that stands for a sharded tensor."""

LocalOf = Callable[[Any, int], Optional[Tensor]]
"""This rank's part of the tensor with that number, which is sharded as that one is; None where
the rank that should have written it has not."""


class ShardCutter:
    """Takes the sharded tensors out of a state. All ranks meet the same ones in the same order.

    Args:
        rank: The own rank.
    """

    def __init__(self, rank: int) -> None:
        self._rank = rank
        self.count = 0
        """Sharded tensors that were met."""
        self.own: dict[int, Tensor] = {}
        """Parts that this rank writes, by the number of their tensor."""

    def cut(self, value: Any) -> Any:
        """The same state, with a mark for each sharded tensor. Nothing is copied or sent."""
        if is_sharded(value):
            number, self.count = self.count, self.count + 1
            if owner_of(value, self._rank) == self._rank:
                self.own[number] = _alone(local_of(value))
            return {MARK: number, "shape": list(value.shape)}
        if isinstance(value, dict):
            return {key: self.cut(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(self.cut, value))
        return value


def owner_of(value: Any, rank: int) -> int:
    """The rank that writes this rank's part of a tensor: the first of those that hold the same."""
    coordinate = value.device_mesh.get_coordinate()
    if coordinate is None:
        return rank
    at = [0 if kind.is_replicate() else own for kind, own in zip(value.placements, coordinate)]
    return int(value.device_mesh.mesh[tuple(at)])


def joined_as(live: Any, saved: Any, local: LocalOf) -> Any:
    """The same state with each tensor that is sharded in `live` sharded as it is there.

    Raises:
        ChangedError: It is sharded in another way than when it was saved.
    """
    if _is_mark(saved):
        return _from_local(live, saved, local)
    if is_sharded(live) and isinstance(saved, Tensor):
        raise _other(f"a tensor of shape {list(saved.shape)} is whole there, and is sharded here")
    if isinstance(live, dict) and isinstance(saved, dict):
        return {key: joined_as(live.get(key), item, local) for key, item in saved.items()}
    if isinstance(saved, (list, tuple)) and isinstance(live, (list, tuple)):
        places = live if len(live) == len(saved) else [None] * len(saved)
        return type(saved)(joined_as(to, each, local) for to, each in zip(places, saved))
    return saved


def joined_as_parameters(optimizer: Optimizer, saved: dict[str, Any], local: LocalOf) -> Any:
    """An optimizer's state with each tensor that was sharded in it sharded as its parameter is."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    numbers = [each for group in saved["param_groups"] for each in group["params"]]
    owners: dict[Any, Tensor] = dict(zip(numbers, parameters))
    state = {
        number: {name: _as_parameter(owners[number], item, local) for name, item in items.items()}
        for number, items in saved["state"].items()
    }
    return {**saved, "state": state}


def refuse_whole(saved: dict[str, Any], parameters: Iterable[Tensor]) -> None:
    """Says that another kind of model wrote a state, whose names may not tell.

    Raises:
        ChangedError: Nothing was sharded when it was saved, and the model is now.
    """
    if any(map(is_sharded, parameters)) and not any(map(_is_mark, saved.values())):
        raise _other("no tensor of it is sharded there, and some are here")


def refuse_other_shapes(optimizers: Sequence[Optimizer]) -> None:
    """Finds out while there is time what `joined_as_parameters` could not shard again.

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


def _as_parameter(parameter: Tensor, item: Any, local: LocalOf) -> Any:
    return _from_local(parameter, item, local) if _is_mark(item) else item


def _is_mark(value: Any) -> bool:
    return isinstance(value, dict) and MARK in value


def _from_local(live: Any, mark: dict[str, Any], local: LocalOf) -> Any:
    if not is_sharded(live) or list(live.shape) != mark["shape"]:
        now = f"has shape {list(live.shape)}" if is_sharded(live) else "is not sharded"
        raise _other(f"a tensor of shape {mark['shape']} is sharded there, and {now} here")
    from torch.distributed.tensor import DTensor

    own = local(live, mark[MARK])
    if own is None or own.shape != local_of(live).shape:
        there = "is not there" if own is None else f"has shape {list(own.shape)} there"
        raise _other(
            f"this rank's part of a tensor of shape {mark['shape']} {there}, and has shape "
            f"{list(local_of(live).shape)} here"
        )
    return DTensor.from_local(
        own.to(live.device),
        live.device_mesh,
        live.placements,
        run_check=False,
        shape=live.shape,
        stride=live.stride(),
    )


def _other(difference: str) -> ChangedError:
    return ChangedError(f"shard the model as it was when the checkpoint was written: {difference}")


def _alone(local: Tensor) -> Tensor:
    """A file holds all of the memory that a tensor is a view of; padding is not to be there."""
    needed = local.numel() * local.element_size()
    return local if local.untyped_storage().nbytes() == needed else local.clone()
