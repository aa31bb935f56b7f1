"""A chaotic series, measured with noise, twelve units of time ahead, by an LSTM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from parts.series import read_series
from parts.torch_regression import TorchRegression
from parts.torch_training import MakeOptimizer
from parts.workload import Workload


def _rmsprop(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters)


def _make(seed: int, optimizer: MakeOptimizer = _rmsprop) -> TorchRegression:
    splits = read_series(5_000, 6_000, 12_000, context=48, ahead=12, noise=0.1)
    return TorchRegression(_Lstm, splits, optimizer=optimizer, batch=16, seed=seed, clip=1.0)


class _Lstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(1, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0])


workload = Workload(
    name="lstm-series",
    about="Mackey-Glass series, 5,000 values, noise 0.1; LSTM 32, window 48, batch 16; PyTorch",
    optimizer="RMSprop, gradient clipped to norm 1",
    total=2_000,
    default_lr=1e-2,
    grid_lr=0.01,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
