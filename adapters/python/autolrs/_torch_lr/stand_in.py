"""What stands where a framework wants an LR scheduler, while the tuner sets the LR."""

from __future__ import annotations

from typing import Any


class SchedulerStandIn:
    """Does nothing, and tells of the LR: a framework's log, and its checkpoints, find it there.

    Args:
        optimizer: Whose LR it tells.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.loaded: dict[str, Any] | None = None
        """The state of a scheduler that was to be brought back here."""

    def step(self, *_: Any, **__: Any) -> None:
        """Does nothing."""

    def get_last_lr(self) -> list[float]:
        """The LR of each parameter group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the tuner keeps the schedule."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Puts it aside."""
        self.loaded = state
