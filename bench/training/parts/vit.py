"""A small transformer over the patches of an image (Dosovitskiy et al., 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_PATCH = 7
_PATCHES = (28 // _PATCH) ** 2


class Vit(nn.Module):
    """Images of n x 1 x 28 x 28 to the logits of classes (n x classes).

    Args:
        classes: How many there are.
        layers: Blocks.
        width: Of the stream between blocks; a multiple of `heads`.
        heads: Of each attention.
    """

    def __init__(self, *, classes: int, layers: int, width: int, heads: int) -> None:
        super().__init__()
        self.patches = nn.Linear(_PATCH * _PATCH, width)
        self.places = nn.Parameter(0.02 * torch.randn(_PATCHES, width))
        self.blocks = nn.Sequential(*(_Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        patches = (
            x.unfold(2, _PATCH, _PATCH).unfold(3, _PATCH, _PATCH).reshape(len(x), _PATCHES, -1)
        )
        stream = self.blocks(self.patches(patches) + self.places)
        return self.head(self.norm(stream).mean(dim=1))


class _Block(nn.Module):
    """Pre-norm: attention, then a layer of its own for every patch."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.attended = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.before_layer = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, patches, width = x.shape
        parts = self.attended(self.before_attention(x)).view(batch, patches, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        x = x + self.joined(seen.transpose(1, 2).reshape(batch, patches, width))
        return x + self.down(functional.gelu(self.up(self.before_layer(x))))
