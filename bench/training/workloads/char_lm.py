"""The next character of "Moby-Dick" (Melville, 1851), by a small transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from parts.moby_dick import CHARACTERS, read_windows
from parts.torch_training import MakeOptimizer, TorchModel, adamw
from parts.workload import Workload

_CONTEXT = 64
_WIDTH = 64
_HEADS = 4
_LAYERS = 2


def _make(seed: int, optimizer: MakeOptimizer = adamw) -> TorchModel:
    return TorchModel(
        _Transformer,
        read_windows(_CONTEXT, 480),
        optimizer=optimizer,
        batch=16,
        seed=seed,
        clip=1.0,
    )


class _Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.characters = nn.Embedding(CHARACTERS, _WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn(_CONTEXT, _WIDTH))
        self.blocks = nn.Sequential(*(_Block() for _ in range(_LAYERS)))
        self.head = nn.Sequential(nn.LayerNorm(_WIDTH), nn.Linear(_WIDTH, CHARACTERS))
        nn.init.normal_(self.characters.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.characters(x) + self.places))


class _Block(nn.Module):
    """Pre-norm: attention, then a layer of its own for every place."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(_WIDTH)
        self.heads = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.joined = nn.Linear(_WIDTH, _WIDTH)
        self.apart = nn.Sequential(
            nn.LayerNorm(_WIDTH),
            *(nn.Linear(_WIDTH, 4 * _WIDTH), nn.GELU(), nn.Linear(4 * _WIDTH, _WIDTH)),
        )

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[0]
        parts = self.heads(self.norm(x)).view(batch, -1, 3, _HEADS, _WIDTH // _HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.joined(seen.transpose(1, 2).reshape(batch, -1, _WIDTH))
        return x + self.apart(x)


workload = Workload(
    name="char-lm",
    about="characters of Moby-Dick, 964,000; transformer 2 x 64, context 64, batch 16; PyTorch",
    optimizer="AdamW, weight decay 0.01, gradient clipped to norm 1",
    total=1_500,
    default_lr=1e-3,
    grid_lr=0.003,
    is_held_out=False,
    make=_make,
    make_with=_make,
)
