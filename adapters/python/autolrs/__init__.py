"""Lets the autolrs tuner steer the learning rate of a training script.

Importing this package imports no framework. Where a tuner drives the script, it takes stdin and
stdout for the conversation at once: a banner printed by the next import must not reach the wire.
Where the tuner names a socket, it connects to that and leaves them alone.
"""

from autolrs._inside.run import Run
from autolrs._protocol.claim import claim, is_driven
from autolrs._schedule_file import schedule
from autolrs._version import __version__
from autolrs.errors import SecondSchedulerError

claim()

__all__ = ["Run", "SecondSchedulerError", "__version__", "is_driven", "schedule"]
