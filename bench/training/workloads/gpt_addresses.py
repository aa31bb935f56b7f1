"""The next character of addresses on the State of the Union, by a transformer of four layers."""

from __future__ import annotations

from torch import nn

from parts.addresses import CHARACTERS, Years, read_addresses
from parts.gpt import OPTIMIZER, Gpt, adamw
from parts.torch_training import MakeOptimizer, TorchModel
from parts.workload import Workload

_CONTEXT = 32


def _make(seed: int, optimizer: MakeOptimizer = adamw) -> TorchModel:
    splits = read_addresses(
        tuple(year for year in range(1861, 2001) if year % 5 != 0),
        _every_tenth(1865),
        _every_tenth(1870),
        context=_CONTEXT,
        stride=4_000,
    )
    return TorchModel(_module, splits, optimizer=optimizer, batch=8, seed=seed, clip=1.0)


def _every_tenth(first: int) -> Years:
    return tuple(range(first, 2001, 10))


def _module() -> nn.Module:
    return Gpt(characters=CHARACTERS, layers=4, width=48, heads=4, context=_CONTEXT)


workload = Workload(
    name="gpt-addresses",
    about="characters of addresses, 5,566,000; transformer 4 x 48, context 32, batch 8; PyTorch",
    optimizer=OPTIMIZER,
    total=1_000,
    default_lr=1e-3,
    grid_lr=0.004,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
