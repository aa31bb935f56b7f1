"""Lets the autolrs tuner steer the learning rate of a Keras 3 model's `fit`.

Example:
    import autolrs.keras

    tuner = autolrs.keras.TunerCallback(validation_data=(x_val, y_val))
    model.fit(x, y, epochs=tuner.epochs(10), callbacks=[tuner])
"""

from __future__ import annotations

from typing import Any, Callable

from autolrs._protocol.claim import claim, claim_alone
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session

require("keras", "Keras", "keras", "3.4")

import keras

from autolrs._keras.hooks import KerasHooks, capture_rng, restore_rng
from autolrs._keras.loss import show_batch_losses

__all__ = ["TunerCallback"]

ENDLESS = 10**9
"""Epochs after which `fit` ends by itself: far more than a tuner asks for."""


class TunerCallback(TunerStatus, keras.callbacks.Callback):
    """Hands the learning rate of a `fit` over to the tuner, if one drives this script.

    Under a tuner, `loss` in the logs of a batch is that batch's own, where Keras alone gives the
    mean of the epoch so far. Without a tuner the callback does nothing.

    Args:
        validation_data: What the tuner validates on by `model.evaluate`: a tuple of inputs,
            targets and perhaps weights, or a dataset. None: it does not validate.
    """

    def __init__(self, validation_data: Any = None) -> None:
        TunerStatus.__init__(self)
        keras.callbacks.Callback.__init__(self)
        self._validation_data = validation_data
        self._epochs: int | None = None
        self._rng: Any = None
        self._undo: Callable[[], None] = lambda: None
        self._hide_batch_losses: Callable[[], None] = lambda: None
        self._losses: list[float] = []
        self._batches_per_update = 1

    def epochs(self, epochs: int) -> int:
        """How many epochs to ask of `fit`: as many as are meant; under a tuner without end."""
        self._epochs = epochs
        return epochs if claim() is None else ENDLESS

    def on_train_begin(self, logs: Any = None) -> None:
        """Attaches to the model and its optimizer, and waits until the tuner wants steps.

        Raises:
            SecondSchedulerError: Something else sets the LR too.
            ValueError: Steps cannot be counted, the model is not built, or this is the script's
                second fit.
            NotImplementedError: More than one process trains.
        """
        wire = claim_alone("autolrs.keras")
        self._batches_per_update = self.model.optimizer.gradient_accumulation_steps or 1
        if wire is None:
            return
        if self.model.steps_per_execution != 1:
            raise ValueError(
                f"steps_per_execution is {self.model.steps_per_execution}, and Keras then tells "
                "of no single step; compile with steps_per_execution=1 `if autolrs.is_driven()`"
            )
        batches, epochs = self.params.get("steps"), self._epochs
        known = batches is not None and epochs is not None
        total = batches * epochs // self._batches_per_update if known else None
        hooks = KerasHooks(lambda: self.model, self._validation_data)
        self._session = Session(wire, hooks, total)
        self._hide_batch_losses = show_batch_losses(self.model)
        self.model.stop_training = self._session.done
        self._rng = capture_rng()
        if self._session.is_over:
            # Keras does one update more, which is not to be kept.
            end = hooks.capture()
            self._undo = lambda: hooks.apply(end)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Gives the first step the random numbers that it is to have."""
        if self._rng is not None:
            # The data have begun since, and may have drawn random numbers meant for training.
            restore_rng(self._rng)
            self._rng = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts an update, once all batches whose gradients it takes are through."""
        self._losses.append(0.0 if self._session is None else float(logs["loss"]))
        if len(self._losses) < self._batches_per_update:
            return
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        if self._session is None:
            self._bare.step(loss)
            return
        if not self._session.is_over:
            self._session.step(loss)
        if self._session.is_over:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """Lets the tuner bring the model to where it shall stay, if the loop ended by itself."""
        if self._session is not None:
            self._session.close()
            self._undo()
            self._hide_batch_losses()
