"""The script's own LR schedule, where the tuner sets a factor on it and leaves the rest alone."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch.optim import Optimizer

from autolrs._torch_lr.schedulers import schedulers_of
from autolrs._torch_lr.script_lrs import ScriptLrs
from autolrs._torch_lr.update_lrs import FactorLrs
from autolrs._torch_state.state import copy_of
from autolrs.errors import ChangedError, SchedulerOrderError

State = dict[str, dict[str, Any]]


class ScaledSchedule(FactorLrs):
    """Multiplies each group's LR by a factor, where a rollback takes the schedule back too.

    Args:
        optimizers: All that train the model, wrappers too.
        leaves: Those of them that make the updates; all, if it is left out.

    Raises:
        ValueError: Two schedulers of an optimizer could be taken for each other in a new process.
    """

    def __init__(
        self, optimizers: Sequence[Any], leaves: Sequence[Optimizer] | None = None
    ) -> None:
        leaves = optimizers if leaves is None else leaves
        gc.collect()  # scheduler and optimizer refer to each other, and a dead one has no say
        self._schedulers = schedulers_of(optimizers, of_torch=True)
        self._roots = _roots(self._schedulers, optimizers)
        self._counts: list[Any] | None = None
        # Where the losses decide, other losses give another LR at the same update.
        is_judged = any("Plateau" in type(item).__name__ for item in self._schedulers)
        self._lrs: ScriptLrs | None = None if is_judged else ScriptLrs(leaves)
        super().__init__(leaves)

    def allow_script_step(self) -> None:
        """The script goes on: a scheduler's step between here and the next update is too late."""
        self._counts = self._counts_now()

    def state(self) -> dict[str, Any]:
        """The schedulers' states, by a name that a new process finds again, and the LRs seen."""
        seen = {} if self._lrs is None else {"own_lrs": self._lrs.capture()}
        return {"schedule": self.capture(), **seen}

    def apply(self, state: dict[str, Any]) -> None:
        """Brings back what `state` gave. The LRs themselves come back with the optimizer.

        Raises:
            ChangedError: The script's schedulers are others than those of the checkpoint.
        """
        self._apply_schedulers(state.get("schedule", {}))
        if self._lrs is not None and "own_lrs" in state:
            self._lrs.apply(state["own_lrs"])

    def capture(self) -> State:
        """The schedulers' states alone."""
        return {name: _plain(item.state_dict()) for name, item in self._roots.items()}

    def _apply_schedulers(self, state: State) -> None:
        if state.keys() != self._roots.keys():
            raise ChangedError(
                f"the checkpoint holds the state of {_list(state)}, and the script's schedulers "
                f"are {_list(self._roots)}; give it back those that it had when the run began"
            )
        for name, item in self._roots.items():
            item.load_state_dict(copy_of(state[name]))

    def _change(self, optimizer: Optimizer, *_: Any) -> None:
        if self._counts is not None:
            self._refuse_late_step(self._counts)
            self._counts = None
        self._put_back(optimizer)  # an update that raised has left its LRs scaled
        if self._lrs is not None:
            self._lrs.compare(optimizer)
        super()._change(optimizer)

    def _refuse_late_step(self, before: list[Any]) -> None:
        for item, was, now in zip(self._schedulers, before, self._counts_now()):
            if was != now:
                raise SchedulerOrderError(
                    # The remedy first: the tuner quotes the beginning.
                    f"step the {type(item).__name__} between optimizer.step() and tuner.step(), "
                    "once for each update: after that, no rollback takes its step back. A "
                    "schedule by epochs is one by updates too: LambdaLR(optimizer, lambda step: "
                    "0.7 ** (step // steps_an_epoch))"
                )

    def _counts_now(self) -> list[Any]:
        # A ChainedScheduler counts nothing itself; those in it do.
        return [getattr(item, "last_epoch", None) for item in self._schedulers]


def _roots(schedulers: Sequence[Any], optimizers: Sequence[Any]) -> dict[str, Any]:
    """Those that are in no other, which keeps the state of what is in it, by name."""
    inner = {id(part) for item in schedulers for part in getattr(item, "_schedulers", [])}
    roots: dict[str, Any] = {}
    for item in schedulers:
        if id(item) in inner:
            continue
        at = next(i for i, own in enumerate(optimizers) if own is item.optimizer)
        kind = type(item).__name__
        name = kind if at == 0 else f"{kind}@{at}"
        if name in roots:
            raise ValueError(
                f"the optimizer has two schedulers of type {kind}, which a new process could not "
                "tell apart; put them into one ChainedScheduler"
            )
        roots[name] = item
    return roots


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """What changes in a scheduler. Functions and milestones are how it was made."""
    return {
        key: [_plain(part) for part in value] if key == "_schedulers" else copy_of(value)
        for key, value in state.items()
        if not callable(value) and not isinstance(value, Counter)
    }


def _list(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
