"""What `attach` returns where no tuner drives the script."""

from __future__ import annotations

from transformers import Trainer

from autolrs._session.tuner_status import TunerStatus
from autolrs.tuner import must_be_count


class BareTrainer(TunerStatus):
    """For a Trainer without a tuner, which counts its updates itself."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer

    @property
    def step_count(self) -> int:
        """How many optimizer updates the Trainer has done."""
        return int(self._trainer.state.global_step)

    def every(self, steps: int) -> bool:
        """True where the number of updates is a multiple of `steps`."""
        must_be_count(steps)
        return self.step_count > 0 and self.step_count % steps == 0
