"""Lets the autolrs tuner steer the learning rate of a TensorFlow training loop.

Example:
    import autolrs.tensorflow

    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    tuner = autolrs.tensorflow.attach(checkpoint, optimizer.learning_rate, validate=validate)
    for x, y in tuner.cycle(dataset, epochs=10):
        tuner.step(update(x, y))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from autolrs._data.batch_replay import DEFAULT_BYTES
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_alone
from autolrs._state.requires import require
from autolrs.session import Session
from autolrs.tuner import InertTuner, Tuner

require("tensorflow", "TensorFlow", "tensorflow", "2.16")

import tensorflow as tf

from autolrs._tensorflow.hooks import TensorflowHooks

__all__ = ["Tuner", "attach"]


def attach(
    checkpoint: tf.train.Checkpoint,
    learning_rate: Any,
    validate: Callable[[], Any] | None = None,
    *,
    total: int | None = None,
    rewind_bytes: int = DEFAULT_BYTES,
    run: Run | None = None,
) -> Tuner:
    """Hands the learning rate over to the tuner, if one drives this script.

    Does not wait for it: the tuner's first question is answered where the loop begins. Without a
    tuner the result does nothing, and the script trains as if it were absent.

    Args:
        checkpoint: Tracks all that training changes, by `tf.train.Checkpoint(model=…, …)`: model,
            optimizer, a `tf.random.Generator`. Its variables are there before the loop begins.
        learning_rate: The variable that the optimizer reads the LR from, as
            `optimizer.learning_rate`, or a list of several, whose ratios are kept. It may be read
            inside a `tf.function`.
        validate: Returns the validation loss as a float or a tensor with one element, or the loss
            and a dict of metrics, or a dict with the key "loss".
        total: How many steps the script means to do. `cycle` knows it by itself.
        rewind_bytes: How many bytes of past batches `cycle` keeps, so that every candidate can be
            tried on the same ones.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.

    Raises:
        SecondSchedulerError: The LR is no variable, because a schedule computes it.
        ValueError: The first LR is 0, or attach was called before.
        NotImplementedError: More than one process trains.
    """
    wire = claim_alone("autolrs.tensorflow", run)
    if wire is None:
        return InertTuner(total)
    is_several = isinstance(learning_rate, Sequence)
    lrs = list(learning_rate) if is_several else [learning_rate]
    return Session(wire, TensorflowHooks(checkpoint, lrs, validate), total, rewind_bytes)
