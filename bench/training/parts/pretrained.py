"""A transformer that knows five classes of clothes, to be fine-tuned.

It is trained on first use, and lies from then on in the cache under the digest of what made it.
Processors round differently, so that another machine's may differ in its last digits.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from parts.fashion import read_splits
from parts.files import _CACHE  # that file is part of every version, and stays as it is
from parts.torch_training import Pair, Splits, TorchModel, adamw
from parts.vit import Vit

WIDTH = 32
CLASSES = 5
"""Of ten: the even ones for this training, the odd ones for what comes after it."""

_STEPS = 3_000
_WARMUP = 150
_PEAK = 0.003
_MADE_BY = ("pretrained", "vit", "fashion", "torch_training", "batches")


def make_vit() -> Vit:
    """The network with its first weights."""
    return Vit(classes=CLASSES, layers=2, width=WIDTH, heads=4)


@cache  # shared by all runs of a process; nobody writes to it
def read_half(parity: int, validation: int, test: int) -> Splits:
    """Fashion-MNIST's classes of that parity (0 even, 1 odd), labelled 0 to 4.

    Args:
        parity: Of the classes.
        validation: How many images to validate on, at most 2,400.
        test: How many to test on, at most 5,000.
    """
    splits = read_splits(validation=5_000, test=10_000)
    return Splits(
        train=_half(splits.train, parity, None),
        validation=_half(splits.validation, parity, validation),
        test=_half(splits.test, parity, test),
    )


def _half(pair: Pair, parity: int, most: int | None) -> Pair:
    images, labels = pair
    is_ours = labels % 2 == parity
    return images[is_ours][:most], labels[is_ours][:most] // 2


@cache
def read_pretrained() -> dict[str, Tensor]:
    """The weights of `make_vit` after its training, which takes half a minute the first time."""
    path = _CACHE / f"fashion-vit-{_digest()}.pt"
    if not path.exists():
        sys.stderr.write(f"a network is trained once, to be fine-tuned: {path}\n")
        weights = train_vit()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another process may do the same: each writes a file of its own, and moves it whole.
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            torch.save(weights, file)
        os.replace(name, path)
    weights: dict[str, Tensor] = torch.load(path, weights_only=True)
    return weights


def _digest() -> str:
    digest = hashlib.sha256(torch.__version__.encode())
    for name in _MADE_BY:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:8]


def train_vit(steps: int = _STEPS) -> dict[str, Tensor]:
    """The weights of `make_vit` after the first of its steps."""
    even = read_half(0, validation=1_000, test=1_000)
    model = TorchModel(make_vit, even, optimizer=adamw, batch=32, seed=0, clip=1.0)
    for step in range(steps):
        model.step(_PEAK * min((step + 1) / _WARMUP, 1 - step / _STEPS))
    weights: dict[str, Tensor] = model.module.state_dict()
    return weights
