"""The loss of a single batch from Keras, whose logs give the mean of the epoch so far."""

from __future__ import annotations

from typing import Any, Callable

import keras

from autolrs._keras.update_lr import UpdateLr

KEY = "autolrs_batch_loss"
"""The name under which it leaves the compiled step. No callback sees it."""


class BatchLosses:
    """Takes a batch's own loss out of the compiled step, and leaves the logs as they are.

    What the model's tracker of the loss is updated by goes out beside the logs, since a step is
    compiled: it cannot be put aside in there.

    Args:
        model: Compiled, and in `fit`.
        lr: Takes the place of the model's own in each update, if it is given.
    """

    def __init__(self, model: Any, lr: UpdateLr | None = None) -> None:
        self._model = model
        self._lr = lr
        self._train_step = model.train_step
        self._trackers = [metric for metric in model.metrics if metric.name == "loss"]
        self._updates = [tracker.update_state for tracker in self._trackers]
        self._in_step: list[Any] | None = None
        self._last: Any = None
        for tracker in self._trackers:
            tracker.update_state = self._seen_by(tracker.update_state)
        model.train_step = self._step
        self._make_train_function()
        train_function = model.train_function

        def take(*args: Any) -> Any:
            result = train_function(*(args if lr is None else lr.beside(args)))
            logs = result[0] if isinstance(result, tuple) else result  # JAX gives the state too
            self._last = logs.pop(KEY, None)
            return result

        model.train_function = self._take = take

    def of_batch(self, logs: dict[str, Any]) -> float:
        """The loss of the batch that was trained last.

        Args:
            logs: What Keras tells of it, for a `train_step` that keeps no mean.
        """
        return float(logs["loss"] if self._last is None else self._last)

    @property
    def is_in_place(self) -> bool:
        """False once the model was compiled anew."""
        return bool(self._model.train_function is self._take)

    def undo(self) -> None:
        """Makes the model what it was."""
        for tracker, update in zip(self._trackers, self._updates):
            tracker.update_state = update
        self._model.train_step = self._train_step
        self._make_train_function()

    def _step(self, *args: Any) -> Any:
        self._in_step = []
        try:
            result = self._train(args)
            seen = self._in_step
        finally:
            self._in_step = None
        if not seen:
            return result
        loss = keras.ops.mean(keras.ops.stop_gradient(seen[-1]))
        if isinstance(result, tuple):
            return ({**result[0], KEY: loss}, *result[1:])
        return {**result, KEY: loss}

    def _train(self, args: Any) -> Any:
        if self._lr is None:
            return self._train_step(*args)
        with self._lr.during(args) as own:
            return self._train_step(*own)

    def _seen_by(self, update_state: Callable[..., Any]) -> Callable[..., Any]:
        def update(values: Any, *args: Any, **kwargs: Any) -> Any:
            if self._in_step is not None:
                self._in_step.append(values)
            return update_state(values, *args, **kwargs)

        return update

    def _make_train_function(self) -> None:
        self._model.make_train_function(force=True)
