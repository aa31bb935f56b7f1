"""Handwritten digits of which a fifth of the training labels are wrong.

Validation and test labels are right: a model that learns the wrong labels by heart shows it there.
"""

from __future__ import annotations

import gzip
import io
from functools import cache

import numpy as np

from parts.files import REPOSITORY
from parts.numpy_mlp import NumpyMlp, Split, Splits, cross_entropy
from parts.workload import Workload

_NOISE = 0.2


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        _splits(),
        hidden=(64,),
        outputs=10,
        activation="relu",
        loss=cross_entropy,
        batch=32,
        seed=seed,
    )


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    text = gzip.decompress((REPOSITORY / "examples/demo/digits.csv.gz").read_bytes())
    table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.float32)
    rng = np.random.default_rng(0)  # the same splits and the same wrong labels for every seed
    table = table[rng.permutation(len(table))]
    rows = Split(table[:, :-1] / 8 - 1, table[:, -1].astype(np.int64))
    train = rows[:997]
    is_wrong = rng.random(len(train.y)) < _NOISE
    others = (train.y + rng.integers(1, 10, len(train.y))) % 10
    noisy = Split(train.x, np.where(is_wrong, others, train.y))
    return Splits(train=noisy, validation=rows[997:1397], test=rows[1397:])


workload = Workload(
    name="digits",
    about="digits, 997 x 64, 10 classes, 20 % of training labels wrong; MLP 64, batch 32; NumPy",
    optimizer="SGD, momentum 0.9",
    total=6_000,
    default_lr=1e-3,
    grid_lr=0.01,
    is_held_out=True,
    make=_make,
)
