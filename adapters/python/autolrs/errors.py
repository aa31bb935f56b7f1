"""What can go wrong in a way that a user can put right."""


class SecondSchedulerError(ValueError):
    """Something else than the tuner sets the learning rate."""
