"""Stands before each optimizer update: the first is steered, and none comes after the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autolrs._protocol.claim import on_next_run
from autolrs.session import Session


def install_update_gate(session: Session, optimizers: Sequence[Optimizer]) -> None:
    """Lets the session be asked before an update.

    Args:
        session: Steers the updates.
        optimizers: All that train the model.
    """
    own = {id(item): item for item in optimizers}

    def ask(optimizer: Optimizer, *_: Any) -> None:
        # While an update is compiled, nothing can be asked.
        if id(optimizer) in own and not torch.compiler.is_compiling():
            session.before_update()

    # For all optimizers, because that comes before the hooks of one: the session may put one of
    # those in while it is asked.
    on_next_run(register_optimizer_step_pre_hook(ask).remove)
