"""Weights that do not train, of which a file holds digests: the script loads them by itself.

Of a large model with small adapters they are nearly all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import torch
from torch import Tensor, nn

from autolrs._torch_ranks.sharded import is_sharded
from autolrs._torch_state.digest import digest_of
from autolrs.errors import ChangedError

LEAST_BYTES = 64 * 1024 * 1024
"""Less than that is written: it costs next to nothing."""

SAMPLES = 4096
"""So many numbers of a weight are compared where a digest would take too long."""


class FrozenInFile:
    """Knows which weights a file can do without. Made where the script attaches.

    Those that have `requires_grad` off, are in no optimizer, and have not changed since.

    Args:
        model: What is trained.
        groups: Gives the parameter groups of all its optimizers.
    """

    def __init__(self, model: nn.Module, groups: Callable[[], Sequence[dict[str, Any]]]) -> None:
        self._model = model
        self._groups = groups
        frozen = self._frozen()
        self._is_worth_it = sum(each.nbytes for each in frozen.values()) >= LEAST_BYTES
        self._at_first = {k: _sample_of(v) for k, v in frozen.items()} if self._is_worth_it else {}
        self._digests: dict[str, str] | None = None

    def split(self, state: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The model's state without what does not train, and the digests of that, by name."""
        if not self._is_worth_it:
            return state, {}
        frozen = self._frozen()
        if self._digests is None:
            # A script may have changed them since it attached: a new process would not know.
            kept = {k: v for k, v in frozen.items() if self._at_first.get(k) == _sample_of(v)}
            self._digests = {name: digest_of(each) for name, each in kept.items()}
            left_out = self._digests
        else:
            left_out = {
                name: digest
                for name, digest in self._digests.items()
                if name in frozen and digest_of(frozen[name]) == digest
            }
        return {name: each for name, each in state.items() if name not in left_out}, left_out

    def join(self, state: dict[str, Any], left_out: dict[str, str]) -> dict[str, Any]:
        """The state of a file with what it has left out, as the script has it.

        Raises:
            ChangedError: The script has other weights than those that the file counts on.
        """
        parameters = dict(self._model.named_parameters(remove_duplicate=False))
        for name, digest in left_out.items():
            if name not in parameters or digest_of(parameters[name]) != digest:
                raise ChangedError(
                    f"let the script load the weights that it began with: {name!r} of the model "
                    "does not train, so that the checkpoint does not hold it, and it is "
                    f"{'not there' if name not in parameters else 'another one'} now"
                )
        if left_out:
            self._digests = dict(left_out)  # just found right: later files leave out the same
        return {**state, **{name: parameters[name].detach() for name in left_out}}

    def _frozen(self) -> dict[str, Tensor]:
        trained = {id(each) for group in self._groups() for each in group["params"]}
        return {
            name: each
            for owner, module in self._model.named_modules()
            # What writes its state by itself, as a quantized layer, takes back the same alone.
            if type(module)._save_to_state_dict is nn.Module._save_to_state_dict
            for name, each in module.named_parameters(owner, recurse=False)
            if not each.requires_grad and id(each) not in trained and not is_sharded(each)
        }


@torch.no_grad()
def _sample_of(weight: Tensor) -> tuple[float, ...]:
    """Some of it. A count of its changes would tell of restores too, which change nothing."""
    flat = weight.detach().reshape(-1) if weight.is_contiguous() else weight.detach().flatten()
    return tuple(flat[:: max(1, len(flat) // SAMPLES)].double().nan_to_num().tolist())
