"""Few pictures of new classes, by a transformer that knows others: all its weights are trained."""

from __future__ import annotations

from parts.finetuning import ABOUT, OPTIMIZER, TOTAL, make
from parts.torch_training import MakeOptimizer, TorchModel, adamw
from parts.workload import Workload


def _make(seed: int, optimizer: MakeOptimizer = adamw) -> TorchModel:
    return make(seed, optimizer)


workload = Workload(
    name="finetune-full",
    about=f"{ABOUT}, batch 16; PyTorch",
    optimizer=OPTIMIZER,
    total=TOTAL,
    default_lr=1e-3,
    grid_lr=0.0005,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
