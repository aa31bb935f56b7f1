"""A transformer over characters as GPT-2 has it (Radford et al., 2019), and AdamW as for it.

Pre-norm blocks without biases, the embedding shared with the output, learned places.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def adamw(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    """Betas 0.9 and 0.95, weight decay 0.1 of all but norms: what is usual for language models."""
    trained = [one for one in parameters if one.requires_grad]
    matrices = [one for one in trained if one.dim() >= 2]
    others = [one for one in trained if one.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    kept_groups = [group for group in groups if group["params"]]
    # A third of a step at this size is the optimizer's unless its loop is a kernel.
    return torch.optim.AdamW(kept_groups, betas=(0.9, 0.95), fused=True)


OPTIMIZER = "AdamW, betas 0.9 and 0.95, weight decay 0.1, gradient clipped to norm 1"


class Gpt(nn.Module):
    """Windows of characters (n x context) to logits of each next one (n x context x characters).

    Args:
        characters: How many there are.
        layers: Blocks.
        width: Of the stream between blocks; a multiple of `heads`.
        heads: Of each attention.
        context: The longest window.
    """

    def __init__(
        self, *, characters: int, layers: int, width: int, heads: int, context: int
    ) -> None:
        super().__init__()
        self.characters = nn.Embedding(characters, width)
        self.places = nn.Parameter(torch.empty(context, width))
        self.blocks = nn.Sequential(*(_Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() >= 2:
                # 2 layers terms are summed up in the stream.
                is_added = name.endswith(("joined.weight", "down.weight"))
                scale = 1 / math.sqrt(2 * layers) if is_added else 1.0
                nn.init.normal_(weight, std=0.02 * scale)

    def forward(self, x: Tensor) -> Tensor:
        stream = self.blocks(self.characters(x) + self.places[: x.shape[1]])
        return functional.linear(self.norm(stream), self.characters.weight)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width, bias=False)
        self.attended = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.before_layer = nn.LayerNorm(width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, context, width = x.shape
        parts = self.attended(self.before_attention(x)).view(batch, context, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.joined(seen.transpose(1, 2).reshape(batch, context, width))
        return x + self.down(functional.gelu(self.up(self.before_layer(x))))
