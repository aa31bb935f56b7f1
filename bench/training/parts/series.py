"""The Mackey-Glass equation, measured with noise: a chaotic series to be forecast.

x'(t) = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t), by Euler's steps of 0.1, one value a unit
of time, standardised.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from parts.torch_training import Pair, Splits

_SUBSTEPS = 10
_DELAY = 17 * _SUBSTEPS
_FORGOTTEN = 500
"""Values until the series has forgotten where it began."""


@cache  # shared by all runs of a process; nobody writes to it
def read_series(
    train: int, validation: int, test: int, *, context: int, ahead: int, noise: float
) -> Splits:
    """Windows (n x context x 1), and at each place the value `ahead` of it.

    Args:
        train: Values of the series to train on; those of the other splits follow it.
        validation: The same.
        test: The same.
        context: Values of a window.
        ahead: How far a forecast looks.
        noise: Standard deviation of what is added to every value, of a series of deviation 1.
    """
    rng = np.random.default_rng(0)  # the same series for every seed
    values = _mackey_glass(train + validation + test)
    values += noise * rng.standard_normal(len(values))
    parts = np.split(values.astype(np.float32), [train, train + validation])
    # Training windows begin anywhere; those of the other splits do not overlap.
    return Splits(
        train=_windows(parts[0], context, ahead, 1),
        validation=_windows(parts[1], context, ahead, context),
        test=_windows(parts[2], context, ahead, context),
    )


def _windows(values: np.ndarray, context: int, ahead: int, stride: int) -> Pair:
    windows = torch.from_numpy(values).unfold(0, context + ahead, stride)[:, :, None]
    return windows[:, :context], windows[:, ahead:]


def _mackey_glass(size: int) -> np.ndarray:
    steps = _DELAY + _SUBSTEPS * (_FORGOTTEN + size)
    x = [1.2] * _DELAY
    for step in range(_DELAY, steps):
        delayed = x[step - _DELAY]
        x.append(x[-1] + (0.2 * delayed / (1 + delayed**10) - 0.1 * x[-1]) / _SUBSTEPS)
    values = np.array(x[_DELAY + _SUBSTEPS * _FORGOTTEN :: _SUBSTEPS])
    return (values - values.mean()) / values.std()
