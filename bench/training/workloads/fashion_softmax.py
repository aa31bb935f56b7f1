"""Pictures of clothes by softmax regression: no hidden layer, so the loss is convex."""

from __future__ import annotations

from parts.numpy_mlp import NumpyMlp, cross_entropy
from parts.small_fashion import read_small_splits
from parts.workload import Workload


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        read_small_splits(20_000),
        hidden=(),
        outputs=10,
        activation="relu",
        loss=cross_entropy,
        batch=16,
        seed=seed,
    )


workload = Workload(
    name="fashion-softmax",
    about="Fashion-MNIST, 20,000 x 196, 10 classes; softmax regression, batch 16; NumPy",
    optimizer="SGD, momentum 0.9",
    total=6_000,
    default_lr=1e-3,
    grid_lr=0.01,
    is_held_out=True,
    make=_make,
)
