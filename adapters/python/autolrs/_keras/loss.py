"""The loss of a single batch from Keras, whose logs give the mean of the epoch so far."""

from __future__ import annotations

from typing import Any, Callable


def show_batch_losses(model: Any) -> Callable[[], None]:
    """Makes `loss` in the logs of a training batch that batch's own; returns the way back.

    It is done inside the compiled step: to reset the mean between two steps would take, on JAX, a
    read of all variables. What `evaluate` gives stays a mean.
    """
    trackers = [metric for metric in model.metrics if metric.name == "loss"]
    train_step = model.train_step
    is_training = False

    def step(*args: Any) -> Any:
        nonlocal is_training
        is_training = True
        try:
            return train_step(*args)
        finally:
            is_training = False

    def starting_anew(tracker: Any) -> Callable[..., Any]:
        update_state = tracker.update_state

        def update(*args: Any, **kwargs: Any) -> Any:
            if is_training:
                tracker.reset_state()
            return update_state(*args, **kwargs)

        return update

    originals = [tracker.update_state for tracker in trackers]
    for tracker in trackers:
        tracker.update_state = starting_anew(tracker)
    model.train_step = step
    model.make_train_function(force=True)

    def undo() -> None:
        for tracker, original in zip(trackers, originals):
            tracker.update_state = original
        model.train_step = train_step
        model.make_train_function(force=True)

    return undo
