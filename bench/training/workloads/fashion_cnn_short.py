"""A small CNN with BatchNorm that trains for 500 steps."""

from __future__ import annotations

from torch import nn

from parts.fashion import read_splits
from parts.torch_training import MakeOptimizer, TorchModel, sgd
from parts.workload import Workload


def _make(seed: int, optimizer: MakeOptimizer = sgd) -> TorchModel:
    splits = read_splits(validation=2_000, test=10_000)
    return TorchModel(_module, splits, optimizer=optimizer, batch=32, seed=seed)


def _module() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5, stride=2), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, stride=2), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(16 * 5 * 5, 10)),
    )


workload = Workload(
    name="fashion-cnn-short",
    about="Fashion-MNIST, 55,000 x 784, 10 classes; CNN 8-16 with BatchNorm, batch 32; PyTorch",
    optimizer="SGD, momentum 0.9",
    total=500,
    default_lr=1e-3,
    grid_lr=0.1,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
