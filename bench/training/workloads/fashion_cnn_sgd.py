"""Pictures of clothes, by a convolutional network and SGD."""

from __future__ import annotations

from parts.fashion_cnn import ABOUT, TOTAL, make
from parts.torch_training import MakeOptimizer, TorchModel, sgd
from parts.workload import Workload


def _make(seed: int, optimizer: MakeOptimizer = sgd) -> TorchModel:
    return make(seed, optimizer)


workload = Workload(
    name="fashion-cnn-sgd",
    about=ABOUT,
    optimizer="SGD, momentum 0.9",
    total=TOTAL,
    default_lr=1e-3,
    grid_lr=0.03,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
