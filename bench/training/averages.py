"""Averages of a model's weights, kept while it trains: what fixed schedules gain by averaging.

w    the averaged values of a model in a row: weights and floating-point buffers
n    samples before this one; one is taken after each step
P_k  average of power k:  P_k += (k + 1) / (n + k + 1) * (w - P_k)

The weight of a sample rises as its number to the power k (Shamir and Zhang, 2013), so P_k has a
window of about 1 / (k + 1) of the run, however long that is: 20 gives 5 %, 8 11 %, 3 25 %, 1 50 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from parts.numpy_mlp import NumpyMlp
from parts.quadratic import Quadratic

POWERS = (20, 8, 3, 1)

Array = Any
"""A NumPy array or a tensor of PyTorch, of floating-point numbers."""


def averaged(model: Any) -> list[Array]:
    """What an average is of: the weights that train, and floating-point buffers.

    They are the model's own memory: to write into them changes the model. They hold until the
    next step or `load`; ask again after it. What is not here (integer buffers) stays the newest.

    It is no method of the models, whose files are part of their versions: results would be lost.

    Raises:
        TypeError: This kind of model is not known here.
    """
    if isinstance(model, NumpyMlp):
        return [model._weights]
    if isinstance(model, Quadratic):
        return [model._theta]
    if hasattr(model, "module"):  # a TorchModel; PyTorch may be missing
        weights = [one for one in model.module.parameters() if one.requires_grad]
        buffers = [one for one in model.module.buffers() if one.is_floating_point()]
        return [one.detach() for one in weights + buffers]
    raise TypeError(f"no averages of a {type(model).__name__}: see averages.py")


def read(arrays: Sequence[Array]) -> Array:
    """A copy of all values in a row; shape (values,)."""
    if isinstance(arrays[0], np.ndarray):
        return np.concatenate([array.ravel() for array in arrays])
    import torch

    return torch.cat([array.flatten() for array in arrays])


def write(arrays: Sequence[Array], values: Array) -> None:
    """The reverse of `read`."""
    start = 0
    for array in arrays:
        size = int(np.prod(array.shape))
        array[...] = values[start : start + size].reshape(array.shape)
        start += size


class Averages:
    """Polynomial-decay averages of a model in training: a copy of the weights for each power.

    Args:
        model: Of a kind that `averaged` knows.
        powers: k of each average, >= 0; 0 is the plain mean.
    """

    def __init__(self, model: Any, powers: Sequence[int] = POWERS) -> None:
        self.powers = tuple(powers)
        self._model = model
        self._samples = 0
        self._means: dict[int, Array] = {}

    def sample(self) -> None:
        """Takes the weights in; to be called after each step."""
        now = read(averaged(self._model))
        for power in self.powers:
            if self._samples == 0:
                self._means[power] = now * 1  # a copy, of either framework
                continue
            share = (power + 1) / (self._samples + power + 1)
            with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
                self._means[power] += share * (now - self._means[power])
        self._samples += 1

    @contextmanager
    def at(self, power: int) -> Iterator[None]:
        """Puts an average in the place of the weights, and afterwards the weights back."""
        arrays = averaged(self._model)
        kept = read(arrays)
        write(arrays, self._means[power])
        try:
            yield
        finally:
            write(arrays, kept)
