"""The hooks for PyTorch where the script does not attach: nothing is asked of it."""

from __future__ import annotations

from typing import Any, Callable

from torch import nn

from autolrs._torch.hooks import TorchHooks
from autolrs._torch_lr.lr_watch import refuse_lazy, refuse_no_lr
from autolrs._torch_lr.update_lrs import FactorLrs, OverrideLrs
from autolrs._torch_ranks.ranked_hooks import RankedTorchHooks


class AutoHooks(TorchHooks):
    """As `TorchHooks`, in memory alone, and with the script's schedule left where it is.

    Args:
        model: What is trained.
        optimizer: Its optimizers.
        validate: Nothing.
        extra: Scalers.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.peak: float | None = None
        """The highest LR of the script's own schedule, if it is known."""
        self.tell_of_own: Callable[[str], None] | None = None
        """Tells a person that the script has a schedule after all; None where that is known."""
        self._is_readable = True  # no file has to hold it

    def check(self) -> None:
        """Without a word whose LR it is, it is the tuner's for each update."""
        self.begin_override()

    def begin_override(self) -> None:
        refuse_no_lr(self._param_groups)
        self._begin(is_factor=False)
        self.own = override = OverrideLrs(self.optimizer_set.leaves, self.peak)
        if self.tell_of_own is not None:
            override.on_own_change = self._tell_of_change
        self._ratios = override.groups

    def _tell_of_change(self, before: float, now: float) -> None:
        assert self.tell_of_own is not None  # else nothing is asked for
        self.tell_of_own(
            f"the script sets its learning rate by itself, from {before:.6g} to {now:.6g} here, "
            "and nothing told so where it began: the tuner's schedule takes its place; "
            "--keep-schedule keeps the script's own, and tunes a factor on it"
        )

    def begin_scaling(self) -> None:
        refuse_no_lr(self._param_groups)
        self._begin(is_factor=True)
        self.own = FactorLrs(self.optimizer_set.leaves)
        self._ratios = [1.0] * len(self._param_groups)

    def _begin(self, is_factor: bool) -> None:
        """Nothing is watched for: what the script does is right."""
        refuse_lazy(self._model)


class RankedAutoHooks(AutoHooks, RankedTorchHooks):
    """As `AutoHooks`, of a rank of several."""


def one_module(roots: list[nn.Module]) -> nn.Module:
    """All modules as one."""
    return roots[0] if len(roots) == 1 else nn.ModuleList(roots)
