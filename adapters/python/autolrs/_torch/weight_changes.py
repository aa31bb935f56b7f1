"""Whether the updates move the weights at all, and whether the LR has a part in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._torch.wrapped_optimizers import hook
from autolrs._torch_ranks.sharded import is_sharded, local_of
from autolrs.errors import StillError

MANY_UPDATES = 16
"""So many updates that change no weight are no chance: a batch may have no gradient."""

STRONG = 0.1
"""Of the script's own LR: what a far lower one adds to a weight may be lost in rounding."""

FEW = 512
"""Numbers of each weight that are looked at first: enough to see most models move."""

CHUNK = 1 << 20
"""Numbers that are summed at once: it bounds the memory that a comparison needs."""

TINY = 1e-30

Look = tuple[int, ...]
"""What was seen of the weights: a sum for each."""

_WHOLE = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class WeightChanges:
    """Compares the weights before and after each training, until they are seen to follow the LR.

    Args:
        model: What is trained.
        extras: Modules whose state is kept too.
        groups: All parameter groups, at LRs of the script's own.
        leaves: The optimizers that make the updates.
        is_factor: The tuner's LRs are factors on those of the script.
        warn: Tells a person something.
    """

    def __init__(
        self,
        model: nn.Module,
        extras: Sequence[Any],
        groups: Sequence[dict[str, Any]],
        leaves: Sequence[Optimizer],
        is_factor: bool,
        warn: Callable[[str], None],
    ) -> None:
        self._model = model
        self._extras = extras
        self._groups = groups
        self._is_factor = is_factor
        self._warn = warn
        self._own_lrs = [_number(group.get("initial_lr", group["lr"])) for group in groups]
        self._trained: list[Tensor] = []
        self._others: list[Tensor] = []
        """The modules' own, where the optimizers train parameters of no module."""
        self._has_own = False
        """The optimizers train some of the modules' parameters."""
        self._is_settled = False
        self._set_weights()
        self._updates = 0  # that changed nothing
        self._looks_at_all = False
        self._is_frozen = True
        """No update has met a parameter that trains."""
        self._has_gradients = False
        """An update has met a gradient."""
        self._is_to_read = False
        self._is_zero = True
        """The gradients that were read had no number but 0."""
        self._before: Look | None = None
        self._scale_before = 0.0
        self._start: Look | None = None
        self._led_to: dict[int, tuple[Sequence[float], Look]] = {}
        """From `_start`, by the number of updates."""
        for item in leaves:
            # One with copies of its own may give them their gradients as it makes the update.
            hook(item, before=self._meet, after=self._meet)

    def begin(self) -> None:
        """Training begins."""
        if self._is_settled:
            return
        self._set_weights()
        if self._is_settled:
            return
        if not any(each.requires_grad for each in self._trained):
            self._looks_at_all = True
        self._is_to_read = self._looks_at_all
        self._before, self._scale_before = self._look(), self._scale()

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
            self._settle()
            return
        # A schedule may have been lower at either end.
        least = STRONG / min(self._scale_before, self._scale())
        # A loss of 0 has no gradient, and one that is not finite none of use.
        strong = [lr for lr, loss in done if lr >= least and loss != 0 and math.isfinite(loss)]
        if after == before:
            # What was looked at in part may have moved elsewhere.
            if self._looks_at_all and done:
                self._judge_still(len(strong), is_by_hand)
        elif not is_by_hand:
            self._warn_of_another(before, after)
            self._settle()
        elif self._looks_at_all and len(strong) == len(done):
            self._compare(before, strong, after)
        self._looks_at_all = True

    def _judge_still(self, updates: int, is_by_hand: bool) -> None:
        self._has_gradients |= any(each.grad is not None for each in self._trained)
        is_certain = not is_by_hand and not self._has_gradients
        trains = any(each.requires_grad for each in self._trained)
        if is_certain and self._is_frozen and not trains:
            raise StillError(
                "let some of the parameters train, by requires_grad_(True) before the first "
                f"update: the optimizer has {len(self._trained)}, all of them frozen, so that no "
                "learning rate changes them"
            )
        self._updates += updates
        if self._updates < MANY_UPDATES:
            return
        if is_certain:
            raise StillError(self._still())
        self._warn(self._why())
        self._settle()

    def _still(self) -> str:
        count = len(self._trained)
        if self._others and not self._has_own:
            return (
                "hand over what the optimizer trains, attach(model, optimizer): none of its "
                f"{count} parameters is one of the {type(self._model).__name__} that attach was "
                f"given, and {self._updates} updates changed neither. Make the optimizer of the "
                "same model"
            )
        return (
            "let the updates change the model that attach was given: not one of the "
            f"{count} parameters of the optimizer has changed in {self._updates} updates at "
            "learning rates as high as its own, and none has a gradient. Call backward() before "
            "optimizer.step(), zero_grad() after it, and train this model and no copy of it"
        )

    def _why(self) -> str:
        begin = (
            f"not one of the optimizer's {len(self._trained)} parameters has changed in "
            f"{self._updates} updates at learning rates as high as its own"
        )
        if not self._has_gradients:
            return (
                f"{begin}, and optimizer.step() was not seen to make any: make the updates by the "
                "optimizer that attach was given"
            )
        if self._is_zero:
            return f"{begin}: their gradients are zero. See that the loss depends on them"
        kinds = " and ".join(sorted({str(each.dtype) for each in self._trained}))
        return (
            f"{begin}, though they have gradients: the learning rate is too small for weights of "
            f"{kinds}, and each change is lost in rounding. Raise it, or keep the weights in "
            "torch.float32"
        )

    def _warn_of_another(self, before: Look, after: Look) -> None:
        """Parameters that look like those of another model than the one given may be just that.

        Copies for torch.func.functional_call look the same, and are as they should be.
        """
        count = len(self._trained)
        own = [each for each in self._others if each.requires_grad]
        if (
            own
            and not self._has_own
            and before[count:] == after[count:]
            and all(isinstance(each, nn.Parameter) for each in self._trained)
            and all(each.grad is None for each in own)
            # Of weights in half precision an optimizer may have copies of its own.
            and not any(each.dtype in (torch.float16, torch.bfloat16) for each in own)
            and _shapes(own) == _shapes(self._trained)
        ):
            self._warn(
                f"the optimizer trains {count} parameters of the same shapes as those of the "
                f"{type(self._model).__name__} that attach was given, and none of its own. If "
                "they are another model's, hand that over, attach(other, optimizer): its buffers "
                "are not saved"
            )

    def _compare(self, before: Look, lrs: Sequence[float], after: Look) -> None:
        """From the same weights, other LRs have to lead to others."""
        if before != self._start:
            self._start, self._led_to = before, {}
        others, led_to = self._led_to.setdefault(len(lrs), (lrs, after))
        if others == lrs:
            return
        if led_to != after:
            self._settle()
            return
        raise StillError(
            'update the weights by the LR that the tuner sets, optimizer.param_groups[0]["lr"]: '
            f"{len(lrs)} updates at {others[-1]:.3g} and at {lrs[-1]:.3g} led to the same "
            "weights, and optimizer.step() was not seen to make any"
        )

    def _settle(self) -> None:
        self._is_settled = True
        self._trained, self._others, self._led_to = [], [], {}

    def _set_weights(self) -> None:
        """A script may put other tensors into a group, and let others train."""
        trained = [each for group in self._groups for each in group["params"]]
        modules = [self._model, *(each for each in self._extras if isinstance(each, nn.Module))]
        inside = {id(each): each for module in modules for each in module.parameters()}
        ids = {id(each) for each in trained}
        self._has_own = not ids.isdisjoint(inside)
        self._trained = trained
        self._others = (
            [] if ids <= inside.keys() else [inside[key] for key in inside if key not in ids]
        )
        weights = [*trained, *self._others]
        # Of what is in shards each rank would see another part.
        if not trained or any(map(is_sharded, weights)):
            self._settle()

    def _meet(self, optimizer: Optimizer, *_: Any) -> None:
        """Looks for gradients, before and after an update: a script may take them off then."""
        if self._is_settled or (self._has_gradients and not self._is_to_read):
            return
        for each in _parameters(optimizer):
            if each.requires_grad:
                self._is_frozen = False
            if each.grad is not None:
                self._has_gradients = True
                break
        if self._is_to_read and self._has_gradients:
            self._is_to_read = False  # once a training: it waits for the device
            if self._is_zero:
                self._is_zero = not any(map(_has_gradient, _parameters(optimizer)))

    def _scale(self) -> float:
        """What an LR of 1 is, as a part of the script's own."""
        if not self._is_factor:
            return 1 / (self._own_lrs[0] or TINY)
        now = [_number(group["lr"]) for group in self._groups]
        return max((lr / own for lr, own in zip(now, self._own_lrs) if own > 0), default=0) or TINY

    @torch.no_grad()
    def _look(self) -> Look | None:
        mixers: dict[torch.device, Tensor] = {}
        try:
            weights = [*self._trained, *self._others]
            sums = [_bits(each, self._looks_at_all, mixers) for each in weights]
            if len({each.device for each in sums}) > 1:
                sums = [each.cpu() for each in sums]
            return tuple(torch.stack(sums).tolist())
        except (RuntimeError, NotImplementedError, TypeError, KeyError):
            return None  # tensors of another kind


