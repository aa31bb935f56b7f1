"""Which examples a step trains on, as a function of the seed and the step alone."""

from __future__ import annotations

import numpy as np


class Batches:
    """Goes through `size` examples in a new order every epoch; the rest of an epoch is left out.

    Args:
        size: How many examples there are, at least `batch`.
        batch: Examples a step.
        seed: Another seed, another order.
    """

    def __init__(self, size: int, batch: int, seed: int) -> None:
        self._size = size
        self._batch = batch
        self._seed = seed
        self._per_epoch = size // batch
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def at(self, step: int) -> np.ndarray:
        """Indices of the examples of a step; shape (batch,)."""
        epoch, index = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = np.random.default_rng([self._seed, epoch]).permutation(self._size)
        return self._order[index * self._batch : (index + 1) * self._batch]
