"""The hooks for PyTorch: a model, its optimizers, and what else the script hands over."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from autolrs._auto.schedule import schedule_of
from autolrs._averages.keeper import KeepsAverages
from autolrs._averages.sampling import Sampling
from autolrs._data.containers import own_copy
from autolrs._session.phase import phase
from autolrs._state.articles import with_article
from autolrs._state.validation_result import refuse_no_loss
from autolrs._torch.foreign_optimizers import ForeignOptimizers
from autolrs._torch.loader_state import data_state, set_data_state
from autolrs._torch.validate import run_validation
from autolrs._torch.weight_changes import WeightChanges
from autolrs._torch.wrapped_optimizers import OptimizerSet
from autolrs._torch_lr.lr_watch import GroupWatch, LrWatch, refuse_lazy, refuse_no_lr
from autolrs._torch_lr.schedule import ScaledSchedule
from autolrs._torch_lr.schedulers import schedulers_of
from autolrs._torch_lr.update_lrs import OverrideLrs, UpdateLrs
from autolrs._torch_state.averages import Averaged, TorchAverages, averaged_of
from autolrs._torch_state.checkpoint_file import read_durable, write_durably
from autolrs._torch_state.free_memory import give_back_free_memory
from autolrs._torch_state.frozen import FrozenWeights
from autolrs._torch_state.frozen_file import FrozenInFile
from autolrs._torch_state.host_shard import brought_back
from autolrs._torch_state.model_copies import ModelCopies
from autolrs._torch_state.plain_types import plain_of
from autolrs._torch_state.rng import capture_rng, data_stream, restore_rng
from autolrs._torch_state.snapshot import snapshot_of
from autolrs._torch_state.state import (
    bytes_of,
    copy_of,
    in_kinds_of,
    model_state,
    restore_loose,
    restore_model,
    restore_optimizers,
)
from autolrs.errors import ArgumentError, SecondSchedulerError
from autolrs.session import Session


class TorchHooks(KeepsAverages):
    """Implements `Hooks` and `ScalesSchedule` of `autolrs.hooks`; see there what each promises.

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
        optimizer: Any,
        validate: Callable[[], Any] | None,
        extra: Sequence[Any],
    ) -> None:
        self._model = model
        self.optimizer_set = OptimizerSet(optimizer)
        self.optimizers = self.optimizer_set.members
        """All whose state is kept; those inside of wrappers too."""
        for item in self.optimizer_set.leaves:
            _refuse_closure(item)
        self._validate = validate
        held = {id(item) for item in extra}
        self._extras = _named(
            [*extra, *(s for s in self.optimizer_set.scalers if id(s) not in held)]
        )
        self.own: UpdateLrs | None = None
        """Where the LR is the script's own between updates: what is set is for them alone."""
        self._loose = self._parameters_outside()
        """Parameters that the optimizers train and the model has not."""
        self._frozen_in_file = FrozenInFile(model, lambda: self._param_groups)
        self._is_readable = False
        self._watch: LrWatch | None = None
        self._foreign_optimizers: ForeignOptimizers | None = None
        self._model_copies: ModelCopies | None = None
        self._weight_changes: WeightChanges | None = None
        self._groups_met: GroupWatch | None = None
        self.warn: Callable[[str], None] = lambda message: None
        """Tells a person something. The session that comes later knows how."""
        self.is_over: Callable[[], bool] = lambda: False
        """True once the training that is steered has ended. As there."""
        self._frozen = FrozenWeights(
            model, lambda: self._param_groups, lambda message: self.warn(message)
        )
        self._ratios: Sequence[float] = []
        self._data_stream = data_stream()
        self._has_trained = False  # on a device

    def tell_by(self, session: Session) -> None:
        """What a person should know goes by this session, and while it steers."""
        self.warn, self.is_over = session.warn, lambda: session.is_over

    @property
    def extras(self) -> list[Any]:
        """What else is saved and restored."""
        return list(self._extras.values())

    @property
    def framework(self) -> str:
        return f"torch {torch.__version__}"

    @property
    def holds(self) -> Sequence[str]:
        own = ["schedule"] if isinstance(self.own, ScaledSchedule) else []
        loose = ["parameters"] if self._loose else []
        return [
            "model",
            "optimizer",
            "rng",
            *loose,
            *own,
            *(f"extra:{name}" for name in self._extras),
        ]

    @property
    def groups(self) -> Sequence[float]:
        self._ratios = self._ratios or _ratios(self._param_groups)
        return self._ratios

    def get_groups(self) -> Sequence[float] | None:
        if self.own is not None:
            return None
        lrs = [float(group["lr"]) for group in self._param_groups]
        return None if lrs[0] == 0 else [lr / lrs[0] for lr in lrs]

    @property
    def can_validate(self) -> bool:
        return self._validate is not None

    def check(self) -> None:
        optimizer_set = self.optimizer_set
        known = [*optimizer_set.given, *optimizer_set.members]
        for item in schedulers_of(known):
            raise SecondSchedulerError(
                f"{with_article(type(item).__name__)} sets the learning rate of this optimizer, "
                "and the tuner would too; create it only `if not autolrs.is_driven()`, or run "
                "with --keep-schedule"
            )
        self._ratios = _ratios(self._param_groups)
        if self._watch is None:
            self._begin(is_factor=False)
            self._watch = LrWatch(optimizer_set.leaves, known, lambda: self.is_over())
        self._watch.note()

    def begin_scaling(self) -> None:
        optimizer_set = self.optimizer_set
        refuse_no_lr(self._param_groups)
        self._begin(is_factor=True)
        wrappers = [
            each for each in optimizer_set.given if not _is_in(each, optimizer_set.members)
        ]
        self.own = ScaledSchedule([*optimizer_set.members, *wrappers], optimizer_set.leaves)
        self._ratios = [1.0] * len(self._param_groups)

    def get_schedule(self, total: int | None) -> dict[str, Any] | None:
        if self.own is None:
            return None
        known = [*self.optimizer_set.given, *self.optimizer_set.members]
        is_search = phase() == "search"
        return schedule_of(known, self._param_groups[0], total, is_search=is_search)

    def begin_override(self) -> None:
        refuse_no_lr(self._param_groups)
        self._begin(is_factor=False)
        self.own = override = OverrideLrs(self.optimizer_set.leaves)
        self._ratios = override.groups

    def take_own_lr(self) -> float | None:
        return None if self.own is None else self.own.take_own()

    def _begin(self, is_factor: bool) -> None:
        """The loop begins: what trains is all there, and stays what it is."""
        optimizer_set = self.optimizer_set
        refuse_lazy(self._model)
        self._weight_changes = WeightChanges(
            self._model,
            self.extras,
            optimizer_set.groups,
            optimizer_set.leaves,
            is_factor,
            lambda message: self.warn(message),
        )
        self._groups_met = GroupWatch(optimizer_set.leaves, lambda: self.is_over())
        known = [*optimizer_set.given, *optimizer_set.members, *self.extras]
        self._model_copies = ModelCopies(
            self._model, self.extras, optimizer_set.leaves, lambda message: self.warn(message)
        )
        self._foreign_optimizers = ForeignOptimizers(
            self._model, known, lambda message: self.warn(message), lambda: self.is_over()
        )

    def begin_training(self) -> None:
        if self._weight_changes is not None:
            self._weight_changes.begin()

    def end_training(self, done: Sequence[tuple[float, float]]) -> None:
        if self._weight_changes is not None and self._groups_met is not None:
            self._weight_changes.end(done, not self._groups_met.has_met)

    def allow_script_step(self) -> None:
        if self.own is not None:
            self.own.allow_script_step()

    def get_lr(self) -> float:
        if self.own is not None:
            return self.own.number
        return float(self._param_groups[0]["lr"])

    def set_lr(self, lr: float) -> None:
        if self.own is not None:
            self.own.number = lr
            return
        for group, ratio in zip(self._param_groups, self.groups):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr * ratio)  # a compiled or captured step reads this tensor
            else:
                group["lr"] = lr * ratio
        if self._watch is not None:
            self._watch.note()

    def read_loss(self, loss: Any) -> float | None:
        try:
            if isinstance(loss, Tensor):
                return float(loss.item()) if loss.is_cpu else None
            return float(loss)
        except (TypeError, ValueError, RuntimeError):
            refuse_no_loss(loss)
            raise

    def hold_loss(self, loss: Any) -> Any:
        self._has_trained = True
        # A copy: a captured graph writes each step's loss to the same place.
        own = loss.detach().clone()
        if own.dim() == 0 and not own.is_complex():
            return own
        refuse_no_loss(loss)
        return own.reshape(())

    def read_held(self, held: Sequence[Any]) -> list[float]:
        if len({loss.device for loss in held}) > 1:
            return [float(loss) for loss in held]
        values: list[float] = torch.stack([loss.float() for loss in held]).cpu().tolist()
        return values

    def validate(self) -> tuple[float, dict[str, float]]:
        give_back_free_memory()  # an evaluation comes now and then, and takes longer
        assert self._validate is not None  # the session has asked can_validate
        if self._foreign_optimizers is None:
            return run_validation(self._model, self._validate)
        self._foreign_optimizers.is_off = True
        try:
            return run_validation(self._model, self._validate)
        finally:
            self._foreign_optimizers.is_off = False

    def capture(self) -> dict[str, Any]:
        left_out = self._frozen.look()
        is_whole = left_out is None or not self._is_readable
        state = self._state(model_state(self._model) if is_whole else {})
        if not self._is_readable:
            # What no file can hold is told before there is work to lose.
            plain_of(state, any_tensor=True)
            self._is_readable = any(item.state for item in self.optimizers)
        if left_out is not None:
            state["model"] = self._frozen.state(left_out)
        # These take back what they are given as it is, and count on finding it where it was.
        as_is = {
            name: state.pop(name) for name in ("extra", "schedule", "own_lrs") if name in state
        }
        has_trained = self._has_trained or any(item.state for item in self.optimizers)
        return {
            **snapshot_of(state, has_trained),
            **copy_of(as_is),
            **({} if left_out is None else {"left_out": left_out}),
            "rng": capture_rng(),
        }

    def apply(self, state: dict[str, Any]) -> None:
        if self._model_copies is not None:
            self._model_copies.sample()
        if "left_out" in state:
            left_out = state["left_out"]
            model = brought_back(state["model"], self._frozen.state(left_out))
            self._frozen.restore(model, left_out)
        else:
            restore_model(self._model, brought_back(state["model"], model_state(self._model)))
        states = brought_back(state["optimizer"], self._optimizer_state())
        restore_optimizers(self.optimizers, states if type(states) is list else [states])
        if "loose" in state:  # not where an older version wrote it
            restore_loose(self._loose, brought_back(state["loose"], self._loose))
        for name, item in self._extras.items():
            saved = copy_of(state["extra"][name])
            item.load_state_dict(in_kinds_of(item.state_dict(), saved))
        if self.own is not None:
            self.own.apply(state)
        self.apply_averages(state.get("averages"))
        if self._watch is not None:
            self._watch.note()
        restore_rng(state["rng"])

    def size(self, state: dict[str, Any]) -> int:
        return bytes_of(state)

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        # Nothing trains meanwhile, so what is written needs no copy in memory.
        state = {**self._state(model_state(self._model)), "rng": capture_rng()}
        state["model"], frozen = self._frozen_in_file.split(state["model"])
        state.update({"frozen": frozen} if frozen else {})
        return write_durably(path, {"step": step, "state": state, "data": place})

    def read(self, path: str) -> tuple[dict[str, Any], int, dict[str, Any] | None]:
        content = read_durable(path)
        state = content["state"]
        state["model"] = self._frozen_in_file.join(state["model"], state.pop("frozen", {}))
        return state, content["step"], content.get("data")

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
        # A copy: a script may change its batches in place. Batches from workers lie in shared
        # memory besides, and thousands of them exhaust the file handles.
        if not isinstance(item, Tensor):
            return own_copy(item)
        copied = item.detach().clone()
        return copied.requires_grad_() if item.requires_grad else copied

    @property
    def can_average(self) -> bool:
        # What is trained outside of the model does not reach what is validated.
        return self.can_validate and not self._loose

    def make_averages(self, sampling: Sampling, values: Any) -> TorchAverages:
        return TorchAverages(self._averaged(), sampling, values)

    def _averaged(self) -> Averaged:
        groups = self.optimizer_set.groups
        trained = {id(each) for group in groups for each in group["params"]}
        modules = [self._model, *(each for each in self.extras if isinstance(each, nn.Module))]
        own = [each for each in modules if any(id(p) in trained for p in each.parameters())]
        return averaged_of(groups, own)

    def _parameters_outside(self) -> list[Tensor]:
        modules = [self._model, *(each for each in self.extras if isinstance(each, nn.Module))]
        inside = {id(each) for module in modules for each in module.parameters()}
        trained = {
            id(each): each for group in self.optimizer_set.groups for each in group["params"]
        }
        return [each for key, each in trained.items() if key not in inside]

    @property
    def _param_groups(self) -> list[dict[str, Any]]:
        return self.optimizer_set.groups

    def _state(self, model: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": model,
            "optimizer": self._optimizer_state(),
            **self._loose_state(),
            "extra": {name: item.state_dict() for name, item in self._extras.items()},
            **self._schedule_state(),
            **self.averages_state(),
        }

    def _schedule_state(self) -> dict[str, Any]:
        return {} if self.own is None else self.own.state()

    def _loose_state(self) -> dict[str, Any]:
        return {"loose": [each.detach() for each in self._loose]} if self._loose else {}

    def _optimizer_state(self) -> Any:
        states = [item.state_dict() for item in self.optimizers]
        return states[0] if len(states) == 1 else states


def _refuse_closure(optimizer: Optimizer) -> None:
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ArgumentError(
            "train by an optimizer that updates once a step, as SGD and Adam do: "
            f"{type(optimizer).__name__} takes a closure and evaluates the loss as often as it "
            "likes, so that a step has no one loss and no one learning rate"
        )


def _is_in(item: Any, items: Sequence[Any]) -> bool:
    return any(item is own for own in items)


def _ratios(groups: Sequence[dict[str, Any]]) -> list[float]:
    refuse_no_lr(groups)
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
            raise ArgumentError(
                f"extra holds a {kind}, which has no state_dict and load_state_dict"
            )
        taken = sum(1 for name in named if name.split("-")[0] == kind)
        named[kind if taken == 0 else f"{kind}-{taken + 1}"] = item
    return named
