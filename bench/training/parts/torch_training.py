"""A PyTorch module in training, on one thread of the CPU."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from parts.batches import Batches

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

Pair = tuple[Tensor, Tensor]

MakeOptimizer = Callable[[Iterable[Any]], torch.optim.Optimizer]
"""An optimizer of a module's parameters; its LR is set before every step."""


def sgd(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    """SGD with momentum 0.9."""
    return torch.optim.SGD(parameters, momentum=0.9)


def adamw(parameters: Iterable[Any]) -> torch.optim.Optimizer:
    """AdamW as PyTorch makes it: weight decay 0.01."""
    return torch.optim.AdamW(parameters)


@dataclass(frozen=True)
class Splits:
    """Inputs and labels of each split."""

    train: Pair
    validation: Pair
    test: Pair


class TorchModel:
    """See `parts.workload.Model`.

    Args:
        make: The module; it may draw from torch's global random numbers, and not later.
        splits: The data.
        optimizer: Makes the optimizer.
        batch: Examples a step.
        seed: Draws the first weights and the order of the data.
        clip: The gradient's largest norm.
    """

    def __init__(
        self,
        make: Callable[[], nn.Module],
        splits: Splits,
        *,
        optimizer: MakeOptimizer,
        batch: int,
        seed: int,
        clip: float = math.inf,
    ) -> None:
        self.steps = 0
        torch.manual_seed(seed)
        self.module = make()
        self.optimizer = optimizer(self.module.parameters())
        self.splits = splits
        self._batches = Batches(len(splits.train[0]), batch, seed)
        self._clip = clip

    def step(self, lr: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        rows = torch.from_numpy(self._batches.at(self.steps))
        x, y = self.splits.train
        loss = _loss(self.module(x[rows]), y[rows])
        self.optimizer.zero_grad()
        loss.backward()
        if self._clip < math.inf:
            nn.utils.clip_grad_norm_(self.module.parameters(), self._clip)
        self.optimizer.step()
        self.steps += 1
        return loss.item()

    def validate(self) -> float:
        return self._evaluate(self.splits.validation)

    def test(self) -> float:
        return self._evaluate(self.splits.test)

    def save(self) -> Any:
        # Without the copy, what is saved would be what is trained.
        parts = {"module": self.module.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {"steps": self.steps, **copy.deepcopy(parts)}

    def load(self, state: Any) -> None:
        self.steps = state["steps"]
        self.module.load_state_dict(state["module"])
        # The optimizer keeps what it is given, and training would change what is saved.
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))

    @torch.no_grad()
    def _evaluate(self, split: Pair) -> float:
        self.module.eval()
        parts = zip(split[0].split(500), split[1].split(500))
        sums = [_loss(self.module(x), y).item() * len(x) for x, y in parts]
        self.module.train()
        return sum(sums) / len(split[0])


def _loss(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy in nats over all positions; classes are the last dimension of the outputs."""
    return nn.functional.cross_entropy(outputs.flatten(0, -2), labels.flatten())
