"""What a trainer tells the tuner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Union

from autolrs._ask_tell.requests import Adopt, Discard, Restore, Save, Train, Validate

Early = Literal["data", "halt", "diverged"]


@dataclass(frozen=True)
class Trained:
    """The answer to `Train`."""

    losses: Iterable[float]
    """The training loss of each update that was done, as numbers, in their order.

    One that is not finite says that the training has diverged; it may be the last one.
    """
    end: Early | None = None
    """Why there are fewer losses than steps: the data ended, the smoothed loss was above `halt`,
    or the trainer has found a divergence by itself.

    The smoothed loss is the mean of this request's losses, where each one weighs 0.9 times as much
    as the one after it.
    """


@dataclass(frozen=True)
class Validated:
    """The answer to `Validate`."""

    loss: float
    """The validation loss: lower is better."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Others by their names, as `{"accuracy": 0.9}`; with the option `metric` at least that."""


@dataclass(frozen=True)
class Saved:
    """The answer to `Save`."""

    bytes: int | None = None
    """What the copy takes, for the ledger of the run."""


@dataclass(frozen=True)
class Restored:
    """The answer to `Restore`."""

    step: int | None = None
    """`Save.step` as the file has it. It may be left out for what this process has saved."""


@dataclass(frozen=True)
class Discarded:
    """The answer to `Discard`."""


@dataclass(frozen=True)
class Adopted:
    """The answer to `Adopt`."""


Told = Union[Trained, Validated, Saved, Restored, Discarded, Adopted]
"""All that `tell` takes."""

REPLIES: Mapping[type, type] = {
    Train: Trained,
    Validate: Validated,
    Save: Saved,
    Restore: Restored,
    Discard: Discarded,
    Adopt: Adopted,
}
"""What answers what."""
