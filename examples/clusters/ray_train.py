"""Ray Train under autolrs: the workers of Ray do not inherit the driver's environment.

autolrs run --transport tcp -- python ray_train.py
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import ray
import ray.train.torch
import torch
from ray.train import ScalingConfig
from ray.train.torch import TorchTrainer
from torch import nn


def train(config: dict[str, Any]) -> None:
    """What each worker does."""
    import autolrs.torch  # in the worker: the driver has no part in the training

    torch.manual_seed(0)
    x = torch.randn(2048, 32)
    y = x.sum(1, keepdim=True).sin()
    data = torch.utils.data.TensorDataset(x[:1536], y[:1536])
    loader = torch.utils.data.DataLoader(data, 16, shuffle=True)
    loader = ray.train.torch.prepare_data_loader(loader)
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 1))
    model = ray.train.torch.prepare_model(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    criterion = nn.MSELoss()
    tuner = autolrs.torch.attach(model, optimizer, lambda: criterion(model(x[1536:]), y[1536:]))
    for inputs, targets in tuner.cycle(loader, epochs=config["epochs"]):
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)


def tuners_environment() -> dict[str, str]:
    """What the workers need; nothing where no tuner steers this script."""
    printed = subprocess.run(
        ["autolrs", "env", "--rank0", "--json"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = json.loads(printed.stdout) if printed.returncode == 0 else {}
    return found


if __name__ == "__main__":
    ray.init(runtime_env={"env_vars": tuners_environment()})
    TorchTrainer(
        train, train_loop_config={"epochs": 10}, scaling_config=ScalingConfig(num_workers=2)
    ).fit()
