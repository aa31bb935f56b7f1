"""What the session asks of a framework. One implementation a framework; none knows the wire."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from autolrs._averages.sampling import Averaging


class Hooks(Protocol):
    """A model in training, as the session sees it.

    A hook may raise whatever it likes: the tuner is told, with the traceback. All are called from
    the thread that trains, between two steps.
    """

    @property
    def framework(self) -> str:
        """Name and version, as in `torch 2.13.0`."""

    @property
    def holds(self) -> Sequence[str]:
        """What `capture` contains, by name."""

    @property
    def groups(self) -> Sequence[float]:
        """Each parameter group's LR over the base LR, as it was at the start."""

    @property
    def can_validate(self) -> bool:
        """True if `validate` may be called."""

    def check(self) -> None:
        """Looks for what makes tuning impossible.

        Raises:
            SecondSchedulerError: Something else sets the LR too.
        """

    def get_lr(self) -> float:
        """The base LR, read from the optimizer: the truth, not what was set last."""

    def set_lr(self, lr: float) -> None:
        """Makes `lr` the base LR of the next update, and keeps the ratios between the groups."""

    def read_loss(self, loss: Any) -> float | None:
        """The loss as a number, or None if to read it now would make the device wait."""

    def hold_loss(self, loss: Any) -> Any:
        """The loss in a form that can be read later and keeps no graph alive."""

    def read_held(self, held: Sequence[Any]) -> list[float]:
        """Reads what `hold_loss` gave, in one transfer."""

    def validate(self) -> tuple[float, dict[str, float]]:
        """The user's validation: loss and metrics. Leaves no trace in modes, RNG or gradients."""

    def capture(self) -> Any:
        """All that training needs to repeat itself, in memory that training does not touch."""

    def apply(self, state: Any) -> None:
        """Brings back what `capture` or `read` gave, and never changes it: it is used again."""

    def size(self, state: Any) -> int:
        """Bytes that a captured state takes."""

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        """Writes the present state, durably and all or nothing; returns its size in bytes.

        Args:
            path: The file.
            step: Updates done.
            place: Plain values that say where training stands in its data; None if not known.

        Raises:
            OSError: It cannot be written; whatever was at `path` is still there.
        """

    def read(self, path: str) -> tuple[Any, int, dict[str, Any] | None]:
        """Reads what `write` wrote: the state, its step, and the place in the data.

        Raises:
            OSError: It is not there or cannot be read.
        """

    def data_rng(self) -> AbstractContextManager[None]:
        """While entered, random numbers come from a stream of its own, kept for the data.

        Shuffling must not draw from the stream that dropout draws from: a replay does not shuffle
        again, and everything after it would differ.
        """

    def data_state(self, loader: Any) -> Any:
        """What `data_rng` and random generators of the loader's own stand at, as plain values.

        Numbers, strings, and lists and dicts of them, to be compared with `==`. An epoch that
        begins at an equal state brings the same batches, in this process and in another.
        """

    def set_data_state(self, loader: Any, state: Any) -> None:
        """Brings back what `data_state` gave."""

    def keep(self, item: Any) -> Any:
        """A copy of what is in a batch, as a tensor or a number, to be held by the thousand."""


@runtime_checkable
class TellsGroups(Protocol):
    """What hooks can do besides: read back whether the ratios between the groups are kept."""

    def get_groups(self) -> Sequence[float] | None:
        """Each group's LR over the base LR, read from the optimizer; None where that is 0."""


@runtime_checkable
class ChecksLrs(Protocol):
    """What hooks can do besides: tell afterwards that an update was done at another LR."""

    def check_lrs(self) -> None:
        """Compares the LRs of the updates since it was called last with those that were set.

        Raises:
            SecondSchedulerError: Something else has set one.
        """


@runtime_checkable
class ScalesSchedule(Protocol):
    """What hooks can do besides: leave the LR to the script, and set a factor on it.

    From `begin_scaling` on every LR of these hooks is the factor, and `check` is not called.
    """

    def begin_scaling(self) -> None:
        """The script's own schedule stays: the factor is 1 until `set_lr` sets another.

        Raises:
            ValueError: The schedule is of a kind that could not be taken back.
        """

    def allow_script_step(self) -> None:
        """The script goes on. What its schedule does before its next update is out of order."""


@runtime_checkable
class OverridesSchedule(Protocol):
    """What hooks can do besides: set the LR for each update alone, and leave the rest as it is."""

    def begin_override(self) -> None:
        """The script's schedule goes on between updates; `check` is not called.

        From here on the LR of these hooks is that of the next update.
        """

    def take_own_lr(self) -> float | None:
        """The highest LR of the script's own, of the first group, since it was asked last.

        None where there was no update, or where the script has no LR of its own.
        """


@runtime_checkable
class TellsRollback(Protocol):
    """What hooks can do besides: say whether the loop bears a rollback amid a committed run."""

    @property
    def can_rollback(self) -> bool:
        """False where a framework counts, logs and saves by itself, and would not go back too."""


@runtime_checkable
class TellsSchedule(Protocol):
    """What hooks can do besides: say which LR schedule the script has of its own.

    Asked once it is settled whose LR it is; nothing is told where it is the tuner's.
    """

    def get_schedule(self, total: int | None) -> dict[str, Any] | None:
        """Its `name` for people and, where it is known, its `peak`: the first group's highest LR.

        Args:
            total: The script's own number of updates, if it is known.
        """


@runtime_checkable
class ChecksWeights(Protocol):
    """What hooks can do besides: check that training changes the weights."""

    def begin_training(self) -> None:
        """A training begins."""

    def end_training(self, done: Sequence[tuple[float, float]]) -> None:
        """A training ends.

        Args:
            done: LR and loss of each update.

        Raises:
            StillError: The weights do not follow the LR.
        """


@runtime_checkable
class KeepsRng(Protocol):
    """What hooks can do besides: put aside the random numbers that training draws from."""

    def get_rng(self) -> Any:
        """A copy of the global random state, as a checkpoint holds it."""

    def set_rng(self, rng: Any) -> None:
        """Brings back what `get_rng` gave."""


@runtime_checkable
class AveragesWeights(Protocol):
    """What hooks can do besides: keep averages of the weights, as a part of what is captured.

    See `autolrs._averages.sampling` for which. Weights are all that is trained, and statistics
    such as BatchNorm's with them.
    """

    @property
    def can_average(self) -> bool:
        """False where this model's weights cannot be replaced for a validation."""

    @property
    def is_averaged(self) -> bool:
        """True once an average took the weights' place, until training goes on."""

    def begin_averages(self, averaging: Averaging) -> None:
        """Goes on with the averages that there are, if they are the same ones, else begins."""

    def end_averages(self) -> None:
        """Drops the averages."""

    def average_update(self) -> None:
        """An update was made."""

    def has_average(self, power: float) -> bool:
        """True once there is an average of this power."""

    def weights_at(self, power: float) -> AbstractContextManager[None]:
        """While entered, the model has the average for its weights."""

    def adopt_average(self, power: float) -> None:
        """The average becomes the weights, and all averages are dropped."""
