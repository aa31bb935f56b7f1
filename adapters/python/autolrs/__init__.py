"""Lets the autolrs tuner steer the learning rate of a training script.

Importing this package imports no framework. Where a tuner drives the script, it takes stdin and
stdout for the conversation at once: a banner printed by the next import must not reach the wire.
Where the tuner names a socket, it connects to that and leaves them alone.
"""

import sys

# In words that any Python 3 reads, and before what it may not.
if sys.version_info < (3, 9):  # noqa: UP036
    _version = ".".join(map(str, sys.version_info[:2]))
    raise ImportError(
        f"autolrs needs Python 3.9 or newer, and {sys.executable} is Python {_version}; run the "
        "script with a newer one"
    )

from autolrs._ask_tell.replies import (
    Adopted,
    Discarded,
    Restored,
    Saved,
    Told,
    Trained,
    Validated,
)
from autolrs._ask_tell.requests import Adopt, Asked, Discard, Restore, Save, Train, Validate
from autolrs._ask_tell.start import ask_tell
from autolrs._ask_tell.tuner import AskTell
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim, is_driven
from autolrs._schedule_file import schedule
from autolrs._version import __version__
from autolrs.errors import AskTellError, RunEndedError, SecondSchedulerError

claim()

__all__ = [
    "Adopt",
    "Adopted",
    "AskTell",
    "AskTellError",
    "Asked",
    "Discard",
    "Discarded",
    "Restore",
    "Restored",
    "Run",
    "RunEndedError",
    "Save",
    "Saved",
    "SecondSchedulerError",
    "Told",
    "Train",
    "Trained",
    "Validate",
    "Validated",
    "__version__",
    "ask_tell",
    "is_driven",
    "schedule",
]
