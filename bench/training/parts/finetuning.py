"""Few pictures of five classes of clothes, for a transformer that knows five others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from torch import nn

from parts.pretrained import CLASSES, WIDTH, make_vit, read_half, read_pretrained
from parts.torch_training import MakeOptimizer, Splits, TorchModel

ABOUT = "Fashion-MNIST, 500 x 784, 5 classes; transformer 2 x 32 that knows 5 others"
OPTIMIZER = "AdamW, weight decay 0.01, gradient clipped to norm 1"
TOTAL = 1_000

_IMAGES = 500


def make(
    seed: int, optimizer: MakeOptimizer, prepare: Callable[[nn.Module], Any] = lambda module: None
) -> TorchModel:
    """The network in fine-tuning, with a new head; `prepare` may change all before it."""

    def module() -> nn.Module:
        vit = make_vit()
        vit.load_state_dict(read_pretrained())
        prepare(vit)
        vit.head = nn.Linear(WIDTH, CLASSES)
        return vit

    return TorchModel(module, _splits(), optimizer=optimizer, batch=16, seed=seed, clip=1.0)


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    odd = read_half(1, validation=1_000, test=2_500)
    images, labels = odd.train
    return Splits(
        train=(images[:_IMAGES], labels[:_IMAGES]), validation=odd.validation, test=odd.test
    )
