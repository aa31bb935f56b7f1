"""A small network learns another one's outputs: no noise, so the loss may come near zero."""

from __future__ import annotations

from functools import cache

import numpy as np

from parts.numpy_mlp import NumpyMlp, Split, Splits, squared_error
from parts.workload import Workload

_INPUTS = 8
_TEACHER_UNITS = 8


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        _splits(),
        hidden=(32,),
        outputs=1,
        activation="tanh",
        loss=squared_error,
        batch=32,
        seed=seed,
    )


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    rng = np.random.default_rng(0)  # the same teacher and the same examples for every seed
    x = rng.standard_normal((8_000, _INPUTS))
    inner = rng.standard_normal((_INPUTS, _TEACHER_UNITS)) * (2 / np.sqrt(_INPUTS))
    outer = rng.standard_normal((_TEACHER_UNITS, 1)) / np.sqrt(_TEACHER_UNITS)
    rows = Split(x, np.tanh(x @ inner) @ outer)
    return Splits(train=rows[:5_000], validation=rows[5_000:6_500], test=rows[6_500:])


workload = Workload(
    name="regression",
    about="a tanh network of 8 units as teacher, 5,000 x 8, no noise; MLP 32, batch 32; NumPy",
    optimizer="SGD, momentum 0.9",
    total=15_000,
    default_lr=1e-3,
    grid_lr=0.1,
    is_held_out=True,
    make=_make,
)
