"""Low-rank factors beside frozen weights, which alone are trained (LoRA; Hu et al., 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class LowRank(nn.Module):
    """A frozen linear layer W, and x W' + scale * x A' B' of it; B begins at zero.

    Args:
        frozen: The layer.
        rank: Rows of A, and columns of B.
        scale: Of the product.
    """

    def __init__(self, frozen: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.frozen = frozen.requires_grad_(False)
        self.a = nn.Parameter(
            torch.randn(rank, frozen.in_features) / math.sqrt(frozen.in_features)
        )
        self.b = nn.Parameter(torch.zeros(frozen.out_features, rank))
        self._scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return self.frozen(x) + self._scale * (x @ self.a.T @ self.b.T)


def add_low_rank(module: nn.Module, rank: int, scale: float) -> None:
    """Freezes a module, and puts `LowRank` in the place of each linear layer inside."""
    module.requires_grad_(False)
    for part in list(module.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Linear):
                setattr(part, name, LowRank(child, rank, scale))
