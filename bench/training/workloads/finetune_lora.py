"""Few pictures of new classes, by a transformer that knows others, through low-rank factors."""

from __future__ import annotations

from torch import nn

from parts.finetuning import ABOUT, OPTIMIZER, TOTAL, make
from parts.low_rank import add_low_rank
from parts.torch_training import MakeOptimizer, TorchModel, adamw
from parts.workload import Workload

_RANK = 4


def _make(seed: int, optimizer: MakeOptimizer = adamw) -> TorchModel:
    return make(seed, optimizer, _prepare)


def _prepare(module: nn.Module) -> None:
    add_low_rank(module, _RANK, scale=2.0)


workload = Workload(
    name="finetune-lora",
    about=f"{ABOUT}, factors of rank {_RANK}, batch 16; PyTorch",
    optimizer=OPTIMIZER,
    total=TOTAL,
    default_lr=1e-3,
    grid_lr=0.001,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
