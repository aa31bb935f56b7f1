"""What a trainer need not count by itself: steps, the LR in effect, and what is saved."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable, Mapping
from typing import Any

from autolrs._ask_tell.replies import Discarded, Restored, Saved, Told, Trained, Validated
from autolrs._ask_tell.requests import Adopt, Asked, Discard, Restore, Save, Train, Validate
from autolrs._protocol.messages import (
    CHECKPOINT_UNKNOWN,
    METHOD_NOT_FOUND,
    Request,
    RpcError,
    averaging_of,
    count_of,
    finite_or_none,
    finite_or_none_each,
    is_search,
    lrs_of,
    number_of,
    text_of,
)
from autolrs._session.run_dir import RunDir
from autolrs.errors import AskTellError


class Ledger:
    """Follows a trainer by its answers.

    Args:
        lr: In effect before the first update.
    """

    def __init__(self, lr: float) -> None:
        self.step = 0
        """Updates that the model has had; after a restore, the checkpoint's."""
        self.lr = lr
        """That of the last update."""
        self._saved: dict[tuple[str, str | None], int] = {}
        self._run_dir = RunDir()

    def asked(self, request: Request) -> Asked:
        """What a request of the wire asks of a trainer.

        Raises:
            RpcError: It cannot be done.
        """
        method, params = request.method, request.params
        if method == "train":
            steps = count_of(params, "steps")
            return Train(
                steps,
                lrs_of(params, "lr", steps),
                "search" if is_search(params) else "commit",
                None if params.get("halt") is None else number_of(params, "halt"),
                averaging_of(params),
            )
        if method == "validate":
            return Validate(None if params.get("at") is None else number_of(params, "at"))
        if method == "adopt":
            return Adopt(number_of(params, "at"))
        if method not in ("save", "restore", "discard"):
            raise RpcError(METHOD_NOT_FOUND, f'this adapter knows no "{method}"')
        checkpoint, path = text_of(params, "id"), self._run_dir.path_of(params)
        if method == "save":
            return Save(checkpoint, self.step, path)
        is_there = (checkpoint, None) in self._saved if path is None else os.path.exists(path)
        if method == "restore" and not is_there:
            where = "in memory" if path is None else f"at {path}"
            raise RpcError(CHECKPOINT_UNKNOWN, f'there is no checkpoint "{checkpoint}" {where}')
        return Restore(checkpoint, path) if method == "restore" else Discard(checkpoint, path)

    def result(self, asked: Asked, told: Told) -> dict[str, Any]:
        """What the wire is answered, without the time that it took.

        Args:
            asked: By the tuner.
            told: Of the kind that answers it.

        Raises:
            AskTellError: It is no answer. Then nothing has changed.
        """
        if isinstance(asked, Train) and isinstance(told, Trained):
            return self._train(asked, told)
        if isinstance(asked, Validate) and isinstance(told, Validated):
            return _validate(told)
        if isinstance(asked, Save) and isinstance(told, Saved):
            self._saved[asked.checkpoint, asked.path] = self.step
            size = {} if told.bytes is None else {"bytes": _count(told.bytes, "Saved.bytes")}
            return {"id": asked.checkpoint, "step": self.step, **size}
        if isinstance(asked, Restore) and isinstance(told, Restored):
            self.step = self._step_of(asked, told)
            return {"id": asked.checkpoint, "step": self.step, "lr": self.lr}
        if isinstance(asked, Discard) and isinstance(told, Discarded):
            self._saved.pop((asked.checkpoint, asked.path), None)
            return {"id": asked.checkpoint}
        return {}  # an Adopt, answered by Adopted

    def _train(self, asked: Train, told: Trained) -> dict[str, Any]:
        losses, end = _numbers(told.losses), told.end
        if end is not None and (type(end) is not str or end not in ("data", "halt", "diverged")):
            raise AskTellError(f'Trained.end is {end!r:.60}; it is "data", "halt" or "diverged"')
        count = len(losses)
        if end is None and not all(map(math.isfinite, losses)):
            end = "diverged"
        if count > asked.steps or (count < asked.steps and end is None):
            raise AskTellError(
                f"a Train of {asked.steps} steps was answered by {count} losses; tell one for "
                "each step, or with `end` why there are fewer"
            )
        self.step += count
        if count > 0:
            self.lr = asked.lrs[count - 1]
        return {
            "steps": count,
            "losses": finite_or_none_each(losses),
            "lr": self.lr,
            "step": self.step,
            **({} if end is None else {"end": end}),
        }

    def _step_of(self, asked: Restore, told: Restored) -> int:
        known = self._saved.get((asked.checkpoint, asked.path))
        if told.step is not None:
            return _count(told.step, "Restored.step")
        if known is None:
            raise AskTellError(
                f"{asked.path} was written by another process; tell Restored(step=…) with the "
                "Save.step that the file holds"
            )
        return known


def _validate(told: Validated) -> dict[str, Any]:
    loss = _number(told.loss, "Validated.loss")
    if not isinstance(told.metrics, Mapping):
        raise AskTellError(
            f"Validated.metrics is {told.metrics!r:.60}; tell them by their names, as "
            '{"accuracy": 0.9}'
        )
    metrics = {
        str(name): finite_or_none(_number(value, f"the metric {name!r}"))
        for name, value in told.metrics.items()
    }
    return {"loss": finite_or_none(loss), **({"metrics": metrics} if metrics else {})}


def _numbers(losses: Iterable[Any]) -> list[float]:
    try:
        each = iter(losses)
    except TypeError:
        raise AskTellError(
            f"Trained.losses is {losses!r:.60}; tell a list with one number for each step"
        ) from None
    return [_number(loss, f"loss {place}") for place, loss in enumerate(each)]


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise AskTellError(f"{name} is {value!r:.60}, not a number") from None


def _count(value: Any, name: str) -> int:
    try:
        count = operator.index(value)  # NumPy's whole numbers too
    except TypeError:
        count = -1
    if isinstance(value, bool) or count < 0:
        raise AskTellError(f"{name} is {value!r:.60}, not a whole number of 0 or more")
    return count
