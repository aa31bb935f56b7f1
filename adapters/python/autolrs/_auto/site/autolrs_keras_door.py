"""Stands by Keras's `fit` and its optimizers, until the first `fit` says what this process is.

Nothing of autolrs is imported before: see `autolrs_door`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autolrs_door import close_torch_door, is_to_train, mark  # it lies beside this file
from autolrs_written_files import note_first_update

TRAIN_ON_BATCH = (
    "train by `model.fit`, which autolrs steers as it is: a loop of the script's around "
    "`train_on_batch` says nothing of its length"
)

BY_BACKEND = {
    "jax": "attach by `autolrs.jax.attach`",
    "tensorflow": "attach by `autolrs.tensorflow.attach`",
    "torch": "make the updates by an optimizer of torch.optim, whose step autolrs steers",
}

BY_HAND = (
    "train by `model.fit`, which autolrs steers as it is, or {way}: the script makes updates by "
    "{kind} of Keras in a loop of its own"
)


class KerasDoor:
    """What comes through it: each `fit`, and each update of Keras's optimizers."""

    def __init__(self) -> None:
        self.is_open = True
        self.steering: Any = None
        """Of the fits, once one has begun."""
        self.applied: list[Any] | None = None
        """The optimizers that have made an update, while that is asked for."""
        self._fits = 0
        """How many `fit` stand around the present one: a callback may train another model."""

    def is_to_steer(self) -> bool:
        """Whether this process is the one that is steered, and does not attach by itself."""
        if self.is_open and self.steering is None and not is_to_train():
            self.is_open = False
        return self.is_open

    @contextmanager
    def fitting(self) -> Iterator[bool]:
        """While entered, updates are those of a `fit`; says whether it is in none other."""
        self._fits += 1
        try:
            yield self._fits == 1
        finally:
            self._fits -= 1

    def note_update(self, optimizer: Any) -> None:
        """An optimizer makes an update, or one is compiled.

        Raises:
            NotServedError: The script has a loop of its own.
        """
        if self.applied is not None:
            self.applied.append(optimizer)
        if self._fits or self.steering is not None or not self.is_to_steer():
            return
        from keras import backend

        from autolrs._state.articles import with_article

        way = BY_BACKEND.get(backend.backend(), "leave autolrs out")
        self.refuse(BY_HAND.format(way=way, kind=with_article(type(optimizer).__name__)))

    def refuse(self, sentence: str) -> None:
        """Ends the script; the tuner is told.

        Raises:
            NotServedError: Always.
        """
        self.is_open = False
        close_torch_door()
        from autolrs._auto.not_served import refuse

        refuse(sentence)


_door = KerasDoor()


def watch_models(module: Any) -> None:
    """Has the door know of each training of a model.

    Args:
        module: `keras.src.models.model`, just executed.
    """
    if os.environ.get("AUTOLRS") == "1":
        mark()
    model = module.Model
    fit, train_on_batch = model.fit, model.train_on_batch

    @functools.wraps(fit)
    def watched_fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _door.fitting() as is_outermost:
            if not is_outermost or not _door.is_to_steer():
                return fit(self, *args, **kwargs)
            close_torch_door()  # Keras may run on PyTorch
            note_first_update()
            from autolrs._keras.unattached import fit_steered

            return fit_steered(_door, functools.partial(fit, self), self, args, kwargs)

    @functools.wraps(train_on_batch)
    def watched_train_on_batch(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _door.fitting():
            if _door.steering is None and _door.is_to_steer():
                _door.refuse(TRAIN_ON_BATCH)
            return train_on_batch(self, *args, **kwargs)

    model.fit, model.train_on_batch = watched_fit, watched_train_on_batch


def watch_optimizers(module: Any) -> None:
    """Has the door know of each update.

    Args:
        module: `keras.src.optimizers.base_optimizer`, just executed.
    """
    apply = module.BaseOptimizer.apply

    @functools.wraps(apply)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _door.is_open:
            _door.note_update(self)
        return apply(self, *args, **kwargs)

    module.BaseOptimizer.apply = watched
