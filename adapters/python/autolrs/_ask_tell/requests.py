"""What the tuner asks of a trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Union

from autolrs._averages.sampling import Averaging


@dataclass(frozen=True)
class Train:
    """Do `steps` updates, each at its LR. Tell `Trained`."""

    kind: ClassVar[Literal["train"]] = "train"
    steps: int
    """Updates to do, at least 1."""
    lr: float | list[float]
    """The LR of all of them, or one for each."""
    purpose: Literal["commit", "search"]
    """`search`: they are a trial's, and will be rolled back."""
    halt: float | None = None
    """The trainer may stop, with `end="halt"`, once the smoothed loss is above it: see `Trained`.

    A trainer that goes on all the same only wastes steps.
    """
    average: Averaging | None = None
    """With `can_average`: keep these averages of the weights; None drops them all."""

    @property
    def lrs(self) -> list[float]:
        """One for each step."""
        return self.lr if isinstance(self.lr, list) else [self.lr] * self.steps


@dataclass(frozen=True)
class Validate:
    """Measure the validation loss, and change nothing. Tell `Validated`."""

    kind: ClassVar[Literal["validate"]] = "validate"
    at: float | None = None
    """With `can_average`: measure at the average of this power, in the place of the weights."""


@dataclass(frozen=True)
class Save:
    """Copy all that training changes, under a name. Tell `Saved`."""

    kind: ClassVar[Literal["save"]] = "save"
    checkpoint: str
    """The name. A second `Save` of the same name replaces the first."""
    step: int
    """Updates that the model has had. A file has to hold this number, for `Restored`."""
    path: str | None = None
    """With `can_write_files`: the file to write, whole or not at all; None: keep it in memory."""


@dataclass(frozen=True)
class Restore:
    """Put a copy back, and go on with the batches that followed it. Tell `Restored`."""

    kind: ClassVar[Literal["restore"]] = "restore"
    checkpoint: str
    """Its name. It stays saved."""
    path: str | None = None
    """The file to read, which another process may have written; None: it is in memory."""


@dataclass(frozen=True)
class Discard:
    """Forget a copy. Tell `Discarded`."""

    kind: ClassVar[Literal["discard"]] = "discard"
    checkpoint: str
    """Its name."""
    path: str | None = None
    """The file to remove, which may be gone already; None: it is in memory."""


@dataclass(frozen=True)
class Adopt:
    """Replace the weights by an average of them, and drop all averages. Tell `Adopted`."""

    kind: ClassVar[Literal["adopt"]] = "adopt"
    at: float
    """The power of the average."""


Asked = Union[Train, Validate, Save, Restore, Discard, Adopt]
"""All that `ask` returns. Only `Train` changes the model by itself."""
