"""What fastai's Learner says of its training: the number of updates, and the LR schedule."""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

MANY_POINTS = 200
"""So many values of a schedule are looked at."""


def total_of_learner(learner: Any) -> int | None:
    """How many updates it means to make from its first one on; None where it does not train."""
    if not learner.training:
        return None
    callbacks = [vars(each) for each in learner.cbs]
    skipped = next((own["_skip_to"] for own in callbacks if "_skip_to" in own), 0)
    epochs = _epochs_of_fine_tune(learner) or learner.n_epoch - skipped
    batches = epochs * len(learner.dls.train)
    items = next((own["n_acc"] for own in callbacks if "n_acc" in own), 1)
    return int(batches // math.ceil(items / learner.dls.train.bs) if items > 1 else batches)


def schedule_of_learner(optimizers: Sequence[Any]) -> dict[str, Any] | None:
    """The schedule by which a Learner sets the LR of one of these; None if there is none."""
    module = sys.modules.get("fastai.callback.schedule")
    if module is None:
        return None
    inner = [ref() for each in optimizers if callable(ref := vars(each).get("_inner"))]
    inner += list(optimizers)
    for item in gc.get_objects():
        if not issubclass(type(item), module.ParamScheduler) or "lr" not in vars(item)["scheds"]:
            continue
        learner = getattr(item, "learn", None)
        opt = getattr(learner, "opt", None)
        if any(opt is each or getattr(opt, "opt", None) is each for each in inner):
            return {"name": type(item).__name__, **_peak(item.scheds["lr"])}
    return None


def _peak(schedule: Any) -> dict[str, float]:
    values = []
    try:
        for at in range(MANY_POINTS + 1):
            value = schedule(at / MANY_POINTS)
            values.append(float(value[0] if hasattr(value, "__len__") else value))
    except Exception:  # it may be anything; the tuner does without
        return {}
    return {"peak": max(values)} if max(values) > 0 else {}


def _epochs_of_fine_tune(learner: Any) -> int | None:
    """Of both fits that `fine_tune` makes, if that is what runs."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        own = frame.f_locals
        if frame.f_code.co_name == "fine_tune" and own.get("self") is learner:
            return int(own["freeze_epochs"]) + int(own["epochs"])
        frame = frame.f_back
    return None
