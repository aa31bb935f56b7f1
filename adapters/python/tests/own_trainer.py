"""A trainer that asks and tells: it fits a line to noisy points, by arithmetic that repeats."""

from __future__ import annotations

import json
import os
from pathlib import Path

import autolrs

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
