"""Loops that go on and on, and make no update or tell of none."""

from __future__ import annotations

from autolrs._session.train_request import TrainRequest
from autolrs.errors import StepMissingError

MOST_IDLE_BATCHES = 256
IDLE_FACTOR = 16
"""Batches without an update that no accumulation explains: at least so many, and so many times the
most that an update ever took. A script that skips what is not finite would go on for ever."""

MOST_STEPLESS_BATCHES = 1000
LEAST_STEPLESS_BATCHES = 64
STEPLESS_EPOCHS = 2
"""Batches with an update each before the first call of `step`: so many epochs, within these
bounds."""

MOST_BATCHES_WITHOUT_UPDATE = 50_000
"""As above, where no update was seen, and at least two epochs: gradients are accumulated for long,
or a replay buffer is filled first."""

MOST_STEPLESS_UPDATES = 1000
"""Updates that were seen before the first call of `step`: a critic may have 100 to one of its
generator."""


class IdleBatches:
    """Counts the batches that came since the last update."""

    def __init__(self) -> None:
        self._at: tuple[TrainRequest, int] | None = None
        self._count = 0
        self._most = 0

    def are_too_many(self, training: TrainRequest) -> bool:
        """Counts one more. Never too many before the script has done its first update."""
        at = (training, training.count)
        if at != self._at:
            self._most = max(self._most, self._count)
            self._at, self._count = at, 0
        self._count += 1
        limit = max(MOST_IDLE_BATCHES, IDLE_FACTOR * self._most)
        # Several ranks would have to agree on it.
        if self._most == 0 or self._count <= limit or type(training) is not TrainRequest:
            return False
        # No update took these: counted as if one had, the next time would be noticed later.
        self._count = 0
        return True


class SteplessLoop:
    """Notices a loop that never calls `step`: the tuner would wait for ever."""

    def __init__(self) -> None:
        self._batches = 0
        self._updates = 0

    def note_batch(self, epoch_length: int | None) -> None:
        """The script goes on to another batch.

        Args:
            epoch_length: How many batches an epoch has, if that is known.

        Raises:
            StepMissingError: These are too many.
        """
        self._batches += 1
        epochs = STEPLESS_EPOCHS * (epoch_length or MOST_STEPLESS_BATCHES)
        most = min(MOST_STEPLESS_BATCHES, max(LEAST_STEPLESS_BATCHES, epochs))
        if self._updates > most:
            raise _missing(f"went through {self._batches - 1} batches")
        if self._batches > max(MOST_BATCHES_WITHOUT_UPDATE, epochs):
            raise _missing(f"went through {self._batches - 1} batches")

    def note_update(self) -> None:
        """An update is about to be made.

        Raises:
            StepMissingError: These are too many.
        """
        self._updates += 1
        if self._updates > MOST_STEPLESS_UPDATES:
            raise _missing(f"made {MOST_STEPLESS_UPDATES} updates")


def _missing(done: str) -> StepMissingError:
    return StepMissingError(
        f"call `tuner.step(loss)` after each update of the weights: the script {done} and never "
        "called it"
    )
