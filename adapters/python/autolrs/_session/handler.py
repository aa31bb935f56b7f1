"""Answers to all that the tuner asks between two trainings, and the state that they act on."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Callable, NamedTuple

from autolrs._data.batch_replay import BatchReplay
from autolrs._data.epochs import DataPosition
from autolrs._protocol.messages import (
    CHECKPOINT_UNKNOWN,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    NOT_SUPPORTED,
    PROTOCOL_VERSION,
    STORAGE_FAILED,
    Request,
    RpcError,
    count_of,
    finite_or_none,
    number_of,
    text_of,
)
from autolrs._session.phase import phase
from autolrs._session.run_dir import RunDir
from autolrs._state.parts import remove_checkpoint
from autolrs._version import __version__
from autolrs.hooks import AveragesWeights, Hooks, ScalesSchedule, TellsRollback, TellsSchedule


class Checkpoint(NamedTuple):
    """What is saved under an id."""

    step: int
    state: Any
    place: DataPosition | None = None
    """Where training stood in its data. In memory the cache knows it."""


class RequestHandler:
    """Answers one request after the other.

    Args:
        hooks: The model in training.
        cache: The batches since the oldest checkpoint.
        warn: Tells the tuner what a person should know.
        token: Goes back to the tuner, if it gave one.
    """

    def __init__(
        self, hooks: Hooks, cache: BatchReplay, warn: Callable[[str], None], token: str | None
    ) -> None:
        self.step = 0
        """Updates done, as the state says: after a restore, the checkpoint's."""
        self.loads = 0
        """How often the state was brought back."""
        self.total: int | None = None
        """Steps that the script means to do, if it says."""
        self.epoch: int | None = None
        """Steps of an epoch of the script, if it says."""
        self.uncounted: str | None = None
        """What in the script could not be counted, where that is why there is no total."""
        self.facts: dict[str, Any] = {}
        """What the handshake tells besides."""
        self.abilities: dict[str, bool] = {}
        """What `can` tells besides, or otherwise."""
        self.can_rewind = False
        """True where the cache is attached, so that the same batches come again."""
        self.holds_place = True
        """False where a new process would not find the same batches at the same place."""
        self._hooks = hooks
        self._cache = cache
        self._warn = warn
        self._token = token
        self._checkpoints: dict[str, Checkpoint] = {}
        self._run_dir = RunDir()

    @property
    def weights(self) -> str:
        """`averaged` once a mean of the weights took their place, else `raw`."""
        hooks = self._hooks
        return "averaged" if isinstance(hooks, AveragesWeights) and hooks.is_averaged else "raw"

    def answer(self, request: Request) -> dict[str, Any]:
        """The result of a request.

        Raises:
            RpcError: It cannot be done. Whatever else is raised comes from the script.
        """
        params = request.params
        if request.method == "initialize":
            return self._handshake()
        if request.method == "validate":
            return self._validate(params)
        if request.method == "save":
            return self._save(text_of(params, "id"), self._run_dir.path_of(params))
        if request.method == "restore":
            return self._restore(text_of(params, "id"), self._run_dir.path_of(params))
        if request.method == "adopt":
            return self._adopt(number_of(params, "at"))
        if request.method == "discard":
            return self._discard(text_of(params, "id"), self._run_dir.path_of(params))
        raise RpcError(METHOD_NOT_FOUND, f'this adapter knows no "{request.method}"')

    def _handshake(self) -> dict[str, Any]:
        hooks = self._hooks
        return {
            "protocol": PROTOCOL_VERSION,
            "trainer": {
                "name": os.path.basename(sys.argv[0]) or "python",
                "version": __version__,
                "framework": hooks.framework,
            },
            "step": self.step,
            **self._total(),
            **({} if not self.epoch else {"epoch": self.epoch}),
            "lr": hooks.get_lr(),
            "groups": list(hooks.groups),
            "world": 1,
            "can": {
                "validate": hooks.can_validate,
                "disk": True,
                "rewind": self.can_rewind,
                "cancel": True,
                **({"base": True} if isinstance(hooks, ScalesSchedule) else {}),
                **({} if self._bears_rollback() else {"rollback": False}),
                **({"average": True} if self._can_average() else {}),
                **self.abilities,
            },
            **self._schedule(),
            **self.facts,
            "holds": [*hooks.holds, *(["data"] if self.can_rewind and self.holds_place else [])],
            **({"token": self._token} if self._token else {}),
        }

    def _total(self) -> dict[str, Any]:
        if self.total is not None:
            return {"total": self.total}
        return {} if self.uncounted is None else {"uncounted": self.uncounted}

    def _schedule(self) -> dict[str, Any]:
        hooks = self._hooks
        schedule = hooks.get_schedule(self.total) if isinstance(hooks, TellsSchedule) else None
        return {} if schedule is None else {"schedule": schedule}

    def _bears_rollback(self) -> bool:
        # Where the search is in this process, it has to.
        hooks = self._hooks
        return phase() is None or not isinstance(hooks, TellsRollback) or hooks.can_rollback

    def _validate(self, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("batches") is not None and count_of(params, "batches") == 0:
            raise RpcError(INVALID_PARAMS, '"batches" is 0, and there is no loss over no batch')
        if not self._hooks.can_validate:
            raise RpcError(NOT_SUPPORTED, "the script gave attach no validate function")
        started = time.perf_counter()
        loss, metrics = self._validate_at(params)
        return {
            "loss": finite_or_none(loss),
            **({"metrics": {k: finite_or_none(v) for k, v in metrics.items()}} if metrics else {}),
            "seconds": time.perf_counter() - started,
        }

    def _validate_at(self, params: dict[str, Any]) -> tuple[float, dict[str, float]]:
        hooks = self._hooks
        if params.get("at") is None:
            return hooks.validate()
        power = number_of(params, "at")
        averaging = self._averaging(power)
        with averaging.weights_at(power):
            return hooks.validate()

    def _adopt(self, power: float) -> dict[str, Any]:
        started = time.perf_counter()
        self._averaging(power).adopt_average(power)
        return {"seconds": time.perf_counter() - started}

    def _averaging(self, power: float) -> AveragesWeights:
        hooks = self._hooks
        if not isinstance(hooks, AveragesWeights) or not hooks.has_average(power):
            raise RpcError(INVALID_PARAMS, f"there is no average of power {power:g}")
        return hooks

    def _can_average(self) -> bool:
        hooks = self._hooks
        return isinstance(hooks, AveragesWeights) and hooks.can_average

    def _save(self, id: str, path: str | None) -> dict[str, Any]:
        started = time.perf_counter()
        if path is None:
            state = self._hooks.capture()
            size = self._hooks.size(state)
            self._checkpoints[id] = Checkpoint(self.step, state)
            self._cache.pin(id)
        else:
            place = self._cache.place
            try:
                size = self._hooks.write(path, self.step, place and place._asdict())
            except OSError as error:
                raise RpcError(STORAGE_FAILED, f'cannot write "{id}": {error}') from error
        seconds = time.perf_counter() - started
        return {"id": id, "step": self.step, "bytes": size, "seconds": seconds}

    def _restore(self, id: str, path: str | None) -> dict[str, Any]:
        started = time.perf_counter()
        checkpoint = self._checkpoints.get(id) if path is None else self._read(id, path)
        if checkpoint is None:
            raise _unknown(id, path)
        # Before the state: to go to a place may draw random numbers, and the state undoes that.
        is_there = self._cache.rewind(id) if path is None else self._cache.seek(checkpoint.place)
        self._hooks.apply(checkpoint.state)
        self.loads += 1
        self.step = checkpoint.step
        if not is_there:
            self._warn(f'the batches that followed "{id}" are gone; training goes on with others')
        lr = self._hooks.get_lr()
        return {"id": id, "step": self.step, "lr": lr, "seconds": time.perf_counter() - started}

    def _read(self, id: str, path: str) -> Checkpoint | None:
        try:
            state, step, place = self._hooks.read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RpcError(STORAGE_FAILED, f'cannot read "{id}": {error}') from error
        return Checkpoint(step, state, None if place is None else DataPosition(**place))

    def _discard(self, id: str, path: str | None) -> dict[str, Any]:
        if path is None:
            if self._checkpoints.pop(id, None) is None:
                raise _unknown(id, path)
            self._cache.unpin(id)
        else:
            try:
                remove_checkpoint(path)
            except OSError as error:
                raise RpcError(STORAGE_FAILED, f'cannot remove "{id}": {error}') from error
        return {"id": id}


def _unknown(id: str, path: str | None) -> RpcError:
    where = "in memory" if path is None else f"at {path}"
    return RpcError(CHECKPOINT_UNKNOWN, f'there is no checkpoint "{id}" {where}')
