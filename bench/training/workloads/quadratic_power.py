"""A noisy quadratic with curvatures 1/i."""

from __future__ import annotations

import numpy as np

from parts.quadratic import Quadratic
from parts.workload import Workload

_CURVATURES = np.repeat(1 / np.arange(1, 101), 10)


def _make(seed: int) -> Quadratic:
    return Quadratic(_CURVATURES, spread=0.5, seed=seed)


workload = Workload(
    name="quadratic-power",
    about="noisy quadratic, 1,000 directions, curvatures 1/i; NumPy",
    optimizer="SGD",
    total=10_000,
    default_lr=1e-3,
    grid_lr=0.1,
    is_held_out=False,
    make=_make,
)
