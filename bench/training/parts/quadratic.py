"""Quadratics with noisy gradients: short-horizon bias in its purest form (Wu et al. 2018).

h       curvatures, shape (n,); the loss is sum(h * theta^2) / 2 and its minimum 0
spread  standard deviation of a batch's minimum, in each direction

A batch moves the minimum to c ~ N(0, spread^2), so its gradient is h * (theta - c). No momentum:
the expected loss after a schedule then has a closed form, and the best schedule can be computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_BLOCK = 256
"""Steps whose noise is drawn at once. Only speed depends on it, but the draws do too: keep it."""


class Quadratic:
    """See `parts.workload.Model`. Validation is exact; each seed starts elsewhere at equal loss.

    Args:
        curvatures: h, positive.
        spread: Standard deviation of a batch's minimum.
        seed: Draws the start and the noise.
    """

    def __init__(self, curvatures: np.ndarray, spread: float, seed: int) -> None:
        self.steps = 0
        self.curvatures = curvatures
        self.spread = spread
        self._seed = seed
        # Every direction is as far out as every other; only the side is drawn.
        signs = np.random.default_rng([seed, 0, 1]).integers(0, 2, len(curvatures))
        self._theta = signs * 2.0 - 1
        self._block = -1
        self._noise = np.empty((0, 0))

    def step(self, lr: float) -> float:
        off = self._theta - self._minimum_at(self.steps)
        gradient = self.curvatures * off
        with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
            loss = 0.5 * float(gradient @ off)
            self._theta = self._theta - lr * gradient
        self.steps += 1
        return loss

    def validate(self) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return 0.5 * float(self.curvatures @ (self._theta * self._theta))

    def test(self) -> float:
        return self.validate()

    def save(self) -> Any:
        return {"steps": self.steps, "theta": self._theta.copy()}

    def load(self, state: Any) -> None:
        self.steps = state["steps"]
        self._theta = state["theta"].copy()

    def _minimum_at(self, step: int) -> np.ndarray:
        block, index = divmod(step, _BLOCK)
        if block != self._block:
            self._block = block
            rng = np.random.default_rng([self._seed, block])
            self._noise = self.spread * rng.standard_normal((_BLOCK, len(self.curvatures)))
        return self._noise[index]
