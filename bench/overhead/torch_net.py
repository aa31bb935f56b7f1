"""The networks in PyTorch."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from common import BATCH, NET, data


def net() -> nn.Module:
    torch.manual_seed(0)
    if NET == "mlp":
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 28)), nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 10)),
    )


def loader() -> DataLoader:
    images, labels = data()
    set_ = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels).long())
    return DataLoader(set_, BATCH, shuffle=True)
