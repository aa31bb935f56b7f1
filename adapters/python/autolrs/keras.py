"""Lets the autolrs tuner steer the learning rate of a Keras 3 model's `fit`.

Example:
    import autolrs.keras

    tuner = autolrs.keras.TunerCallback(validation_data=(x_val, y_val))
    model.fit(x, y, epochs=tuner.epochs(10), callbacks=[tuner])
"""

from __future__ import annotations

from typing import Any, Callable

from autolrs._inside.run import Run
from autolrs._protocol.claim import claim, claim_alone, claim_to_train
from autolrs._session.phase import phase
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session

require("keras", "Keras", "keras", "3.4")

import keras

from autolrs._keras.hooks import KerasHooks, capture_rng, restore_rng
from autolrs._keras.loss import BatchLosses
from autolrs._keras.own_fit import ENDLESS, watch_fit

__all__ = ["TunerCallback"]


class TunerCallback(TunerStatus, keras.callbacks.Callback):
    """Hands the learning rate of a `fit` over to the tuner, if one drives this script.

    Where the search is apart from the run, the fit that is searched on is thrown away: it goes on
    without end, and without callbacks that would stop it or write for it. The committed fit is
    Keras's own, and only its LR is set. Without a tuner the callback does nothing.

    Args:
        validation_data: What the tuner validates on by `model.evaluate`: a tuple of inputs,
            targets and perhaps weights, or a dataset. None: it does not validate.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.
    """

    def __init__(self, validation_data: Any = None, *, run: Run | None = None) -> None:
        TunerStatus.__init__(self)
        keras.callbacks.Callback.__init__(self)
        self._validation_data = validation_data
        self._run = run
        self._epochs: int | None = None
        self._rng: Any = None
        self._hooks: KerasHooks | None = None
        self._undo: Callable[[], None] = lambda: None
        self._batch_losses: BatchLosses
        self._losses: list[float] = []
        self._batches_per_update = 1
        self._total: int | None = None
        if phase() is not None and claim() is not None:
            watch_fit(self, self._note_epochs, is_scout=phase() == "search")

    def epochs(self, epochs: int) -> int:
        """How many epochs to ask of `fit`: as many as are meant.

        Where the search is within the run: without end.
        """
        self._note_epochs(epochs)
        return epochs if claim_to_train(self._run) is None or phase() is not None else ENDLESS

    def _note_epochs(self, epochs: int) -> None:
        self._epochs = epochs

    def on_train_begin(self, logs: Any = None) -> None:
        """Attaches to the model and its optimizer, and waits until the tuner wants steps.

        Raises:
            SecondSchedulerError: Something else sets the LR too.
            ValueError: Steps cannot be counted, the model is not built, or this is the script's
                second fit.
            NotImplementedError: More than one process trains.
        """
        wire = claim_alone("autolrs.keras", self._run)
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
        self._total = batches * epochs // self._batches_per_update if known else None
        self._hooks = hooks = KerasHooks(lambda: self.model, self._validation_data)
        epoch = None if batches is None else batches // self._batches_per_update
        self._session = Session(wire, hooks, self._total, epoch=epoch)
        self._batch_losses = BatchLosses(self.model)
        if self._session.done:
            self.model.stop_training = True
        if phase() != "commit":
            self._rng = capture_rng()
        if self._session.is_over:
            # Keras does one update more, which is not to be kept.
            end = hooks.capture()
            self._undo = lambda: hooks.apply(end)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Gives the first step the random numbers that it is to have, and looks at the LR.

        Raises:
            SecondSchedulerError: A callback has set it as the epoch began.
        """
        # At each batch the read would cost more than a small step does, on JAX above all.
        session = self._session
        if batch == 0 and self._hooks is not None and session is not None and not session.is_over:
            self._hooks.check_lr()
        if self._rng is not None:
            # The data have begun since, and may have drawn random numbers meant for training.
            restore_rng(self._rng)
            self._rng = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts an update, once all batches whose gradients it takes are through."""
        self._losses.append(0.0 if self._session is None else self._batch_losses.of_batch(logs))
        if len(self._losses) < self._batches_per_update:
            return
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        if self._session is None:
            self._bare.step(loss)
            return
        if not self._session.is_over:
            self._session.step(loss)
        if self._session.is_over and not self._is_at_its_end():
            self.model.stop_training = True

    def _is_at_its_end(self) -> bool:
        """True where a committed fit ends by itself, and as it would alone."""
        assert self._session is not None
        return phase() == "commit" and self._session.step_count == self._total

    def on_train_end(self, logs: Any = None) -> None:
        """Lets the tuner bring the model to where it shall stay, if the loop ended by itself."""
        if self._session is not None:
            self._session.close()
            self._undo()
            self._batch_losses.undo()
