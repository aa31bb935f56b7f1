"""What a script asks of a run that it starts itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from typing import Any

from autolrs.errors import ArgumentError

ASKS = "AUTOLRS_RUN"
"""Set to 1 it asks for a run in the place of `run=`."""

_OFF = {"", "0", "false", "no", "off"}


@dataclass
class Run:
    """A run to be started by `attach(…, run=Run(…))`, where no tuner drives the script.

    Each option is a flag of `autolrs run`, with underscores for hyphens: the same meaning, check
    and default, and the same variable in the environment where it is left out. The search is
    within the run.

    Args:
        budget: Steps to train, search included; or a text, as "30m", "2h" or "5ep" (epochs).
        steps: Steps to train, search excluded. Without it and `budget`: the script's own number.
        run_dir: Where journal, checkpoints and result go. If a run is there already it goes on,
            and a larger `budget` or `steps` extends it.

    Example:
        tuner = autolrs.torch.attach(model, optimizer, validate, run=autolrs.Run(budget=1600))
    """

    budget: int | str | None = None
    until: str | None = None
    steps: int | None = None
    target_loss: float | None = None
    metric: str | None = None
    maximize: bool | None = None
    target: float | None = None
    strategy: str | None = None
    keep_schedule: bool | None = None
    replay: str | os.PathLike[str] | None = None
    rescale_to: int | None = None
    min_lr: float | None = None
    max_lr: float | None = None
    search_budget: float | None = None
    average: str | None = None
    candidates: int | None = None
    kappa: float | None = None
    validation: str | None = None
    seed: int | None = None
    tau: int | None = None
    tau_max: int | None = None
    probe_steps: int | None = None
    warmup_steps: int | None = None
    warmup_lr: float | None = None
    rollback: bool | None = None
    forecast: str | None = None
    run_dir: str | os.PathLike[str] | None = None
    checkpoint_steps: int | None = None
    web: bool | None = None
    tensorboard: str | None = None
    quiet: bool | None = None
    log_level: str | None = None
    dir: str | None = field(default=None, init=False, repr=False)
    """The run directory, once the run has begun."""
    result: dict[str, Any] | None = field(default=None, init=False, repr=False)
    """What `result.json` holds, once the run has ended."""

    def flags(self) -> list[str]:
        """The options that were given, for the command."""
        return [flag for each in fields(self) if each.init for flag in self._flag(each.name)]

    def again(self) -> str:
        """What the same call names to go on with the run."""
        return f"run=autolrs.Run(run_dir={self.dir!r})"

    def _flag(self, name: str) -> list[str]:
        value, flag = getattr(self, name), name.replace("_", "-")
        if value is None:
            return []
        if name in ("keep_schedule", "maximize", "rollback", "quiet", "web"):
            if name in ("keep_schedule", "maximize") and not value:
                return [f"--no-{flag}"]
            return [f"--{flag}"] if value else []
        return [f"--{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}"]


def asked_run(run: Run | None) -> Run | None:
    """The run that a script asks for, by its argument or by its environment.

    Raises:
        ArgumentError: It is no Run.
    """
    if run is not None and not isinstance(run, Run):
        raise ArgumentError(
            f"run is {run!r}; give an autolrs.Run, as in run=autolrs.Run(budget=1600)"
        )
    return Run() if run is None and is_asked_by_env() else run


def is_asked_by_env() -> bool:
    """Not so in a child of a script that is driven."""
    asks = os.environ.get(ASKS, "").strip().lower() not in _OFF
    return asks and os.environ.get("AUTOLRS") != "0"


def in_words_of_run(sentence: str) -> str:
    """A sentence of the command, whose flags are options of `Run` here."""
    names = {each.name for each in fields(Run) if each.init}

    def name_of(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        if name[:3] == "no_" and name[3:] in names:
            return f"{name[3:]}=False"
        return name if name in names else match[0]

    return re.sub(r"--([a-z][a-z-]*)", name_of, sentence)
