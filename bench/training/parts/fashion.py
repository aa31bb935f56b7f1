"""Fashion-MNIST (Xiao et al., 2017), from Debian's package dataset-fashion-mnist."""

from __future__ import annotations

import gzip
from functools import cache

import torch
from torch import Tensor

from parts.files import find
from parts.torch_training import Splits

_INSTALLED = "/usr/share/datasets/fashion-mnist"


@cache  # shared by all runs of a process; nobody writes to it
def read_splits(validation: int, test: int) -> Splits:
    """Images as n x 1 x 28 x 28, about standardised, with their labels.

    Args:
        validation: How many of the last 5,000 training images to validate on; all are held back.
        test: How many of the 10,000 test images to test on.
    """
    images, labels = _read("train")
    tests = tuple(part[:test] for part in _read("t10k"))
    return Splits(
        train=(images[:-5_000], labels[:-5_000]),
        validation=(images[-5_000:][:validation], labels[-5_000:][:validation]),
        test=(tests[0], tests[1]),
    )


def _read(name: str) -> tuple[Tensor, Tensor]:
    images = _bytes(f"{name}-images-idx3-ubyte.gz", header_bytes=16)
    labels = _bytes(f"{name}-labels-idx1-ubyte.gz", header_bytes=8)
    return (images.view(-1, 1, 28, 28).float() / 255 - 0.286) / 0.353, labels.long()


def _bytes(name: str, header_bytes: int) -> Tensor:
    content = bytearray(gzip.decompress(find(name, _INSTALLED).read_bytes()))
    return torch.frombuffer(content, dtype=torch.uint8, offset=header_bytes)
