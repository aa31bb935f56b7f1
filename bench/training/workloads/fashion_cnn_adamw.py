"""Pictures of clothes, by a convolutional network and AdamW."""

from __future__ import annotations

from parts.fashion_cnn import ABOUT, TOTAL, make
from parts.torch_training import MakeOptimizer, TorchModel, adamw
from parts.workload import Workload


def _make(seed: int, optimizer: MakeOptimizer = adamw) -> TorchModel:
    return make(seed, optimizer)


workload = Workload(
    name="fashion-cnn-adamw",
    about=ABOUT,
    optimizer="AdamW, weight decay 0.01",
    total=TOTAL,
    default_lr=1e-3,
    grid_lr=0.003,
    is_held_out=True,
    make=_make,
    make_with=_make,
)
