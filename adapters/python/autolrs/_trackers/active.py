"""Loss and LR of the committed path, in the MLflow, W&B or trackio run that the script has open.

A tracker that the script has not imported is not imported here either, and no run is begun.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from autolrs._session.phase import phase

SCOPE = "AUTOLRS_TRACKERS"
"""What goes there: `committed` (the default), `all` (the trials too) or `off`."""

MOST_POINTS = 10
"""Of one request; trackers are slow, and the script waits for them."""

LEAST_SECONDS = 1.0
"""Between two points, in the mean."""

Write = Callable[[Mapping[str, float], int], None]


class ActiveRuns:
    """Writes into each run that is open at the time.

    Args:
        warn: Tells a person that a tracker has failed; it gets nothing more.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        scope = os.environ.get(SCOPE) or "committed"
        self._has_trials = scope == "all"
        self._is_off = scope == "off" or (phase() == "search" and not self._has_trials)
        self._warn = warn
        self._failed: set[str] = set()
        self._defined: Any = None
        """The W&B run that knows what our metrics are over."""
        self._last = -math.inf
        self._committed: int | None = None
        """Updates of the committed path, as far as this process has trained it."""
        self.lr_name = "learning_rate"

    def log_steps(
        self, done: Callable[[], Sequence[tuple[float, float]]], step: int, is_search: bool
    ) -> None:
        """Logs what a request has trained.

        Args:
            done: Gives LR and loss of each step.
            step: Updates that the weights have had after the last of them.
            is_search: They will be rolled back.
        """
        if not is_search:
            self._committed = step
        writers = self._writers(is_search)
        if not writers:
            return
        steps = done()
        now = time.monotonic()
        room = (now - self._last) / LEAST_SECONDS
        if room < 1 or not steps:
            return
        self._last = now
        count = int(min(MOST_POINTS, room, len(steps)))
        for i in range(count):
            part = steps[i * len(steps) // count : (i + 1) * len(steps) // count]
            losses = [loss for _, loss in part if math.isfinite(loss)]
            at = step - len(steps) + (i + 1) * len(steps) // count
            values = {self.lr_name: part[-1][0]}
            if losses:
                values["loss"] = sum(losses) / len(losses)
            self._write(writers, values, at, is_search)

    def log_restore(self, step: int) -> None:
        """Marks that committed steps were rolled back: a tracker keeps their points.

        Args:
            step: Updates that the weights have had there.
        """
        committed = self._committed
        if committed is None or step >= committed:
            return  # after a trial
        self._committed = step
        self._write(self._writers(False), {"rolled_back_from": committed}, step, is_search=False)

    def log_evaluation(self, loss: float | None, step: int, is_search: bool) -> None:
        """Logs a validation loss, if it is finite."""
        if loss is not None and math.isfinite(loss):
            writers = self._writers(is_search)
            self._write(writers, {"validation_loss": loss}, step, is_search)

    def _writers(self, is_search: bool) -> dict[str, Write]:
        if self._is_off or (is_search and not self._has_trials):
            return {}
        found = {name: find() for name, find in self._finders().items()}
        return {name: write for name, write in found.items() if write is not None}

    def _finders(self) -> dict[str, Callable[[], Write | None]]:
        all_finders = {"mlflow": _mlflow, "wandb": self._wandb, "trackio": _trackio}
        return {
            name: find
            for name, find in all_finders.items()
            if name in sys.modules and name not in self._failed
        }

    def _write(
        self, writers: Mapping[str, Write], values: Mapping[str, float], step: int, is_search: bool
    ) -> None:
        prefix = "autolrs/trial/" if is_search else "autolrs/"
        named = {f"{prefix}{name}": value for name, value in values.items()}
        for name, write in writers.items():
            try:
                write(named, step)
            except Exception as error:
                self._failed.add(name)
                self._warn(f"{name} takes no metrics of autolrs, and gets no more: {error}")

    def _wandb(self) -> Write | None:
        run = getattr(sys.modules["wandb"], "run", None)
        if run is None:
            return None

        def write(values: Mapping[str, float], step: int) -> None:
            if self._defined is not run:
                run.define_metric("autolrs/step")
                run.define_metric("autolrs/*", step_metric="autolrs/step")
                self._defined = run
            # They come with the script's next row: a row of their own would count as a step of it.
            run.log({"autolrs/step": step, **values}, commit=False)

        return write


def _mlflow() -> Write | None:
    mlflow = sys.modules["mlflow"]
    if mlflow.active_run() is None:
        return None
    return lambda values, step: mlflow.log_metrics(dict(values), step=step)


def _trackio() -> Write | None:
    context = sys.modules.get("trackio.context_vars")
    run = context.current_run.get() if context is not None else None
    if run is None:
        return None
    return lambda values, step: run.log(dict(values), step=step)
