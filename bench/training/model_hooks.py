"""What the tuner's session asks of a framework, answered by a workload's model."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autolrs._averages.arrays import ArrayAverages
from autolrs._averages.keeper import KeepsAverages
from autolrs._averages.sampling import Sampling
from averages import averaged, read, write
from recorded import Recorded


class ModelHooks(KeepsAverages):
    """See `autolrs.hooks.Hooks`. The framework's random numbers are not in use after the start.

    Args:
        model: What is trained.
        lr: The LR of the first step, until somebody sets another.
    """

    framework = "bench"
    holds: Sequence[str] = ("model", "optimizer", "batches")
    groups: Sequence[float] = (1.0,)
    can_validate = True

    def __init__(self, model: Recorded, lr: float) -> None:
        self.lr = lr
        self._model = model

    def check(self) -> None:
        pass

    def get_lr(self) -> float:
        return self.lr

    def set_lr(self, lr: float) -> None:
        self.lr = lr

    def read_loss(self, loss: Any) -> float | None:
        return float(loss)

    def hold_loss(self, loss: Any) -> Any:
        return loss

    def read_held(self, held: Sequence[Any]) -> list[float]:
        return list(held)

    def validate(self) -> tuple[float, dict[str, float]]:
        return self._model.validate(), {}

    def capture(self) -> Any:
        return {"lr": self.lr, "model": self._model.save(), **self.averages_state()}

    def apply(self, state: Any) -> None:
        self.lr = state["lr"]
        self._model.load(state["model"])
        self.apply_averages(state.get("averages"))

    def size(self, state: Any) -> int:
        return len(pickle.dumps(state))

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        content = pickle.dumps({"state": self.capture(), "step": step, "place": place})
        with open(f"{path}.tmp", "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{path}.tmp", path)
        return len(content)

    def read(self, path: str) -> tuple[Any, int, dict[str, Any] | None]:
        # Only this script's own files come here: it runs under the bench, in a folder of its own.
        with open(path, "rb") as file:
            content = pickle.load(file)
        return content["state"], content["step"], content["place"]

    @contextmanager
    def data_rng(self) -> Iterator[None]:
        yield

    def data_state(self, loader: Any) -> Any:
        return None

    def set_data_state(self, loader: Any, state: Any) -> None:
        pass

    def keep(self, item: Any) -> Any:
        return item

    def make_averages(self, sampling: Sampling, values: Any) -> ArrayAverages:
        def arrays() -> list[Any]:
            return averaged(self._model.inner)

        return ArrayAverages(
            lambda: [read(arrays())], lambda means: write(arrays(), means[0]), sampling, values
        )
