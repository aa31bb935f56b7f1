"""Reads what a user's validation returns."""

from __future__ import annotations

from typing import Any


def loss_and_metrics(outcome: Any) -> tuple[float, dict[str, float]]:
    """A loss, a loss and a dict of metrics, or a dict with "loss", as a loss and metrics.

    Raises:
        TypeError: It is none of them.
    """
    if isinstance(outcome, dict) and "loss" in outcome:
        return loss_and_metrics(
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
