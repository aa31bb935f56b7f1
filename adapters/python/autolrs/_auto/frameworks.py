"""The number of updates of a framework that owns the loop, where one is training."""

from __future__ import annotations

import gc
import math
import sys
from typing import Any

from autolrs._auto.fastai import total_of_learner

_TRAINERS = {
    "lightning.pytorch.trainer.trainer": "Trainer",
    "pytorch_lightning.trainer.trainer": "Trainer",
    "transformers.trainer": "Trainer",
    "fastai.learner": "Learner",
}
"""The class, by the module that has it."""


def total_of_framework() -> int | None:
    """How many updates its Trainer means to make; None where none trains, or it does not know."""
    kinds = [
        kind
        for module, name in _TRAINERS.items()
        if (kind := getattr(sys.modules.get(module), name, None)) is not None
    ]
    if not kinds:
        return None
    trainers = [each for each in gc.get_objects() if issubclass(type(each), tuple(kinds))]
    totals = [total for each in trainers if (total := _total_of(each)) is not None]
    return totals[0] if len(totals) == 1 else None


def _total_of(trainer: Any) -> int | None:
    if type(trainer).__module__.startswith(("lightning", "pytorch_lightning")):
        total = trainer.estimated_stepping_batches if trainer.training else None
    elif isinstance(trainer, _learners()):
        total = total_of_learner(trainer)
    else:
        # Set where its training begins, by its arguments and its data.
        total = trainer.state.max_steps
    if not isinstance(total, (int, float)) or not 0 < total < math.inf:
        return None
    return int(total)


def _learners() -> tuple[type, ...]:
    kind = getattr(sys.modules.get("fastai.learner"), "Learner", None)
    return () if kind is None else (kind,)
