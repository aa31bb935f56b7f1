"""A small convolutional network with BatchNorm for Fashion-MNIST."""

from __future__ import annotations

from torch import nn

from parts.fashion import read_splits
from parts.torch_training import MakeOptimizer, TorchModel

ABOUT = "Fashion-MNIST, 55,000 x 784, 10 classes; CNN 16-32 with BatchNorm, batch 32; PyTorch"
TOTAL = 2_000


def make(seed: int, optimizer: MakeOptimizer) -> TorchModel:
    """The network in training."""
    splits = read_splits(validation=1_000, test=2_500)
    return TorchModel(_module, splits, optimizer=optimizer, batch=32, seed=seed)


def _module() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 7 * 7, 10)),
    )
