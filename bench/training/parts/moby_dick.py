"""The characters of "Moby-Dick" (Melville, 1851) in windows."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from parts.files import find
from parts.torch_training import Pair, Splits

CHARACTERS = 128


@cache  # shared by all runs of a process; nobody writes to it
def read_windows(context: int, stride: int) -> Splits:
    """Windows of the text, and the same one character on; the end of the book is for tests.

    Args:
        context: Characters of a window.
        stride: Characters between two windows of the validation split; half as many of the test's.
    """
    content = bytearray(find("moby-dick.txt").read_text("utf-8").encode("ascii", "replace"))
    text = torch.frombuffer(content, dtype=torch.uint8).long()
    train, validation, test = text.split([len(text) - 240_000, 120_000, 120_000])
    # Training windows begin anywhere; those of the other splits are spread over all their text.
    return Splits(
        train=_windows(train, context, 1),
        validation=_windows(validation, context, stride),
        test=_windows(test, context, stride // 2),
    )


def _windows(text: Tensor, context: int, stride: int) -> Pair:
    windows = text.unfold(0, context + 1, stride)
    return windows[:, :-1], windows[:, 1:]
