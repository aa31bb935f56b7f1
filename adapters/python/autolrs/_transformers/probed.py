"""A Trainer whose updates may be rolled back: what it would tell, keep or stop for by then."""

from __future__ import annotations

from typing import Any

from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
)

LEFT_OUT = (EarlyStoppingCallback, PrinterCallback, ProgressCallback)

REPORTS = "transformers.integrations."
"""Where the callbacks of `report_to` come from."""


def print_without_bar(trainer: Trainer) -> None:
    """Takes the bar away, which would count towards no end; a script's own kind stays."""
    callbacks = trainer.callback_handler.callbacks
    bars = [callback for callback in callbacks if type(callback) is ProgressCallback]
    for bar in bars:
        trainer.remove_callback(bar)
    # It printed the logs too. A Trainer that is made without a bar has this in its place.
    if bars and not any(isinstance(callback, PrinterCallback) for callback in callbacks):
        trainer.add_callback(PrinterCallback)


def make_scout(trainer: Trainer) -> None:
    """Once it begins to train it reports and saves nothing, and nothing stops it early."""
    train = trainer.train

    def scout(*args: Any, **kwargs: Any) -> Any:
        _leave_out(trainer)  # callbacks may have been added since
        return train(*args, **kwargs)

    trainer.train = scout


def _leave_out(trainer: Trainer) -> None:
    for callback in list(trainer.callback_handler.callbacks):
        if _is_left_out(callback):
            trainer.remove_callback(callback)
    args = trainer.args
    args.load_best_model_at_end = False
    # An enum by now; `type` makes its "no".
    args.save_strategy = type(args.save_strategy)("no")
    args.eval_strategy = type(args.eval_strategy)("no")
    args.eval_on_start = False
    args.push_to_hub = False


def _is_left_out(callback: TrainerCallback) -> bool:
    return isinstance(callback, LEFT_OUT) or any(
        kind.__module__.startswith(REPORTS) for kind in type(callback).__mro__
    )
