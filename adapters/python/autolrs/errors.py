"""What can go wrong in a way that a user can put right."""


class PermanentError(Exception):
    """A restart would only meet this again: the tuner is told so, and ends the run at once.

    Base class of what the script itself has to put right.
    """


class ArgumentError(PermanentError, TypeError):
    """What the script hands over, or returns, is of another kind than it must be."""


class SecondSchedulerError(PermanentError, ValueError):
    """Something else than the tuner sets the learning rate."""


class SchedulerOrderError(PermanentError, ValueError):
    """The script's own scheduler is stepped where a rollback cannot take its step back."""


class SchedulePlaceError(PermanentError, ValueError):
    """The script's own schedule counts by something that a rollback does not take back."""


class ChangedError(PermanentError, ValueError):
    """What trains is no longer what was handed over: a rollback could not bring it back."""


class StillError(PermanentError, ValueError):
    """The model does not follow the learning rate, so that there is nothing to tune."""


class NotHeldError(PermanentError, TypeError):
    """A part of the state cannot be saved, or not be brought back as it was."""


class AddressError(SystemExit):
    """There is no tuner at the address given. Ends the script with status 1 and one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(f"autolrs: {message}")


class RanksError(PermanentError, RuntimeError):
    """The processes that train together do not do the same."""


class NoTunerError(PermanentError, RuntimeError):
    """The script asks for a run, and no tuner can be started."""


class RunRefusedError(PermanentError, ValueError):
    """The tuner does not take the run as the script asks for it."""


class TrainingOverError(PermanentError, RuntimeError):
    """The tuner has had its steps, and the script trains on."""


class StepMissingError(PermanentError, RuntimeError):
    """The script trains, and never says that it has made an update."""


class StepOrderError(PermanentError, RuntimeError):
    """The script says that it has made an update before it makes it."""


class AskTellError(PermanentError, ValueError):
    """A trainer asks or tells out of turn, or tells what is no answer. It has changed nothing."""


class RunEndedError(PermanentError, RuntimeError):
    """The run that a trainer asks for its next request has ended before it was over."""


class ScheduleFileError(PermanentError, ValueError):
    """What should be the schedule of a run is none, or cannot be set."""
