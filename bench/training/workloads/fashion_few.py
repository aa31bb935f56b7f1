"""Few pictures of clothes, and a net that can learn them by heart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import nn

from parts.fashion import read_splits
from parts.torch_training import MakeOptimizer, Splits, TorchModel
from parts.workload import Workload

_IMAGES = 5_000


def _adam(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters)


def _make(seed: int, optimizer: MakeOptimizer = _adam) -> TorchModel:
    return TorchModel(_module, _splits(), optimizer=optimizer, batch=32, seed=seed)


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    splits = read_splits(validation=2_000, test=10_000)
    images, labels = splits.train
    return Splits(
        train=(images[:_IMAGES], labels[:_IMAGES]), validation=splits.validation, test=splits.test
    )


def _module() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(784, 128), nn.LayerNorm(128), nn.GELU()),
        nn.Linear(128, 10),
    )


workload = Workload(
    name="fashion-few",
    about="Fashion-MNIST, 5,000 x 784, 10 classes; MLP 128 with LayerNorm, batch 32; PyTorch",
    optimizer="Adam",
    total=2_000,
    default_lr=1e-3,
    grid_lr=0.001,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
