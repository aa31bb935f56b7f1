"""The next character of "Moby-Dick" (Melville, 1851), by a recurrent network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from parts.moby_dick import CHARACTERS, read_windows
from parts.torch_training import MakeOptimizer, TorchModel
from parts.workload import Workload

_CONTEXT = 32


def _rmsprop(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters)


def _make(seed: int, optimizer: MakeOptimizer = _rmsprop) -> TorchModel:
    return TorchModel(
        _Gru, read_windows(_CONTEXT, 240), optimizer=optimizer, batch=32, seed=seed, clip=1.0
    )


class _Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.characters = nn.Embedding(CHARACTERS, 32)
        self.recurrent = nn.GRU(32, 64, batch_first=True)
        self.head = nn.Linear(64, CHARACTERS)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(self.characters(x))[0])


workload = Workload(
    name="gru-lm",
    about="characters of Moby-Dick, 964,000; GRU 64, context 32, batch 32; PyTorch",
    optimizer="RMSprop, gradient clipped to norm 1",
    total=1_000,
    default_lr=1e-2,
    grid_lr=0.003,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
