"""Pictures of clothes through a bottleneck of 12 units, and out again."""

from __future__ import annotations

from functools import cache

from parts.numpy_mlp import NumpyMlp, Split, Splits, squared_error
from parts.small_fashion import FEATURES, read_small_splits
from parts.workload import Workload


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        _splits(),
        hidden=(64, 12, 64),
        outputs=FEATURES,
        activation="tanh",
        loss=squared_error,
        batch=32,
        seed=seed,
    )


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    splits = read_small_splits(10_000)
    return Splits(
        train=_to_itself(splits.train),
        validation=_to_itself(splits.validation),
        test=_to_itself(splits.test),
    )


def _to_itself(split: Split) -> Split:
    return Split(split.x, split.x)


workload = Workload(
    name="fashion-autoencoder",
    about="Fashion-MNIST, 10,000 x 196; autoencoder 64-12-64, tanh, batch 32; NumPy",
    optimizer="SGD, momentum 0.9",
    total=6_000,
    default_lr=1e-3,
    grid_lr=0.3,
    is_held_out=True,
    make=_make,
)
