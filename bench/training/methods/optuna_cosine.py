"""A search over whole trainings: TPE with a median pruner, over LR and warm-up of a cosine."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from methods import Plan, Run, Runs
from parts.workload import Workload
from recorded import POINTS, Recorded
from schedules import cosine, lrs_of, warmed_up
from training import Outcome, fixed, train

BUDGETS = (1, 3, 10)
"""Steps of all trials together, in trainings of full length."""

LOWEST_LR, HIGHEST_LR = 1e-5, 10.0
LONGEST_WARMUP = 0.2


def optuna_cosine(workload: Workload, plan: Plan) -> Runs:
    """A study a seed, looked at after each budget."""
    for seed in range(1, plan.seeds + 1):
        study = _Study(workload, seed)
        for budget in BUDGETS:
            yield Run("optuna", {"budget": budget}, seed, partial(study.reach, budget))


class _Study:
    """Trials until a budget is spent; goes on from there when it is asked for a larger one.

    A trial is begun only if it can be finished. It may be pruned after a quarter of its steps.
    """

    def __init__(self, workload: Workload, seed: int) -> None:
        self._workload = workload
        self._seed = seed
        self._study: Any = None
        self._spent = 0
        self._seconds = 0.0
        self._best: Outcome | None = None

    def reach(self, budget: int) -> Outcome:
        """The best finished trial within `budget` times the steps of a training."""
        total = self._workload.total
        while self._spent + total <= budget * total:
            self._try()
        best = self._best
        return Outcome(
            validation=None if best is None else best.validation,
            test=None if best is None else best.test,
            curve=[],
            total=self._spent,
            search=self._spent - total,
            seconds=self._seconds,
        )

    def _try(self) -> None:
        import optuna

        if self._study is None:
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            self._study = optuna.create_study(
                sampler=optuna.samplers.TPESampler(seed=self._seed),
                pruner=optuna.pruners.MedianPruner(n_warmup_steps=POINTS // 4),
            )
        trial = self._study.ask()
        lr = trial.suggest_float("lr", LOWEST_LR, HIGHEST_LR, log=True)
        warmup = trial.suggest_float("warmup", 0.0, LONGEST_WARMUP)

        def is_hopeless(recorded: Recorded) -> bool:
            loss = recorded.curve[-1].loss
            trial.report(math.inf if loss is None else loss, len(recorded.curve))
            return bool(trial.should_prune())

        total = self._workload.total
        lrs = lrs_of(warmed_up(cosine, warmup), lr, total)
        model = self._workload.make(self._seed)
        outcome = train(self._workload, model, fixed(lrs), is_hopeless)
        self._spent += outcome.total
        self._seconds += outcome.seconds
        if outcome.total < total or outcome.validation is None:
            self._study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return
        self._study.tell(trial, outcome.validation)
        if self._best is None or outcome.validation < (self._best.validation or math.inf):
            self._best = outcome
