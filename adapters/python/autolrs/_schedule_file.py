"""The schedule of an earlier run, for a training without the tuner."""

from __future__ import annotations

import json
import math
import os
from bisect import bisect_right
from typing import Any, Callable

from autolrs.errors import ScheduleFileError

FILE = "schedule.json"
VERSION = 1


def schedule(path: str | os.PathLike[str], optimizer: Any = None) -> Any:
    """The learning rates that a run found, for another training without the tuner.

    Args:
        path: The `schedule.json` of a run, or its directory.
        optimizer: A PyTorch optimizer. Ratios between its parameter groups are kept.

    Returns:
        A scheduler for the optimizer, to be stepped after each of its steps. Without an optimizer,
        the LR as a function of the step, counted from 0; after the last change it stays.

    Raises:
        ScheduleFileError: The file holds no schedule, or one of factors on a schedule of the
            script's own, which no scheduler can set.

    Example:
        >>> scheduler = autolrs.schedule("runs/a/schedule.json", optimizer)
        >>> optimizer.step(); scheduler.step()
    """
    name = os.path.join(path, FILE) if os.path.isdir(path) else os.fspath(path)
    document = _read(name)
    lr_at = _function_of(document, name)
    if optimizer is None:
        return lr_at
    if document.get("keepSchedule"):
        raise ScheduleFileError(
            f'"{name}" holds factors on the script\'s own schedule; multiply that schedule by '
            "autolrs.schedule(path)(step), or the optimizer's LR where the factor is one"
        )
    return _scheduler(optimizer, lr_at)


def _read(name: str) -> dict[str, Any]:
    try:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ScheduleFileError(f'"{name}" cannot be read: {reason}') from error
    except ValueError as error:
        raise ScheduleFileError(f'"{name}" is no JSON ({error}); give a {FILE}') from error
    if not isinstance(document, dict) or not isinstance(document.get("schedule"), list):
        raise ScheduleFileError(f'"{name}" holds no schedule; give the {FILE} of a run')
    version = document.get("version")
    if version != VERSION:
        raise ScheduleFileError(
            f'"{name}" is a schedule of version {version}, and this autolrs reads {VERSION}; '
            "update autolrs"
        )
    return document


def _function_of(document: dict[str, Any], name: str) -> Callable[[int], float]:
    steps: list[int] = []
    lrs: list[float] = []
    for entry in document["schedule"]:
        step, lr = (entry.get(key) if isinstance(entry, dict) else None for key in ("step", "lr"))
        if not isinstance(step, int) or (steps and step <= steps[-1]):
            raise ScheduleFileError(f'"{name}" has an entry with step {step!r}, which is not next')
        if not isinstance(lr, (int, float)) or not math.isfinite(lr) or lr < 0:
            raise ScheduleFileError(f'"{name}" has the LR {lr!r} at step {step}')
        steps.append(step)
        lrs.append(float(lr))
    if not steps:
        raise ScheduleFileError(f'the schedule in "{name}" is empty: the run committed nothing')

    def lr_at(step: int) -> float:
        return lrs[max(0, bisect_right(steps, step) - 1)]

    return lr_at


def _scheduler(optimizer: Any, lr_at: Callable[[int], float]) -> Any:
    groups = getattr(optimizer, "param_groups", None)
    if not groups:
        raise ScheduleFileError(
            f"{type(optimizer).__name__} is no PyTorch optimizer; leave it out, and set the LR "
            "that autolrs.schedule(path)(step) returns"
        )
    from torch.optim.lr_scheduler import LambdaLR

    base = float(groups[0].get("initial_lr", groups[0]["lr"]))
    if not base > 0:
        raise ScheduleFileError(
            f"the optimizer's LR is {base}, of which no LR is a multiple; give it any above 0"
        )
    return LambdaLR(optimizer, lambda step: lr_at(step) / base)
