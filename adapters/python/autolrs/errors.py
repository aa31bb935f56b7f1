"""What can go wrong in a way that a user can put right."""


class SecondSchedulerError(ValueError):
    """Something else than the tuner sets the learning rate."""


class SchedulerOrderError(ValueError):
    """The script's own scheduler is stepped where a rollback cannot take its step back."""


class AddressError(SystemExit):
    """There is no tuner at the address given. Ends the script with status 1 and one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(f"autolrs: {message}")


class RanksError(RuntimeError):
    """The processes that train together do not do the same."""


class TrainingOverError(RuntimeError):
    """The tuner has had its steps, and the script trains on."""
