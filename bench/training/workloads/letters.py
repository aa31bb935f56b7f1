"""Letters in 20 fonts, distorted at random, by 16 counted features (Frey and Slate, 1991)."""

from __future__ import annotations

from functools import cache

import numpy as np

from parts.files import find
from parts.numpy_mlp import NumpyMlp, Split, Splits, cross_entropy
from parts.rda import read_data_frame
from parts.workload import Workload

_FILE = "LetterRecognition.rda"
_INSTALLED = "/usr/lib/R/site-library/mlbench/data"  # Debian's package r-cran-mlbench


def _make(seed: int) -> NumpyMlp:
    return NumpyMlp(
        _splits(),
        hidden=(64, 64),
        outputs=26,
        activation="relu",
        loss=cross_entropy,
        batch=64,
        seed=seed,
    )


@cache  # shared by all runs of a process; nobody writes to it
def _splits() -> Splits:
    frame = read_data_frame(find(_FILE, _INSTALLED), "LetterRecognition")
    labels = np.array([ord(letter) - ord("A") for letter in frame.pop("lettr")])
    # The features are whole numbers from 0 to 15.
    x = (np.stack(list(frame.values()), axis=1).astype(np.float32) - 7.5) / 4
    rows = Split(x, labels)
    # The data's own order; its authors test on the last 4,000.
    return Splits(train=rows[:14_000], validation=rows[14_000:16_000], test=rows[16_000:])


workload = Workload(
    name="letters",
    about="letter recognition, 14,000 x 16, 26 classes; MLP 64-64, batch 64; NumPy",
    optimizer="SGD, momentum 0.9",
    total=12_000,
    default_lr=1e-3,
    grid_lr=0.1,
    is_held_out=False,
    make=_make,
)
