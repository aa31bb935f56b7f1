"""Images that are shifted and mirrored at random: how depends on the seed and the step alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from parts.torch_training import TorchModel

_MARGIN = 2
"""Pixels by which an image is shifted at most, in each direction."""


class Augment(nn.Module):
    """Shifts and mirrors images (n x channels x height x width) in training, and not after it."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        count, _, height, width = x.shape
        padded = nn.functional.pad(x, (_MARGIN,) * 4, value=float(x.min()))
        down, right = torch.from_numpy(self.rng.integers(0, 2 * _MARGIN + 1, (2, count, 1)))
        is_mirrored = torch.from_numpy(self.rng.random((count, 1)) < 0.5)
        columns = torch.arange(width).expand(count, -1)
        columns = torch.where(is_mirrored, width - 1 - columns, columns) + right
        rows = torch.arange(height) + down
        images = torch.arange(count)[:, None, None]
        # Indices apart put the channels last.
        return padded[images, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


class AugmentedModel(TorchModel):
    """A `TorchModel` whose module has `Augment` as its part `augment`."""

    def __init__(self, make: Any, splits: Any, *, seed: int, **settings: Any) -> None:
        super().__init__(make, splits, seed=seed, **settings)
        self._seed = seed

    def step(self, lr: float) -> float:
        self.module.augment.rng = np.random.default_rng([self._seed, self.steps, 2])
        return super().step(lr)
