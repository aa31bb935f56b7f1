"""One `train` request while it runs: which LR comes next, the losses so far, and why it ends."""

from __future__ import annotations

import math
import time
from typing import Any, Callable

from autolrs._protocol.messages import (
    NOT_SUPPORTED,
    Request,
    RpcError,
    averaging_of,
    count_of,
    finite_or_none_each,
    is_search,
    lrs_of,
    number_of,
)
from autolrs.hooks import (
    AveragesWeights,
    ChecksLrs,
    Hooks,
    OverridesSchedule,
    ScalesSchedule,
    TellsGroups,
)

DECAY = 0.9
"""Weight of the past in the smoothed loss: about the last ten steps count."""


class TrainRequest:
    """Counts steps and judges their losses.

    Whether it ends depends on the losses alone and never on time, so that a run repeats itself. So
    a loss on a device is judged when the request is answered: to read it sooner would make the
    device wait, and a progress notice, which does read it, comes at no fixed step.

    Raises:
        RpcError: A parameter is wrong.
    """

    def __init__(self, request: Request, hooks: Hooks) -> None:
        params = request.params
        self.request = request
        self.steps = count_of(params, "steps")
        self.is_search = is_search(params)
        """The steps are a trial's, and will be rolled back."""
        self.count = 0
        """Steps done."""
        self.next_check = 0
        """The count at which the session has to check; before it, a step only counts."""
        self.end: str | None = None
        """Why it stops early."""
        self._hooks = hooks
        self._allow_script_step = (
            hooks.allow_script_step if isinstance(hooks, ScalesSchedule) else None
        )
        self._average_update = _begin_averages(params, hooks)
        self._check_lrs = hooks.check_lrs if isinstance(hooks, ChecksLrs) else None
        lrs = lrs_of(params, "lr", self.steps)
        self._lrs = lrs if isinstance(lrs, list) else [lrs] * min(self.steps, 1)
        self._halt = None if params.get("halt") is None else number_of(params, "halt")
        self._losses: list[float] = []
        self._held: list[Any] = []
        self._lr_is_for = 0
        self._judged = 0
        self._told = 0
        self._average = 0.0
        # What the average would be if every loss were 1; dividing by it takes the start at 0 out.
        self._weight = 0.0
        self._started = time.perf_counter()

    @property
    def is_done(self) -> bool:
        """True once it is to be answered."""
        return self.end is not None or self.count >= self.steps

    def stop(self, end: str) -> None:
        """Ends it early. The first cause stays."""
        self.end = self.end or end
        self.next_check = 0

    @property
    def changes_lr(self) -> bool:
        """True while another LR is to be set before the next step."""
        return self.count < len(self._lrs)

    def set_next_lr(self) -> None:
        """Sets the LR of the next step, if it is another than that of the last."""
        if self.changes_lr:
            self._hooks.set_lr(self._lrs[self.count])
            self._lr_is_for = self.count

    def add(self, loss: Any) -> None:
        """Counts one update and its loss."""
        self.count_update()
        value = loss if type(loss) is float else self._hooks.read_loss(loss)
        if value is None:
            self._held.append(self._hooks.hold_loss(loss))
        elif self._held:
            self._read_held()
            self._losses.append(value)
        else:
            self._losses.append(value)
            if self._judged == self.count - 1:
                self._judge(value)

    def count_update(self) -> None:
        """Counts one update."""
        self.count += 1
        if self._average_update is not None:
            self._average_update()

    def judge_held(self) -> None:
        """Judges what came from a device, once it is to be answered."""
        if self._judged < self.count and self.is_done:
            self._read_held()
            for value in self._losses[self._judged :]:
                self._judge(value)

    def allow_script_step(self) -> None:
        """The script goes on: see `autolrs.hooks.ScalesSchedule`."""
        if self._allow_script_step is not None:
            self._allow_script_step()

    def schedule_check(self, at: int) -> None:
        """Says at which count the session has to check next: at `at`, or before if it must be."""
        self.allow_script_step()
        # One LR a step: the next one is set by now, and after the next step it is due again.
        self.next_check = self.count + 1 if len(self._lrs) > 1 else min(at, self.steps)

    def unsent_losses(self) -> list[float | None]:
        """The losses since it was asked last, as the wire writes them.

        Raises:
            SecondSchedulerError: The script has set another LR for an update.
        """
        self._read_held()
        if self._check_lrs is not None:
            self._check_lrs()
        told, self._told = self._told, len(self._losses)
        return finite_or_none_each(self._losses[told:])

    def done(self) -> list[tuple[float, float]]:
        """LR and loss of each step that was done."""
        self._read_held()
        lrs = self._lrs if len(self._lrs) > 1 else self._lrs * self.count
        return [*zip(lrs, self._losses)]

    def result(self, step: int) -> dict[str, Any]:
        """The answer.

        Args:
            step: The count of all updates, as the state says.

        Raises:
            SecondSchedulerError: The script has set another LR for an update.
        """
        self._read_held()
        if self._check_lrs is not None:
            self._check_lrs()
        # The next LR may be set already, for a step that never came. The last step's is not read
        # before that: it may lie on a device, and would make each step wait.
        has_next = 0 < self.count == self._lr_is_for
        result: dict[str, Any] = {
            "steps": self.count,
            "losses": finite_or_none_each(self._losses),
            "lr": self._lrs[self.count - 1] if has_next else self._hooks.get_lr(),
            "step": step,
            "seconds": time.perf_counter() - self._started,
        }
        if len(self._hooks.groups) > 1 and isinstance(self._hooks, TellsGroups):
            groups = self._hooks.get_groups()
            if groups is not None:
                result["groups"] = list(groups)
        own = self._hooks.take_own_lr() if isinstance(self._hooks, OverridesSchedule) else None
        if own is not None:
            result["own"] = own
        return result if self.end is None else {**result, "end": self.end}

    def _read_held(self) -> None:
        if self._held:
            self._losses += self._hooks.read_held(self._held)
            self._held.clear()

    def _judge(self, value: float) -> None:
        self._judged += 1
        if not math.isfinite(value):
            self.stop("diverged")
        elif self._halt is not None:
            self._average = DECAY * self._average + (1 - DECAY) * value
            self._weight = DECAY * self._weight + (1 - DECAY)
            if self._average / self._weight > self._halt:
                self.stop("halt")


def _begin_averages(params: dict[str, Any], hooks: Hooks) -> Callable[[], None] | None:
    average = averaging_of(params)
    if not isinstance(hooks, AveragesWeights):
        if average is not None:
            raise RpcError(NOT_SUPPORTED, "this adapter keeps no averages of the weights")
        return None
    if average is None:
        hooks.end_averages()
        return None
    hooks.begin_averages(average)
    return hooks.average_update
