"""Optimizers that promise to need no schedule, or no LR: `schedulefree` and `prodigyopt`.

Both at their authors' defaults. Only where a workload takes another optimizer, which is PyTorch's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from methods import Plan, Run, Runs
from parts.workload import Workload
from schedules import WARMUP, cosine, lrs_of
from training import Outcome, fixed, train

CALIBRATION_BATCHES = 50
"""Batches that give BatchNorm its statistics at the averaged weights; the package's figure."""


def schedule_free(workload: Workload, plan: Plan) -> Runs:
    """Schedule-Free (Defazio et al., 2024): of SGD where the workload has SGD, else of AdamW."""
    yield from _runs("schedule-free", _train_schedule_free, workload, plan)


def prodigy(workload: Workload, plan: Plan) -> Runs:
    """Prodigy (Mishchenko and Defazio, 2024) with a cosine, as its authors recommend."""
    yield from _runs("prodigy", _train_prodigy, workload, plan)


def _runs(method: str, run: Any, workload: Workload, plan: Plan) -> Runs:
    if workload.make_with is None:
        return
    for seed in range(1, plan.seeds + 1):
        yield Run(method, {}, seed, partial(run, workload, seed))


def _train_schedule_free(workload: Workload, seed: int) -> Outcome:
    from schedulefree import AdamWScheduleFree, SGDScheduleFree

    warmup_steps = int(WARMUP * workload.total)
    is_sgd = workload.optimizer.startswith("SGD")
    lr = 1.0 if is_sgd else 0.0025
    decay = weight_decay(workload)

    def optimizer(parameters: Iterable[Any]) -> Any:
        if is_sgd:
            return SGDScheduleFree(parameters, weight_decay=decay, warmup_steps=warmup_steps)
        return AdamWScheduleFree(parameters, weight_decay=decay, warmup_steps=warmup_steps)

    model = ScheduleFreeModel(workload.make_with(seed, optimizer))
    return train(workload, model, fixed([lr] * workload.total))


def _train_prodigy(workload: Workload, seed: int) -> Outcome:
    from prodigyopt import Prodigy

    decay = decoupled_decay(workload)
    model = workload.make_with(seed, partial(Prodigy, weight_decay=decay))
    lrs = lrs_of(lambda done, step: cosine(done), 1.0, workload.total)
    return train(workload, model, fixed(lrs))


def weight_decay(workload: Workload) -> float:
    """The workload's own, which its description has; none where that says nothing of it."""
    said = re.search(r"weight decay ([\d.]+)", workload.optimizer)
    return 0.0 if said is None else float(said[1])


def decoupled_decay(workload: Workload) -> float:
    """The same where an optimizer keeps it apart from the gradient: AdamW's, and not SGD's."""
    return 0.0 if workload.optimizer.startswith("SGD") else weight_decay(workload)


class ScheduleFreeModel:
    """Validates at the average of the weights; trains elsewhere. See `parts.workload.Model`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        model.optimizer.train()

    @property
    def steps(self) -> int:
        return self._model.steps

    def step(self, lr: float) -> float:
        return self._model.step(lr)

    def validate(self) -> float:
        with self._averaged():
            return self._model.validate()

    def test(self) -> float:
        with self._averaged():
            return self._model.test()

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        import torch

        buffers = list(self._model.module.buffers())
        kept = [buffer.clone() for buffer in buffers]
        self._model.optimizer.eval()
        if buffers:
            x = self._model.splits.train[0]
            with torch.no_grad():
                for batch in x[: 32 * CALIBRATION_BATCHES].split(32):
                    self._model.module(batch)
        yield
        for buffer, value in zip(buffers, kept):
            buffer.copy_(value)
        self._model.optimizer.train()
