"""Real data for the scripts: a copy of this file lies beside each, as `data.py`."""

from __future__ import annotations

import argparse
import gzip
import inspect
import os
import typing
from pathlib import Path

import numpy
import torch

FASHION = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


def fashion(part: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first images of Fashion-MNIST.

    Args:
        part: `train` or `t10k`.
        count: How many.

    Returns:
        The images as rows of 196 (14 x 14, of means of 2 x 2), standardized, and their classes.
    """
    with gzip.open(FASHION / f"{part}-images-idx3-ubyte.gz") as images:
        images.read(16)
        pixels = numpy.frombuffer(images.read(count * 784), numpy.uint8)
    with gzip.open(FASHION / f"{part}-labels-idx1-ubyte.gz") as labels:
        labels.read(8)
        classes = numpy.frombuffer(labels.read(count), numpy.uint8)
    x = torch.from_numpy(pixels.astype("float32")).view(count, 14, 2, 14, 2).mean((2, 4))
    return (x.flatten(1) - 73.0) / 84.0, torch.from_numpy(classes.astype("int64"))


def digits(part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The digits of scikit-learn, mixed: 1200 to train, the other 597 to test.

    Returns:
        The images as rows of 64 whole numbers of 0 to 16, and their classes.
    """
    with gzip.open(os.environ["DIGITS"]) as file:
        rows = torch.from_numpy(numpy.loadtxt(file, delimiter=",")).long()
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
    rows = rows[:1200] if part == "train" else rows[1200:]
    return rows[:, :-1], rows[:, -1]


def characters() -> torch.Tensor:
    """Two modules of Python's library as numbers below 128: about 200,000 characters."""
    text = inspect.getsource(argparse) + inspect.getsource(typing)
    return torch.tensor([min(ord(each), 127) for each in text])
