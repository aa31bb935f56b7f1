"""The hooks for a TensorFlow loop: the variables of a tf.train.Checkpoint, and those of the LR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf

from autolrs._averages.arrays import ArrayAverages
from autolrs._averages.sampling import Sampling
from autolrs._state.array_file import ArrayState
from autolrs._state.array_hooks import ArrayHooks
from autolrs._state.lr_trail import LrTrail
from autolrs._state.rng import capture_host_rng, restore_host_rng
from autolrs._state.validation_result import loss_and_metrics, refuse_no_loss
from autolrs._tensorflow.weights import mixed, precise, variables_of
from autolrs.errors import SecondSchedulerError


class TensorflowHooks(ArrayHooks):
    """Implements `autolrs.hooks.Hooks`; see there for what each method promises.

    Args:
        checkpoint: Tracks all that training changes.
        lrs: The variables that hold an LR; the first is the base LR.
        validate: The user's validation, if there is one.

    Raises:
        SecondSchedulerError: An LR is no variable, and so something else computes it.
        ValueError: The first LR is 0.
    """

    holds: Sequence[str] = ["checkpoint", "rng"]

    def __init__(
        self,
        checkpoint: tf.train.Checkpoint,
        lrs: Sequence[Any],
        validate: Callable[[], Any] | None,
    ) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._lrs = lrs
        self._validate = validate
        for lr in lrs:
            if not hasattr(lr, "assign"):
                raise SecondSchedulerError(
                    f"the learning rate is a {type(lr).__name__} and no tf.Variable, so that a "
                    "schedule or cannot be changed; give the optimizer a number, and hand "
                    "optimizer.learning_rate over"
                )
        base = _number(lrs[0])
        if base == 0:
            raise ValueError(
                "the first learning rate is 0, and the tuner keeps all others in proportion to "
                "it; give that one the base learning rate"
            )
        self.groups: Sequence[float] = [_number(lr) / base for lr in lrs]
        self._trail = LrTrail(lambda held: [each.numpy() for each in held])

    @property
    def framework(self) -> str:
        return f"tensorflow {tf.__version__}"

    @property
    def can_validate(self) -> bool:
        return self._validate is not None

    def check(self) -> None:
        pass  # a schedule is no variable, and was refused

    def get_lr(self) -> float:
        return _number(self._lrs[0])

    def set_lr(self, lr: float) -> None:
        lrs = [lr * ratio for ratio in self.groups]
        self._trail.meet(self._copies() if self._trail.has_stepped else (), lrs)
        for variable, each in zip(self._lrs, lrs):
            variable.assign(each)

    def check_lrs(self) -> None:
        """See `autolrs.hooks.ChecksLrs`."""
        self._trail.check(self._copies)

    def _copies(self) -> list[Any]:
        return [tf.identity(variable) for variable in self._lrs]

    def read_loss(self, loss: Any) -> float | None:
        self._trail.has_stepped = True
        if tf.is_tensor(loss) and "CPU" not in loss.device:
            if loss.shape.rank:
                refuse_no_loss(loss)
            return None
        try:
            return float(loss)
        except (TypeError, ValueError):
            refuse_no_loss(loss)
            raise

    def hold_loss(self, loss: Any) -> Any:
        return tf.identity(loss)  # of a variable, its value now

    def read_held(self, held: Sequence[Any]) -> list[float]:
        values: list[float] = (
            tf.stack([tf.cast(loss, tf.float64) for loss in held]).numpy().tolist()
        )
        return values

    def validate(self) -> tuple[float, dict[str, float]]:
        assert self._validate is not None  # the session has asked can_validate
        rng = capture_host_rng()
        try:
            return loss_and_metrics(self._validate())
        finally:
            restore_host_rng(rng)

    def capture_training(self) -> ArrayState:
        arrays = [variable.numpy() for variable in self._variables()]
        return ArrayState(arrays, {"rng": capture_host_rng()})

    def apply_training(self, state: ArrayState) -> None:
        variables = self._variables()
        shapes = [tuple(variable.shape) for variable in variables]
        if shapes != [array.shape for array in state.arrays]:
            raise ValueError(
                f"the checkpoint holds {len(state.arrays)} variables, and there are "
                f"{len(variables)} now, or some of other shapes; make all variables before the "
                "loop begins, those of the optimizer by optimizer.build(model.trainable_variables)"
            )
        for variable, array in zip(variables, state.arrays):
            variable.assign(array)
        restore_host_rng(state.plain["rng"])
        self._trail.forget()

    def make_averages(self, sampling: Sampling, values: Any) -> ArrayAverages:
        weights = self._weights()

        def read() -> list[Any]:
            return [precise(variable) for variable in weights]

        def write(arrays: Sequence[Any]) -> None:
            for variable, array in zip(weights, arrays):
                variable.assign(tf.cast(array, variable.dtype))

        def mix(values: Sequence[Sequence[Any]], shares: Sequence[float]) -> Any:
            now = [tf.convert_to_tensor(variable) for variable in weights]
            return mixed([list(means) for means in values], now, tf.constant(shares, tf.float64))

        return ArrayAverages(read, write, sampling, values, mix)

    def _weights(self) -> list[Any]:
        """Of floating point, statistics such as BatchNorm's among them; none of an optimizer's."""
        others = {id(variable) for variable in self._lrs}
        for each in tf.train.TrackableView(self._checkpoint).descendants():
            if hasattr(each, "apply_gradients"):
                others |= {id(variable) for variable in variables_of(each)}
        return [
            each
            for each in self._variables()
            if id(each) not in others and tf.as_dtype(each.dtype).is_floating
        ]

    def _variables(self) -> list[Any]:
        found: dict[int, Any] = {}
        for each in tf.train.TrackableView(self._checkpoint).descendants():
            # A layer of Keras says more than the checkpoint tracks: the seeds of its dropout.
            for variable in [each, *getattr(each, "variables", ())]:
                if hasattr(variable, "assign") and hasattr(variable, "numpy"):
                    found[id(variable)] = variable
        # It is there only once the script has saved by itself.
        found.pop(id(getattr(self._checkpoint, "_save_counter", None)), None)
        return [*self._lrs, *found.values()]


def _number(variable: Any) -> float:
    return float(variable.numpy())
