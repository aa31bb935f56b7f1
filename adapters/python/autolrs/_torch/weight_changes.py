"""Whether the updates move the model's weights at all, and whether the LR has a part in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autolrs._torch_ranks.sharded import is_sharded, local_of
from autolrs.errors import StillError

MANY_UPDATES = 16
"""So many updates that change no weight are no chance: a batch may have no gradient."""

STRONG = 0.1
"""Of the script's own LR: what a far lower one adds to a weight may be lost in rounding."""

TINY = 1e-30

Look = tuple[int, ...]
"""What was seen of the weights: a sum for each."""

_WHOLE = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def refuse_idle(model: nn.Module, extras: Sequence[Any], groups: Sequence[dict[str, Any]]) -> None:
    """Says what to do where the optimizers train nothing of the model.

    Raises:
        StillError: They have none of its parameters, or none that trains.
    """
    trained = [each for group in groups for each in group["params"]]
    mine = _parts_of(model, extras, trained)
    if any(each.requires_grad for each in mine):
        return
    if mine:
        raise StillError(
            "let some of the parameters train, by requires_grad_(True) before the loop begins: "
            f"the optimizer has {len(mine)} of the {type(model).__name__}'s, all of them frozen, "
            "so that no learning rate changes it"
        )
    if not any(each.dtype in (torch.float16, torch.bfloat16) for each in model.parameters()):
        # Of weights in half precision an optimizer may have copies of its own.
        raise StillError(
            "hand over what the optimizer trains, attach(model, optimizer): none of its "
            f"{len(trained)} parameters is one of the {type(model).__name__} that attach was "
            "given. Make the optimizer of the same model; for parameters of no module give "
            "torch.nn.ParameterList([...]) as the model"
        )


class WeightChanges:
    """Looks at the model before and after each training, until it is seen to follow the LR.

    Args:
        model: What is trained.
        extras: Modules whose state is kept too.
        groups: All parameter groups, at LRs of the script's own.
        is_factor: The tuner's LRs are factors on those of the script.
    """

    def __init__(
        self,
        model: nn.Module,
        extras: Sequence[Any],
        groups: Sequence[dict[str, Any]],
        is_factor: bool,
    ) -> None:
        self._groups = groups
        self._is_factor = is_factor
        self._own_lrs = [_number(group.get("initial_lr", group["lr"])) for group in groups]
        trained = [each for group in groups for each in group["params"]]
        mine = [each for each in _parts_of(model, extras, trained) if each.requires_grad]
        self._weights = mine or [*model.parameters()]
        # Of what is in shards each rank would see another part.
        self._is_settled = any(map(is_sharded, self._weights)) or not self._weights
        self._updates = 0  # that changed nothing
        self._looks_at_all = False
        self._before: Look | None = None
        self._led_to: dict[tuple[Look, int], tuple[Sequence[float], Look]] = {}

    def begin(self) -> None:
        """Training begins."""
        if not self._is_settled:
            self._before = self._look()

    def end(self, done: Sequence[tuple[float, float]], is_by_hand: bool) -> None:
        """Training ends.

        Args:
            done: LR and loss of each update.
            is_by_hand: The optimizer has not been seen to make an update.

        Raises:
            StillError: The weights do not follow the LR.
        """
        before, after = self._before, None if self._is_settled else self._look()
        if before is None or after is None:
            self._is_settled = True
            return
        least = STRONG / self._scale()
        # A loss of 0 has no gradient, and one that is not finite none of use.
        strong = [lr for lr, loss in done if lr >= least and loss != 0 and math.isfinite(loss)]
        if after == before:
            self._updates += len(strong)
            if self._updates >= MANY_UPDATES:
                raise StillError(_still(self._updates, len(self._weights)))
        elif not is_by_hand:
            self._is_settled = True
        elif self._looks_at_all and len(strong) == len(done):
            self._compare(before, strong, after)
        self._looks_at_all = True

    def _compare(self, before: Look, lrs: Sequence[float], after: Look) -> None:
        """From the same weights, other LRs have to lead to others."""
        others, led_to = self._led_to.setdefault((before, len(lrs)), (lrs, after))
        if others == lrs:
            return
        if led_to != after:
            self._is_settled = True
            return
        raise StillError(
            'update the weights by the LR that the tuner sets, optimizer.param_groups[0]["lr"]: '
            f"{len(lrs)} updates at {others[-1]:.3g} and at {lrs[-1]:.3g} led to the same "
            "weights, and optimizer.step() was not seen to make any"
        )

    def _scale(self) -> float:
        """What an LR of 1 is, as a part of the script's own."""
        if not self._is_factor:
            return 1 / (self._own_lrs[0] or TINY)
        now = [_number(group["lr"]) for group in self._groups]
        return max((lr / own for lr, own in zip(now, self._own_lrs) if own > 0), default=0) or TINY

    @torch.no_grad()
    def _look(self) -> Look | None:
        try:
            sums = [_bits(each, self._looks_at_all) for each in self._weights]
            if len({each.device for each in sums}) > 1:
                sums = [each.cpu() for each in sums]
            return tuple(torch.stack(sums).tolist())
        except (RuntimeError, NotImplementedError, TypeError, KeyError):
            return None  # tensors of another kind


def _still(updates: int, weights: int) -> str:
    return (
        "let the updates change the model that attach was given: not one of the "
        f"{weights} parameters that the optimizer has of it has changed in {updates} updates at "
        "learning rates as high as its own. Call backward() before optimizer.step(), "
        "zero_grad() after it, and train this model and no copy of it"
    )


def _bits(weight: Tensor, is_whole: bool) -> Tensor:
    """A sum over its bits, which changes with any of them; of the first numbers or of all."""
    flat = local_of(weight).detach().reshape(-1)
    part = flat if is_whole else flat[:512]
    if part.is_complex():
        part = torch.view_as_real(part).reshape(-1)
    return part.contiguous().view(_WHOLE[part.element_size()]).sum(dtype=torch.int64)


def _number(lr: Any) -> float:
    try:
        return abs(float(lr))
    except (TypeError, ValueError, RuntimeError):
        return 0.0


def _parts_of(
    model: nn.Module, extras: Sequence[Any], parameters: Sequence[Tensor]
) -> list[Tensor]:
    """Those of the parameters that are the model's, or share their memory with one of it."""
    modules = [model, *(each for each in extras if isinstance(each, nn.Module))]
    inside = [each for module in modules for each in module.parameters()]
    ids = {id(each) for each in inside}
    found = [each for each in parameters if id(each) in ids]
    if found:
        return found
    places = {_place(each) for each in inside} - {0}
    return [each for each in parameters if _place(each) in places]


def _place(tensor: Tensor) -> int:
    try:
        return local_of(tensor).untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # it has no memory of its own
        return 0
