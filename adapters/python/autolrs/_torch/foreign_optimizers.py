"""Optimizers that attach was not given, and that train beside those that it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable
from weakref import WeakValueDictionary

from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autolrs._protocol.claim import on_next_run
from autolrs._state.articles import with_article
from autolrs.errors import ChangedError


class ForeignOptimizers:
    """Looks at each optimizer of the process the first time that it makes an update.

    Args:
        model: What is trained.
        known: Optimizers whose state is kept.
        warn: Tells a person something.
        is_over: True once the training that is steered has ended.
    """

    def __init__(
        self,
        model: nn.Module,
        known: Sequence[Any],
        warn: Callable[[str], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._model = model
        self._known = {id(item) for item in known}  # which others hold too
        # A script may make an optimizer at each step, as meta-learning does: none is kept alive.
        self._met: WeakValueDictionary[int, Optimizer] = WeakValueDictionary()
        self._own = [each for item in known if isinstance(item, Optimizer) for each in _of(item)]
        self._warn = warn
        self._is_over = is_over
        self._has_warned = False
        self.is_off = False
        """True while what is trained is not the script's training."""
        on_next_run(register_optimizer_step_pre_hook(self._meet).remove)

    def _meet(self, optimizer: Optimizer, *_: Any) -> None:
        key = id(optimizer)
        if key in self._known or key in self._met or self.is_off or self._is_over():
            return
        kind = type(optimizer).__name__
        own = {id(each) for each in (*self._own, *self._model.parameters())}
        if any(id(each) in own for each in _of(optimizer)):
            raise ChangedError(
                "make all optimizers before attach, and hand them over in a list, "
                f"attach(model, [first, second]): {with_article(kind)} that attach was not given "
                "trains parameters of the model, so that its learning rate is not steered, and no "
                "rollback takes its state back"
            )
        self._met[key] = optimizer
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"{with_article(kind)} that attach was not given trains parameters that are not "
                "in the model: a rollback does not take them back. If they belong to the "
                "training, hand both over: attach(torch.nn.ModuleList([model, other]), "
                "[optimizer, its_own]), or "
                "extra=[other, its_own] to keep its learning rate"
            )


def _of(optimizer: Optimizer) -> list[Any]:
    return [each for group in optimizer.param_groups for each in group["params"]]
