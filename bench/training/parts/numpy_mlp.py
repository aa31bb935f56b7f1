"""A multilayer perceptron in NumPy, trained by SGD with momentum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parts.batches import Batches

MOMENTUM = 0.9

Loss = Callable[[np.ndarray, np.ndarray], "tuple[float, np.ndarray]"]
"""Outputs (n x outputs) and targets give the mean loss and its gradient in the outputs."""


@dataclass(frozen=True)
class Split:
    """Inputs (n x features) and targets (n labels, or n x outputs)."""

    x: np.ndarray
    y: np.ndarray

    def __getitem__(self, rows: Any) -> Split:
        return Split(self.x[rows], self.y[rows])


@dataclass(frozen=True)
class Splits:
    """What a workload trains on, validates on, and tests on."""

    train: Split
    validation: Split
    test: Split


def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Softmax and cross-entropy, in nats."""
    rows = np.arange(len(labels))
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1)
    loss = float(np.mean(np.log(sums) - shifted[rows, labels]))
    gradient = powers / sums[:, None]
    gradient[rows, labels] -= 1
    gradient /= len(labels)
    return loss, gradient


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean over examples and outputs of the squared error."""
    difference = outputs - targets
    return float(np.mean(difference * difference)), difference * (2 / difference.size)


class NumpyMlp:
    """Hidden layers with one activation, a linear output; see `parts.workload.Model`.

    Args:
        splits: The data.
        hidden: Units of each hidden layer.
        outputs: Units of the output layer.
        activation: "relu" or "tanh".
        loss: `cross_entropy` or `squared_error`.
        batch: Examples a step.
        seed: Draws the first weights and the order of the data.
    """

    def __init__(
        self,
        splits: Splits,
        *,
        hidden: tuple[int, ...],
        outputs: int,
        activation: str,
        loss: Loss,
        batch: int,
        seed: int,
    ) -> None:
        self.steps = 0
        self._splits = splits
        self._is_relu = activation == "relu"
        self._loss = loss
        self._batches = Batches(len(splits.train.x), batch, seed)
        widths = [splits.train.x.shape[1], *hidden, outputs]
        # Weights lie in one array, and so do gradients and velocities: an update is three calls.
        shapes = [s for pair in zip(widths, widths[1:]) for s in (pair, (pair[1],))]
        size = sum(int(np.prod(shape)) for shape in shapes)
        self._weights, self._gradient, self._velocity = np.zeros(
            (3, size), dtype=splits.train.x.dtype
        )
        self._w = _views(self._weights, shapes)
        self._g = _views(self._gradient, shapes)
        rng = np.random.default_rng([seed, 0, 1])  # `Batches` has [seed, epoch] to itself
        gain = 2.0 if self._is_relu else 1.0
        for weight in self._w[::2]:
            weight[...] = rng.standard_normal(weight.shape) * np.sqrt(gain / weight.shape[0])

    def step(self, lr: float) -> float:
        batch = self._splits.train[self._batches.at(self.steps)]
        with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge, and then says NaN
            loss = self._backward(batch)
            self._velocity *= MOMENTUM
            self._velocity += self._gradient
            self._weights -= lr * self._velocity
        self.steps += 1
        return loss

    def validate(self) -> float:
        return self._evaluate(self._splits.validation)

    def test(self) -> float:
        return self._evaluate(self._splits.test)

    def save(self) -> dict[str, Any]:
        return {"steps": self.steps, "w": self._weights.copy(), "v": self._velocity.copy()}

    def load(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        self._weights[:] = state["w"]
        self._velocity[:] = state["v"]

    def _evaluate(self, split: Split) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return self._loss(self._forward(split.x)[-1], split.y)[0]

    def _forward(self, x: np.ndarray) -> list[np.ndarray]:
        """The values of all layers, from the input to the output."""
        values = [x]
        last = len(self._w) // 2 - 1
        for layer in range(last + 1):
            value = values[-1] @ self._w[2 * layer]
            value += self._w[2 * layer + 1]
            if layer < last:
                (np.maximum(value, 0, out=value) if self._is_relu else np.tanh(value, out=value))
            values.append(value)
        return values

    def _backward(self, batch: Split) -> float:
        values = self._forward(batch.x)
        loss, slope = self._loss(values[-1], batch.y)
        for layer in reversed(range(len(self._w) // 2)):
            value = values[layer]
            np.matmul(value.T, slope, out=self._g[2 * layer])
            np.sum(slope, axis=0, out=self._g[2 * layer + 1])
            if layer > 0:
                slope = slope @ self._w[2 * layer].T
                slope *= value > 0 if self._is_relu else 1 - value * value
        return loss


def _views(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes)]
