"""The Trainer's own validation, run for the tuner amid training, without a trace in the fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping

from autolrs._session.phase import phase


def validate(trainer: Trainer, monitor: str) -> tuple[Any, dict[str, Any]]:
    """Runs the validation loop as the Trainer does amid training; returns loss and metrics.

    Raises:
        ValueError: Nothing is logged by the name of `monitor`.
    """
    silent = _in_silence if phase() == "commit" else _without_keepers
    with silent(trainer):
        trainer.validating = True
        try:
            logged = trainer.fit_loop.epoch_loop.val_loop.run()
        finally:
            trainer.training = True
    metrics = {name: value for part in logged for name, value in part.items()}
    if monitor not in metrics:
        known = ", ".join(sorted(metrics)) or "nothing"
        raise ValueError(
            f'validation_step logged {known}, and no "{monitor}", by which the tuner chooses; log '
            "that, or give TunerCallback another monitor"
        )
    return metrics.pop(monitor), metrics


@contextmanager
def _without_keepers(trainer: Trainer) -> Iterator[None]:
    """What is judged may be a probe, which is nothing to keep or to stop for."""
    connector, callbacks = trainer._logger_connector, trainer.callbacks
    first_loop_iter = connector._first_loop_iter
    trainer.callbacks = [c for c in callbacks if not isinstance(c, (Checkpoint, EarlyStopping))]
    try:
        yield
    finally:
        trainer.callbacks = callbacks
        connector._first_loop_iter = first_loop_iter


@contextmanager
def _in_silence(trainer: Trainer) -> Iterator[None]:
    """The fit has validations of its own to tell, to count and to log."""
    connector, loop = trainer._logger_connector, trainer.fit_loop.epoch_loop.val_loop
    callbacks, loggers = trainer.callbacks, trainer.loggers
    of_connector = {name: _copy(getattr(connector, name)) for name in _OF_CONNECTOR}
    progress = loop.batch_progress.state_dict()
    seen = _copy(getattr(loop, "_seen_batches_per_dataloader", None))
    validated_at = getattr(trainer, "_last_val_time", None)
    trainer.callbacks, trainer.loggers = [], []
    try:
        yield
    finally:
        trainer.callbacks, trainer.loggers = callbacks, loggers
        for name, value in of_connector.items():
            setattr(connector, name, value)
        loop.batch_progress.load_state_dict(progress)
        if seen is not None:
            loop._seen_batches_per_dataloader = seen
        if validated_at is not None:
            trainer._last_val_time = validated_at


_OF_CONNECTOR = (
    "_first_loop_iter",
    "_current_fx",
    "_callback_metrics",
    "_logged_metrics",
    "_progress_bar_metrics",
)


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, dict) else value
