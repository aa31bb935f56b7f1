"""The options of a run as keywords, for type checkers."""

from __future__ import annotations

import os
from typing import TypedDict


class RunOptions(TypedDict, total=False):
    """Those of `autolrs.Run` that a trainer of one's own can have: all but `keep_schedule`."""

    budget: int | str | None
    until: str | None
    steps: int | None
    target_loss: float | None
    metric: str | None
    maximize: bool | None
    target: float | None
    strategy: str | None
    replay: str | os.PathLike[str] | None
    rescale_to: int | None
    min_lr: float | None
    max_lr: float | None
    search_budget: float | None
    average: str | None
    candidates: int | None
    kappa: float | None
    validation: str | None
    seed: int | None
    tau: int | None
    tau_max: int | None
    probe_steps: int | None
    warmup_steps: int | None
    warmup_lr: float | None
    rollback: bool | None
    forecast: str | None
    run_dir: str | os.PathLike[str] | None
    checkpoint_steps: int | None
    web: bool | None
    tensorboard: str | None
    quiet: bool | None
    log_level: str | None
