"""A trainer that asks and tells: it fits a line to noisy points, by arithmetic that repeats."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import autolrs
from autolrs._averages.sampling import Sampling

State = tuple[int, float, float]


class Line:
    """Slope and offset. The step says which points are next, so that the same come again."""

    def __init__(self) -> None:
        self.state: State = (0, 0.0, 0.0)
        self.saved: dict[str, State] = {}

    def carry_out(self, asked: autolrs.Asked) -> autolrs.Told:
        """Does what was asked."""
        if isinstance(asked, autolrs.Train):
            return autolrs.Trained([self._update(lr) for lr in asked.lrs])
        if isinstance(asked, autolrs.Validate):
            return autolrs.Validated(self._evaluate(1_000_000, 500)[0])
        if isinstance(asked, autolrs.Save):
            return self._save(asked.checkpoint, asked.path)
        if isinstance(asked, autolrs.Restore):
            return self._restore(asked.checkpoint, asked.path)
        assert isinstance(asked, autolrs.Discard)
        if asked.path is None:
            del self.saved[asked.checkpoint]
        else:
            Path(asked.path).unlink(missing_ok=True)
        return autolrs.Discarded()

    def _save(self, checkpoint: str, path: str | None) -> autolrs.Saved:
        if path is None:
            self.saved[checkpoint] = self.state
        else:
            Path(f"{path}.tmp").write_text(json.dumps(self.state))
            os.replace(f"{path}.tmp", path)
        return autolrs.Saved()

    def _restore(self, checkpoint: str, path: str | None) -> autolrs.Restored:
        if path is None:
            self.state = self.saved[checkpoint]
        else:
            step, slope, offset = json.loads(Path(path).read_text())
            self.state = (step, slope, offset)
        return autolrs.Restored(self.state[0])

    def _update(self, lr: float) -> float:
        step, slope, offset = self.state
        loss, by_slope, by_offset = self._evaluate(16 * step, 16)
        self.state = (step + 1, slope - lr * by_slope, offset - lr * by_offset)
        return loss

    def _evaluate(self, first: int, count: int) -> tuple[float, float, float]:
        _, slope, offset = self.state
        loss = by_slope = by_offset = 0.0
        for k in range(first, first + count):
            x, noise = k * k * 7 % 2003 / 1001 - 1, k * k * 11 % 3001 / 1500 - 1
            error = slope * x + offset - (3 * x - 1 + noise)
            loss += error * error / count
            by_slope += 2 * error * x / count
            by_offset += 2 * error / count
        return loss, by_slope, by_offset


class AveragedLine(Line):
    """With averages of slope and offset, which a checkpoint holds too. It writes no files."""

    def __init__(self) -> None:
        super().__init__()
        self.sampling: Sampling | None = None
        self.means: dict[float, tuple[float, float]] = {}
        self.adopted: list[float] = []
        self._kept: dict[str, tuple[State, dict[str, Any] | None, dict[float, Any]]] = {}

    def carry_out(self, asked: autolrs.Asked) -> autolrs.Told:
        if isinstance(asked, autolrs.Train):
            return self._train(asked)
        if isinstance(asked, autolrs.Validate) and asked.at is not None:
            state, self.state = self.state, (self.state[0], *self.means[asked.at])
            told = super().carry_out(autolrs.Validate())
            self.state = state
            return told
        if isinstance(asked, autolrs.Adopt):
            self.state = (self.state[0], *self.means[asked.at])
            self.sampling = None
            self.adopted.append(asked.at)
            return autolrs.Adopted()
        if isinstance(asked, autolrs.Save):
            sampling = None if self.sampling is None else self.sampling.state()
            self._kept[asked.checkpoint] = (self.state, sampling, dict(self.means))
        if isinstance(asked, autolrs.Restore):
            self.state, sampling, means = self._kept[asked.checkpoint]
            self.sampling = None if sampling is None else Sampling.of(sampling)
            self.means = dict(means)
            return autolrs.Restored()
        return super().carry_out(asked)

    def _train(self, asked: autolrs.Train) -> autolrs.Trained:
        average = asked.average
        if average is None:
            self.sampling = None
        elif self.sampling is None or not self.sampling.is_of(average):
            self.sampling = Sampling(average)
            self.means = dict.fromkeys(average.powers, (0.0, 0.0))
        losses = []
        for lr in asked.lrs:
            losses.append(self._update(lr))
            if self.sampling is not None:
                self._average(self.sampling)
        return autolrs.Trained(losses)

    def _average(self, sampling: Sampling) -> None:
        _, *weights = self.state
        for power, share in zip(sampling.powers, sampling.count_update() or ()):
            slope, offset = (
                mean + share * (weight - mean) for mean, weight in zip(self.means[power], weights)
            )
            self.means[power] = (slope, offset)
