"""A noisy quadratic with curvatures 1 to 1e-4 evenly in log."""

from __future__ import annotations

import numpy as np

from parts.quadratic import Quadratic
from parts.workload import Workload

_CURVATURES = np.repeat(np.logspace(0, -4, 100), 10)


def _make(seed: int) -> Quadratic:
    return Quadratic(_CURVATURES, spread=1.0, seed=seed)


workload = Workload(
    name="quadratic-wide",
    about="noisy quadratic, 1,000 directions, curvatures 1 to 1e-4 evenly in log; NumPy",
    optimizer="SGD",
    total=10_000,
    default_lr=1e-3,
    grid_lr=0.1,
    is_held_out=False,
    make=_make,
)
