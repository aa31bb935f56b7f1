"""A PyTorch module in training on the squared error, where `TorchModel` has the cross-entropy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from parts.torch_training import Pair, TorchModel


class TorchRegression(TorchModel):
    """A `TorchModel` of targets of the outputs' shape."""

    def step(self, lr: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        rows = torch.from_numpy(self._batches.at(self.steps))
        x, y = self.splits.train
        loss = _loss(self.module(x[rows]), y[rows])
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), self._clip)
        self.optimizer.step()
        self.steps += 1
        return loss.item()

    @torch.no_grad()
    def _evaluate(self, split: Pair) -> float:
        self.module.eval()
        parts = zip(split[0].split(500), split[1].split(500))
        sums = [_loss(self.module(x), y).item() * len(x) for x, y in parts]
        self.module.train()
        return sum(sums) / len(split[0])


def _loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.mse_loss(outputs, targets)
