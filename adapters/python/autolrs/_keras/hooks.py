"""The hooks for Keras 3, on whichever back end it runs."""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence
from typing import Any, Callable

import keras
import numpy

from autolrs._averages.arrays import ArrayAverages
from autolrs._averages.sampling import Sampling
from autolrs._keras.weights import KerasWeights
from autolrs._session.phase import phase
from autolrs._state.array_file import ArrayState
from autolrs._state.array_hooks import ArrayHooks
from autolrs._state.articles import with_article
from autolrs._state.rng import RngState, capture_host_rng, restore_host_rng
from autolrs._state.validation_result import loss_and_metrics
from autolrs.errors import SecondSchedulerError

ROUNDING = 2**-8
"""Of an LR that is kept in bfloat16."""

SCHEDULERS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


class KerasHooks(ArrayHooks):
    """Implements `autolrs.hooks.Hooks`; see there for what each method promises.

    Args:
        model_now: Gives the model with its variables up to date: on JAX, `fit` keeps them
            elsewhere between two batches, and takes back what is changed.
        validation_data: What `evaluate` takes, or None.

    Raises:
        ValueError: The model is not built, and so has no state yet.
    """

    groups: Sequence[float] = [1.0]
    holds: Sequence[str] = ["model", "optimizer", "seeds", "rng"]
    can_rollback = False

    def __init__(self, model_now: Callable[[], Any], validation_data: Any) -> None:
        super().__init__()
        self._lr_set: float | None = None
        self._model_now = model_now
        self._validation_data = validation_data
        self._require_state()

    def _require_state(self) -> None:
        model = self._model_now()
        if not model.built:
            raise ValueError(
                "the model has no variables yet, and the tuner saves them before the first step; "
                "give it an Input layer, or call model.build(input_shape) before fit"
            )
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)

    @property
    def framework(self) -> str:
        return f"keras {keras.__version__} on {keras.backend.backend()}"

    @property
    def can_validate(self) -> bool:
        return self._validation_data is not None

    def check(self) -> None:
        model = self._model_now()
        inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        if not isinstance(inner._learning_rate, keras.Variable):
            kind = type(inner._learning_rate).__name__
            raise SecondSchedulerError(
                f"{with_article(kind)} sets the learning rate of this optimizer, and the tuner "
                "would too; give the optimizer a number `if autolrs.is_driven()`"
            )
        for item in gc.get_objects():
            if issubclass(type(item), SCHEDULERS) and item._model is model:
                raise SecondSchedulerError(
                    f"{with_article(type(item).__name__)} sets the learning rate of this model, "
                    "and the tuner would too; add it to the callbacks only "
                    "`if not autolrs.is_driven()`"
                )
            if phase() is not None:
                continue  # no probe comes amid a committed fit
            is_stopping = issubclass(type(item), keras.callbacks.EarlyStopping)
            if is_stopping and item._model is model and item.restore_best_weights:
                raise ValueError(
                    f"an {type(item).__name__} puts the weights of its best epoch back at the "
                    "end, which may be a probe's; give it `restore_best_weights=not "
                    "autolrs.is_driven()`: the tuner goes back to the best itself"
                )

    def get_lr(self) -> float:
        return float(_array(self._model_now().optimizer.learning_rate))

    def set_lr(self, lr: float) -> None:
        self._model_now().optimizer.learning_rate = lr
        self._lr_set = lr

    def check_lr(self) -> None:
        """Compares the LR with what was set. Costs a read from the device.

        Raises:
            SecondSchedulerError: Something else has set it since.
        """
        now = self.get_lr()
        if self._lr_set is not None and not math.isclose(now, self._lr_set, rel_tol=ROUNDING):
            raise SecondSchedulerError(
                "set the learning rate only `if not autolrs.is_driven()`: a callback or a line of "
                f"the script has set it to {now:.6g}, and the tuner had set {self._lr_set:.6g}"
            )

    def read_loss(self, loss: Any) -> float | None:
        return float(loss)  # Keras has read it already, for its callbacks

    def hold_loss(self, loss: Any) -> Any:
        raise NotImplementedError  # no loss is held

    def read_held(self, held: Sequence[Any]) -> list[float]:
        raise NotImplementedError

    def validate(self) -> tuple[float, dict[str, float]]:
        model, data = self._model_now(), self._validation_data
        state = self.capture_training()
        metrics = [(each, _array(each)) for each in model.metrics_variables]
        modes = _modes_of(model)
        try:
            parts = data if isinstance(data, tuple) else (data,)
            return loss_and_metrics(model.evaluate(*parts, verbose=0, return_dict=True))
        finally:
            self.apply_training(state)
            self._model_now().reset_metrics()  # those that validation has made
            for variable, array in metrics:
                variable.assign(array)
            for module, mode in modes:
                module.training = mode

    def capture_training(self) -> ArrayState:
        return ArrayState(_values(self._variables()), {"rng": capture_rng()})

    def apply_training(self, state: ArrayState) -> None:
        _assign(self._variables(), state.arrays)
        restore_rng(state.plain["rng"])

    def make_averages(self, sampling: Sampling, values: Any) -> ArrayAverages:
        weights = KerasWeights(self._model_now)
        return ArrayAverages(weights.read, weights.write, sampling, values, weights.mix)

    def to_host(self, array: Any) -> Any:
        return _array(array)

    def _variables(self) -> list[Any]:
        model = self._model_now()
        # Seeds are among the model's, the step count and the LR among the optimizer's.
        found = {id(each): each for each in [*model.variables, *model.optimizer.variables]}
        metrics = {id(each) for each in model.metrics_variables}
        return [each for key, each in found.items() if key not in metrics]


def _array(variable: Any) -> Any:
    return numpy.array(keras.ops.convert_to_numpy(variable))  # a copy: some are views


def _values(variables: Sequence[Any]) -> list[Any]:
    return [_array(variable) for variable in variables]


def _assign(variables: Sequence[Any], arrays: Sequence[Any]) -> None:
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        raise ValueError(
            f"the checkpoint holds {len(arrays)} arrays and the model and its optimizer have "
            f"{len(shapes)}, or of other shapes; the model must be the one that was saved, and "
            "have all its variables when fit begins"
        )
    for variable, array in zip(variables, arrays):
        variable.assign(array)


def _modes_of(model: Any) -> list[tuple[Any, bool]]:
    """On PyTorch a model is a module, and `evaluate` leaves it in eval mode."""
    if keras.backend.backend() != "torch":
        return []
    return [(module, module.training) for module in model.modules()]


def capture_rng() -> RngState:
    """Copies the global random states: Python's, NumPy's, and PyTorch's where Keras runs on it."""
    if keras.backend.backend() != "torch":
        return capture_host_rng()
    from autolrs._torch_state import rng as torch_rng

    state = torch_rng.capture_rng()
    # As lists, which can go to disk beside arrays of any framework.
    cuda = {"cuda": [each.tolist() for each in state["cuda"]]} if "cuda" in state else {}
    return {**state, "torch": state["torch"].tolist(), **cuda}


def restore_rng(state: RngState) -> None:
    """Brings back what `capture_rng` gave, and never changes it."""
    if keras.backend.backend() != "torch":
        restore_host_rng(state)
        return
    from torch import tensor, uint8

    from autolrs._torch_state import rng as torch_rng

    cuda = {}
    if "cuda" in state:
        cuda = {"cuda": [tensor(each, dtype=uint8) for each in state["cuda"]]}
    torch_rng.restore_rng({**state, "torch": tensor(state["torch"], dtype=uint8), **cuda})
