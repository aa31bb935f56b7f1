"""`fit` where the search is apart from the run: what it is asked for, and what a scout leaves."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable

import keras
from keras import callbacks as known

ENDLESS = 10**9
"""Epochs after which `fit` ends by itself: far more than a tuner asks for."""

LEFT_OUT = (
    known.BackupAndRestore,
    known.CSVLogger,
    known.EarlyStopping,
    known.ModelCheckpoint,
    known.ProgbarLogger,
    known.RemoteMonitor,
    known.TensorBoard,
    known.TerminateOnNaN,
)
"""What would end a scout, write for it, or show how far it is."""


def watch_fit(tuner: Any, note_epochs: Callable[[int], None], is_scout: bool) -> None:
    """Notes how many epochs the `fit` with this callback means to do, before it begins.

    Args:
        tuner: The callback.
        note_epochs: Takes the number.
        is_scout: The fit then goes on without end, and without `LEFT_OUT`.
    """
    fit = keras.Model.fit
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def watched(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        asked = given.arguments
        if not any(item is tuner for item in each_of(asked["callbacks"])):
            return fit(*args, **kwargs)
        note_epochs(asked["epochs"] - asked["initial_epoch"])
        if is_scout:
            asked.update(as_scout(asked))
        return fit(*given.args, **given.kwargs)

    keras.Model.fit = watched


def as_scout(asked: dict[str, Any]) -> dict[str, Any]:
    """What `fit` is to be asked for instead, in a process that is thrown away."""
    callbacks = _without_left_out(asked["callbacks"])
    return {"epochs": ENDLESS, "verbose": 0, "callbacks": callbacks}


def each_of(callbacks: Any) -> list[Any]:
    """The callbacks that `fit` is given."""
    if isinstance(callbacks, known.CallbackList):
        return list(callbacks.callbacks)
    return [item for item in keras.tree.flatten(callbacks) if item is not None]


def _without_left_out(callbacks: Any) -> Any:
    kept = [item for item in each_of(callbacks) if not isinstance(item, LEFT_OUT)]
    if isinstance(callbacks, known.CallbackList):
        callbacks.callbacks = kept
        return callbacks
    return kept
