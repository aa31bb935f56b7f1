"""The next character of "Moby-Dick" (Melville, 1851), by a recurrent network."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from parts.files import find
from parts.torch_training import MakeOptimizer, Pair, Splits, TorchModel
from parts.workload import Workload

_CONTEXT = 32
_CHARACTERS = 128


def _rmsprop(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters)


def _make(seed: int, optimizer: MakeOptimizer = _rmsprop) -> TorchModel:
    return TorchModel(_Gru, _splits(), optimizer=optimizer, batch=32, seed=seed, clip=1.0)


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    """Windows of the text, and the same one character on; the end of the book is for tests."""
    content = bytearray(find("moby-dick.txt").read_text("utf-8").encode("ascii", "replace"))
    text = torch.frombuffer(content, dtype=torch.uint8).long()
    train, validation, test = text.split([len(text) - 240_000, 120_000, 120_000])
    # Training windows begin anywhere; those of the other splits are spread over all their text.
    return Splits(
        train=_windows(train, 1), validation=_windows(validation, 240), test=_windows(test, 120)
    )


def _windows(text: Tensor, stride: int) -> Pair:
    windows = text.unfold(0, _CONTEXT + 1, stride)
    return windows[:, :-1], windows[:, 1:]


class _Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.characters = nn.Embedding(_CHARACTERS, 32)
        self.recurrent = nn.GRU(32, 64, batch_first=True)
        self.head = nn.Linear(64, _CHARACTERS)

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
