"""A function of five of ten inputs, measured with noise (Friedman, 1991).

Validation and test targets have no noise, so that their loss may come near zero.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from parts.numpy_mlp import NumpyMlp, Split, Splits, squared_error
from parts.workload import Workload

_NOISE = 0.2
"""In standard deviations of the targets."""


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        _splits(),
        hidden=(64, 64),
        outputs=1,
        activation="relu",
        loss=squared_error,
        batch=16,
        seed=seed,
    )


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    rng = np.random.default_rng(0)  # the same examples for every seed
    x = rng.random((6_000, 10)).astype(np.float32)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    y += 10 * x[:, 3] + 5 * x[:, 4]
    rows = Split(2 * x - 1, ((y - 14.4) / 4.9)[:, None].astype(np.float32))
    train = rows[:3_000]
    noise = _NOISE * rng.standard_normal(train.y.shape).astype(np.float32)
    return Splits(
        train=Split(train.x, train.y + noise), validation=rows[3_000:4_500], test=rows[4_500:]
    )


workload = Workload(
    name="friedman",
    about="Friedman's function, 3,000 x 10, noise 0.2; MLP 64-64, batch 16; NumPy",
    optimizer="SGD, momentum 0.9",
    total=8_000,
    default_lr=1e-3,
    grid_lr=0.03,
    is_held_out=True,
    make=_make,
)
