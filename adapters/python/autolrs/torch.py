"""Lets the autolrs tuner steer the learning rate of a PyTorch training loop.

Example:
    import autolrs.torch

    tuner = autolrs.torch.attach(model, optimizer, validate=validate)
    for x, y in tuner.cycle(loader, epochs=10):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from autolrs._requires import require
from autolrs._rewind import DEFAULT_BYTES
from autolrs._wire import claim
from autolrs.session import Session
from autolrs.tuner import InertTuner, Tuner

require("torch", "PyTorch", "torch", "2.3")

from torch import nn
from torch.optim import Optimizer

from autolrs._torch_hooks import TorchHooks
from autolrs._torch_updates import ScaledSession, Updates, has_scaler

__all__ = ["Tuner", "attach"]


def attach(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    validate: Callable[[], Any] | None = None,
    *,
    extra: Sequence[Any] = (),
    total: int | None = None,
    rewind_bytes: int = DEFAULT_BYTES,
) -> Tuner:
    """Hands the learning rate over to the tuner, if one drives this script.

    Does not wait for it: the tuner's first question is answered where the loop begins. Without a
    tuner the result does nothing, and the script trains as if it were absent.

    Args:
        model: What is trained.
        optimizer: Its optimizer, or a list of several. The ratios between the LRs of all parameter
            groups are kept; the LR of the tuner is that of the first group of the first optimizer.
        validate: Returns the validation loss as a float or a tensor with one element, or the loss
            and a dict of metrics, or a dict with the key "loss". It is called in eval mode without
            gradients; modes and random state are put back after it.
        extra: Objects with `state_dict` and `load_state_dict` that change as training goes on, as
            a GradScaler or an average of the weights. They are saved and restored too. With a
            GradScaler, a `step` after an update that it skipped does not count.
        total: How many steps the script means to do. `cycle` knows it by itself.
        rewind_bytes: How many bytes of past batches `cycle` keeps, so that every candidate can be
            tried on the same ones.

    Raises:
        SecondSchedulerError: A scheduler of torch.optim sets the LR of this optimizer too.
        ValueError: The LR of the first parameter group is 0, or attach was called before.
        TypeError: An extra has no `state_dict` and `load_state_dict`, or an optimizer evaluates
            the loss by itself, as LBFGS does.
    """
    wire = claim()
    if wire is None:
        return InertTuner(total)
    hooks = TorchHooks(model, optimizer, validate, extra)
    if not has_scaler(extra):
        return Session(wire, hooks, total, rewind_bytes)
    return ScaledSession(Updates(hooks.optimizers), wire, hooks, total, rewind_bytes)
