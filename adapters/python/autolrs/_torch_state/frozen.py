"""Weights that do not train, which a snapshot in memory leaves where they are.

Of a large model with small adapters they are nearly all. None of them goes through `state_dict`
either: that of a quantized layer takes back other things than it gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import torch
from torch import Tensor, nn

from autolrs._torch_ranks.sharded import local_of
from autolrs._torch_state.state import BUFFER, copy_of, refuse_other_tensors, restore_buffers

LEAST_BYTES = 64 * 1024 * 1024
"""Less than that is copied: it costs next to nothing, and nothing can go wrong with it."""

FEW = 8
"""So many numbers are looked at, at either end of a weight."""

EXTRA = "extra:"
"""Before the name of a module that has more to save than tensors."""

Seen = dict[str, tuple[int, tuple[float, ...]]]


class FrozenWeights:
    """Knows which weights need no copy, and notices where one changes after all.

    Those that have `requires_grad` off, are in no optimizer, and have another shape than each
    that trains: an average of a weight, which a script moves along by hand, has its shape.

    Args:
        model: What is trained.
        groups: Gives the parameter groups of all its optimizers.
        warn: Tells a person something.
    """

    def __init__(
        self,
        model: nn.Module,
        groups: Callable[[], Sequence[dict[str, Any]]],
        warn: Callable[[str], None],
    ) -> None:
        self._model = model
        self._groups = groups
        self._warn = warn
        self._moving: set[str] = set()
        """Those that have been seen to change."""

    def look(self) -> Seen | None:
        """The weights to leave out, and what they are now; None if it is not worth while."""
        parameters = dict(self._model.named_parameters())
        in_groups = {id(each) for group in self._groups() for each in group["params"]}
        trained = {
            name
            for name, each in parameters.items()
            if each.requires_grad or id(each) in in_groups
        }
        shapes = {parameters[name].shape for name in trained}
        left_out = {
            name: each
            for name, each in parameters.items()
            if name not in trained and name not in self._moving and each.shape not in shapes
        }
        size = sum(local_of(each).numel() * each.element_size() for each in left_out.values())
        if size < LEAST_BYTES or _has_own_state(self._model, left_out):
            return None
        return {name: (_version(each), _numbers(each)) for name, each in left_out.items()}

    def state(self, left_out: Seen) -> dict[str, Any]:
        """All of the model but these, by name and without a copy."""
        model = self._model
        parameters = {
            name: each.detach() for name, each in model.named_parameters() if name not in left_out
        }
        buffers = {BUFFER + name: each.detach() for name, each in model.named_buffers()}
        extra = {
            EXTRA + name: module.get_extra_state()
            for name, module in model.named_modules()
            if type(module).get_extra_state is not nn.Module.get_extra_state
        }
        return {**parameters, **buffers, **extra}

    @torch.no_grad()
    def restore(self, state: dict[str, Any], left_out: Seen) -> None:
        """Copies the values of `state` into the model's own tensors.

        Raises:
            ChangedError: They are not those that were saved.
        """
        live = {
            name: each for name, each in self._model.named_parameters() if name not in left_out
        }
        refuse_other_tensors(live, {k: v for k, v in state.items() if not k.startswith(EXTRA)})
        for name, each in live.items():
            each.copy_(state[name])
        restore_buffers(self._model, state)
        for name, value in state.items():
            if name.startswith(EXTRA):
                self._model.get_submodule(name[len(EXTRA) :]).set_extra_state(copy_of(value))
        self._compare(left_out)

    def _compare(self, left_out: Seen) -> None:
        """A weight that has changed since is told of, and is kept from here on."""
        parameters = dict(self._model.named_parameters())
        changed = [
            name
            for name, was in left_out.items()
            if name in parameters
            and (_version(parameters[name]), _numbers(parameters[name])) != was
        ]
        if changed:
            self._moving |= {*changed}
            self._warn(
                f"{changed[0]!r} of the model has changed, which does not train and is in no "
                "optimizer: this rollback does not take that back; later checkpoints hold it"
            )


def _has_own_state(model: nn.Module, left_out: Mapping[str, Tensor]) -> bool:
    """Whether a module that is to be kept has a `state_dict` of its own making."""
    ids = {id(each) for each in left_out.values()}
    for module in model.modules():
        kind = type(module)
        is_own = (
            kind.state_dict is not nn.Module.state_dict
            or kind._save_to_state_dict is not nn.Module._save_to_state_dict
        )
        own = [each for each in module._parameters.values() if each is not None]
        if is_own and any(id(each) not in ids for each in own):
            return True
    return False


def _version(weight: Tensor) -> int:
    try:
        return weight._version
    except RuntimeError:  # one that was made for inference counts none
        return 0


@torch.no_grad()
def _numbers(weight: Tensor) -> tuple[float, ...]:
    """Some of it, without a copy of the whole; none where it is of a kind that cannot be read."""
    try:
        local = local_of(weight)
        if local.numel() == 0:
            return ()
        ends = [local[(at,) * (local.dim() - 1)].reshape(-1) for at in (0, -1)]
        parts = torch.cat([ends[0][:FEW], ends[1][-FEW:]])
        return tuple(parts.float().nan_to_num().tolist())
    except (RuntimeError, NotImplementedError, TypeError, IndexError):
        return ()
