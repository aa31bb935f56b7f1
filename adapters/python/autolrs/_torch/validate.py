"""Runs the user's validation so that training goes on as if it had never run."""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch import nn

from autolrs._state.validation_result import loss_and_metrics
from autolrs._torch_state.rng import preserve_rng


def run_validation(
    model: nn.Module, validate: Callable[[], Any]
) -> tuple[float, dict[str, float]]:
    """Calls `validate` in eval mode without gradients; puts modes and random state back.

    Raises:
        TypeError: It returned no loss.
    """
    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad(), preserve_rng():
        try:
            model.eval()
            return loss_and_metrics(validate())
        finally:
            for module, mode in modes:
                module.training = mode
