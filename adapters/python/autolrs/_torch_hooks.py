"""The hooks for PyTorch: a model, its optimizers, and what else the script hands over."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._torch_data import data_state, set_data_state
from autolrs._torch_file import read_durable, write_durably
from autolrs._torch_rng import capture_rng, data_stream, restore_rng
from autolrs._torch_schedule import OwnSchedule, schedulers_of
from autolrs._torch_snapshot import snapshot_of
from autolrs._torch_state import bytes_of, copy_of, restore_model, restore_optimizer
from autolrs._torch_validate import run_validation
from autolrs.errors import SecondSchedulerError


class TorchHooks:
    """Implements `Hooks` and `TakesFactor` of `autolrs.hooks`; see there what each promises.

    Args:
        model: What is trained.
        optimizer: Its optimizer, or several. The first group of the first has the base LR.
        validate: The user's validation, if there is one.
        extra: What else is to be saved and restored.

    Raises:
        TypeError: An extra cannot be saved and restored, or an optimizer's updates cannot be
            counted.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        validate: Callable[[], Any] | None,
        extra: Sequence[Any],
    ) -> None:
        self._model = model
        self.optimizers = [optimizer] if isinstance(optimizer, Optimizer) else [*optimizer]
        for item in self.optimizers:
            _refuse_closure(item)
        self._validate = validate
        self._extras = _named(extra)
        self._own: OwnSchedule | None = None
        """Where the LR is the script's own, and what is set is a factor on it."""
        self._ratios: Sequence[float] = []
        self._data_stream = data_stream()
        self._has_trained = False  # on a device

    @property
    def framework(self) -> str:
        return f"torch {torch.__version__}"

    @property
    def holds(self) -> Sequence[str]:
        own = [] if self._own is None else ["schedule"]
        return ["model", "optimizer", "rng", *own, *(f"extra:{name}" for name in self._extras)]

    @property
    def groups(self) -> Sequence[float]:
        self._ratios = self._ratios or _ratios(self._param_groups)
        return self._ratios

    def get_groups(self) -> Sequence[float] | None:
        if self._own is not None:
            return None
        lrs = [float(group["lr"]) for group in self._param_groups]
        return None if lrs[0] == 0 else [lr / lrs[0] for lr in lrs]

    @property
    def can_validate(self) -> bool:
        return self._validate is not None

    def check(self) -> None:
        for item in schedulers_of(self.optimizers):
            raise SecondSchedulerError(
                f"a {type(item).__name__} sets the learning rate of this optimizer, and the "
                "tuner would too; create it only `if not autolrs.is_driven()`, or run with "
                "--base user"
            )
        self._ratios = _ratios(self._param_groups)

    def take_base(self) -> None:
        self._own = OwnSchedule(self.optimizers)
        self._ratios = [1.0] * len(self._param_groups)

    def note_order(self) -> None:
        if self._own is not None:
            self._own.note_order()

    def get_lr(self) -> float:
        if self._own is not None:
            return self._own.factor
        return float(self.optimizers[0].param_groups[0]["lr"])

    def set_lr(self, lr: float) -> None:
        if self._own is not None:
            self._own.factor = lr
            return
        for group, ratio in zip(self._param_groups, self.groups):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr * ratio)  # a compiled or captured step looks at this tensor
            else:
                group["lr"] = lr * ratio

    def read_loss(self, loss: Any) -> float | None:
        if isinstance(loss, Tensor):
            return loss.item() if loss.is_cpu else None
        return float(loss)

    def hold_loss(self, loss: Any) -> Any:
        self._has_trained = True
        # A copy: a captured graph writes each step's loss to the same place.
        own = loss.detach().clone()
        return own.reshape(()) if own.dim() else own

    def read_held(self, held: Sequence[Any]) -> list[float]:
        if len({loss.device for loss in held}) > 1:
            return [float(loss) for loss in held]
        values: list[float] = torch.stack([loss.float() for loss in held]).cpu().tolist()
        return values

    def validate(self) -> tuple[float, dict[str, float]]:
        assert self._validate is not None  # the session has asked can_validate
        return run_validation(self._model, self._validate)

    def capture(self) -> dict[str, Any]:
        state = self._state()
        # These take back what they are given as it is, and count on finding it where it was.
        as_is = {name: state.pop(name) for name in ("extra", "schedule") if name in state}
        has_trained = self._has_trained or any(item.state for item in self.optimizers)
        return {**snapshot_of(state, has_trained), **copy_of(as_is), "rng": capture_rng()}

    def apply(self, state: dict[str, Any]) -> None:
        restore_model(self._model, state["model"])
        states = state["optimizer"]
        for item, saved in zip(self.optimizers, states if type(states) is list else [states]):
            restore_optimizer(item, saved)
        for name, item in self._extras.items():
            item.load_state_dict(copy_of(state["extra"][name]))
        if self._own is not None:
            self._own.apply(state.get("schedule", {}))
        restore_rng(state["rng"])

    def size(self, state: dict[str, Any]) -> int:
        return bytes_of(state)

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        # Nothing trains meanwhile, so what is written needs no copy in memory.
        state = {**self._state(), "rng": capture_rng()}
        return write_durably(path, {"step": step, "state": state, "data": place})

    def read(self, path: str) -> tuple[dict[str, Any], int, dict[str, Any] | None]:
        content = read_durable(path)
        return content["state"], content["step"], content.get("data")

    def get_rng(self) -> dict[str, Any]:
        return capture_rng()

    def set_rng(self, rng: dict[str, Any]) -> None:
        restore_rng(rng)

    def data_rng(self) -> AbstractContextManager[None]:
        return self._data_stream.entered()

    def data_state(self, loader: Any) -> dict[str, Any]:
        return data_state(self._data_stream, loader)

    def set_data_state(self, loader: Any, state: dict[str, Any]) -> None:
        set_data_state(self._data_stream, loader, state)

    def keep(self, item: Any) -> Any:
        # Batches from workers lie in shared memory: thousands of them exhaust the file handles.
        if not isinstance(item, Tensor) or not item.is_cpu:
            return item
        if item.layout is not torch.strided:
            return item.clone()  # it has several storages, or hides them
        # Of the storage, where the question costs a tenth of what it costs of the tensor.
        return item.clone() if item.untyped_storage().is_shared() else item

    @property
    def _param_groups(self) -> list[dict[str, Any]]:
        return [group for item in self.optimizers for group in item.param_groups]

    def _state(self) -> dict[str, Any]:
        return {
            "model": dict(self._model.state_dict()),
            "optimizer": self._optimizer_state(),
            "extra": {name: item.state_dict() for name, item in self._extras.items()},
            **self._schedule_state(),
        }

    def _schedule_state(self) -> dict[str, Any]:
        return {} if self._own is None else {"schedule": self._own.capture()}

    def _optimizer_state(self) -> Any:
        states = [item.state_dict() for item in self.optimizers]
        return states[0] if len(states) == 1 else states


def _refuse_closure(optimizer: Optimizer) -> None:
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise TypeError(
            f"{type(optimizer).__name__} takes a closure and evaluates the loss as often as it "
            "likes, so that a step has no one loss and no one learning rate; the tuner steers "
            "optimizers that update once a step, as SGD and Adam do"
        )


def _ratios(groups: Sequence[dict[str, Any]]) -> list[float]:
    lrs = [float(group["lr"]) for group in groups]
    if lrs[0] == 0:
        raise ValueError(
            "the learning rate of the first parameter group is 0, and the tuner keeps all groups "
            "in proportion to it; give that group the base learning rate"
        )
    return [lr / lrs[0] for lr in lrs]


def _named(extra: Sequence[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for item in extra:
        kind = type(item).__name__
        if not (hasattr(item, "state_dict") and hasattr(item, "load_state_dict")):
            raise TypeError(f"extra holds a {kind}, which has no state_dict and load_state_dict")
        taken = sum(1 for name in named if name.split("-")[0] == kind)
        named[kind if taken == 0 else f"{kind}-{taken + 1}"] = item
    return named
