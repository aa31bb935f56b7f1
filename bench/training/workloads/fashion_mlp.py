"""Pictures of clothes, by a multilayer perceptron."""

from __future__ import annotations

from torch import nn

from parts.fashion import read_splits
from parts.torch_training import MakeOptimizer, TorchModel, sgd
from parts.workload import Workload


def _make(seed: int, optimizer: MakeOptimizer = sgd) -> TorchModel:
    splits = read_splits(validation=2_000, test=10_000)
    return TorchModel(_module, splits, optimizer=optimizer, batch=64, seed=seed)


def _module() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(784, 128), nn.ReLU()),
        *(nn.Linear(128, 128), nn.ReLU()),
        nn.Linear(128, 10),
    )


workload = Workload(
    name="fashion-mlp",
    about="Fashion-MNIST, 55,000 x 784, 10 classes; MLP 128-128, batch 64; PyTorch",
    optimizer="SGD, momentum 0.9",
    total=5_000,
    default_lr=1e-3,
    grid_lr=0.03,
    is_held_out=False,
    make=_make,
    make_with=_make,
)
