"""Runs the user's validation so that training goes on as if it had never run."""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch import nn

from autolrs._torch_rng import kept_rng


def run_validation(
    model: nn.Module, validate: Callable[[], Any]
) -> tuple[float, dict[str, float]]:
    """Calls `validate` in eval mode without gradients; puts modes and random state back.

    Raises:
        TypeError: It returned no loss.
    """
    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad(), kept_rng():
        try:
            model.eval()
            return _loss_and_metrics(validate())
        finally:
            for module, mode in modes:
                module.training = mode


def _loss_and_metrics(outcome: Any) -> tuple[float, dict[str, float]]:
    if isinstance(outcome, dict) and "loss" in outcome:
        return _loss_and_metrics(
            (outcome["loss"], {key: item for key, item in outcome.items() if key != "loss"})
        )
    metrics: dict[str, Any] = {}
    if isinstance(outcome, tuple) and len(outcome) == 2 and isinstance(outcome[1], dict):
        outcome, metrics = outcome
    try:
        return float(outcome), {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        raise TypeError(
            f'validate must return a loss, a loss and a dict of metrics, or a dict with "loss"; '
            f"it returned a {type(outcome).__name__}"
        ) from error