def _bits(weight: Tensor, is_whole: bool, mixers: dict[torch.device, Tensor]) -> Tensor:
    """A sum over its bits, of the first numbers or of all.

    Each number has a factor of its own, so that one that rises makes up for none that falls.
    """
    flat = local_of(weight).detach().reshape(-1)
    part = flat if is_whole else flat[:FEW]
    if part.is_complex():
        part = torch.view_as_real(part).reshape(-1)
    bits = part.contiguous().view(_WHOLE[part.element_size()])
    size = min(len(bits), CHUNK)
    mixer = mixers.get(bits.device)
    if mixer is None or len(mixer) < size:
        mixer = mixers[bits.device] = _mixer(size, bits.device)
    total = torch.zeros((), dtype=torch.int64, device=bits.device)
    for chunk in torch.split(bits, CHUNK) if len(bits) else ():
        total = total * 31 + (chunk * mixer[: len(chunk)]).sum()
    return total


def _mixer(size: int, device: torch.device) -> Tensor:
    """Factors without a pattern: sums of integers wrap around."""
    mixed = torch.arange(1, size + 1, dtype=torch.int64, device=device) * 0x1E3779B97F4A7C15
    mixed = (mixed ^ (mixed >> 29)) * 0x3F58476D1CE4E5B9
    return (mixed ^ (mixed >> 31)) | 1


def _has_gradient(weight: Tensor) -> bool:
    grad = weight.grad
    if grad is None:
        return False
    if grad.is_cuda and torch.cuda.is_current_stream_capturing():
        return True  # nothing can be read while a graph is captured
    try:
        return bool(((grad.coalesce().values() if grad.is_sparse else grad) != 0).any())
    except (RuntimeError, NotImplementedError, TypeError):
        return True  # of another kind


def _number(lr: Any) -> float:
    try:
        return abs(float(lr))
    except (TypeError, ValueError, RuntimeError):
        return 0.0


def _parameters(optimizer: Optimizer) -> Iterator[Tensor]:
    return (each for group in optimizer.param_groups for each in group["params"])


def _shapes(weights: Sequence[Tensor]) -> Counter[torch.Size]:
    return Counter(each.shape for each in weights)
