"""Pictures of clothes, shifted and mirrored at random, by a small residual network."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from parts.augmented import Augment, AugmentedModel
from parts.fashion import read_splits
from parts.torch_training import MakeOptimizer, Splits
from parts.workload import Workload

_IMAGES = 5_000
_WIDTHS = (8, 16, 32)


def _sgd(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, momentum=0.9, nesterov=True, weight_decay=5e-4)


def _make(seed: int, optimizer: MakeOptimizer = _sgd) -> AugmentedModel:
    return AugmentedModel(_ResNet, _splits(), optimizer=optimizer, batch=32, seed=seed)


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    splits = read_splits(validation=1_000, test=2_500)
    images, labels = splits.train
    return Splits(
        train=(images[:_IMAGES], labels[:_IMAGES]), validation=splits.validation, test=splits.test
    )


class _ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.augment = Augment()
        self.stem = nn.Sequential(*_normed(1, _WIDTHS[0], stride=2), nn.ReLU())
        before = (_WIDTHS[0], *_WIDTHS)
        self.blocks = nn.Sequential(*(_Block(*pair) for pair in zip(before, _WIDTHS)))
        self.head = nn.Linear(_WIDTHS[-1], 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem(self.augment(x)))
        return self.head(x.mean(dim=(2, 3)))


class _Block(nn.Module):
    """Two convolutions beside a way around them; halves height and width if it widens."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.inner = nn.Sequential(
            *_normed(before, after, stride=stride), nn.ReLU(), *_normed(after, after)
        )
        self.around = nn.Sequential()
        if before != after:
            convolution = nn.Conv2d(before, after, 1, stride=stride, bias=False)
            self.around = nn.Sequential(convolution, nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.inner(x) + self.around(x))


def _normed(before: int, after: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(after)


workload = Workload(
    name="fashion-resnet",
    about="Fashion-MNIST, 5,000 x 784, augmented, 10 classes; ResNet 8-16-32, batch 32; PyTorch",
    optimizer="SGD, momentum 0.9, Nesterov, weight decay 0.0005",
    total=1_000,
    default_lr=1e-3,
    grid_lr=0.05,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
