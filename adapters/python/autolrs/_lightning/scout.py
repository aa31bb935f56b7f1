"""A fit that is searched on and thrown away: nothing in it stops it, keeps it or writes for it."""

from __future__ import annotations

import functools
import os
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping, ProgressBar, Timer
from lightning.pytorch.loggers.logger import DummyLogger
from lightning.pytorch.profilers import PassThroughProfiler

LEFT_OUT = (Checkpoint, EarlyStopping, ProgressBar, Timer)


class SilentLogger(DummyLogger):
    """Takes whatever a logger takes, its experiment too, and writes nothing."""

    @property
    def save_dir(self) -> str:
        """For what a script writes beside the log: a folder that the tuner removes."""
        return os.environ.get("AUTOLRS_SCRATCH_DIR") or os.devnull

    @property
    def root_dir(self) -> str:
        """As `save_dir`."""
        return self.save_dir

    @property
    def log_dir(self) -> str:
        """As `save_dir`."""
        return self.save_dir


def watch_fit(tuner: Any) -> None:
    """Makes a scout of each later fit with this callback, before its loggers begin to write."""
    fit = Trainer.fit

    @functools.wraps(fit)
    def watched(trainer: Trainer, *args: Any, **kwargs: Any) -> Any:
        if any(callback is tuner for callback in trainer.callbacks):
            leave_out(trainer)
        return fit(trainer, *args, **kwargs)

    Trainer.fit = watched


def leave_out(trainer: Trainer) -> None:
    """Takes away what a fit would be stopped, kept, logged or shown by."""
    # What was made by `configure_callbacks` comes later: see the callback's `setup`.
    trainer.callbacks = [item for item in trainer.callbacks if not isinstance(item, LEFT_OUT)]
    trainer.loggers = [
        item if isinstance(item, SilentLogger) else SilentLogger() for item in trainer.loggers
    ]
    trainer.profiler = PassThroughProfiler()
