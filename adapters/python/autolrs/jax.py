"""Lets the autolrs tuner steer the learning rate of a JAX training loop with Optax.

Example:
    import autolrs.jax

    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)
    tuner = autolrs.jax.attach((params, optimizer.init(params)), validate=validate)
    for batch in tuner.cycle(loader, epochs=10):
        tuner.state, loss = update(tuner.state, batch)
        tuner.step(loss)
"""

from __future__ import annotations

from typing import Any, Callable

from autolrs._data.batch_replay import DEFAULT_BYTES
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_alone
from autolrs._protocol.wire import Wire
from autolrs._state.requires import require
from autolrs.session import Session
from autolrs.tuner import InertTuner

require("jax", "JAX", "jax", "0.4.30")

from autolrs._jax.hooks import JaxHooks

__all__ = ["attach"]


def attach(
    state: Any,
    validate: Callable[[Any], Any] | None = None,
    *,
    total: int | None = None,
    rewind_bytes: int = DEFAULT_BYTES,
    run: Run | None = None,
) -> JaxSession | InertJaxTuner:
    """Hands the learning rate over to the tuner, if one drives this script.

    The result has the methods of `autolrs.tuner.Tuner`, and holds the state in training: read it
    from `tuner.state` before each update, and put it back there after. In between, at `step`, at
    `cycle` and at `done`, the tuner may set another LR in it, or roll it back.

    Args:
        state: A pytree of all that training changes: parameters, the optimizer's state, PRNG keys.
            The optimizer's state comes from `optax.inject_hyperparams`, so that the LR is in it.
        validate: Takes the state, and returns the validation loss, or the loss and a dict of
            metrics, or a dict with the key "loss".
        total: How many steps the script means to do. `cycle` knows it by itself.
        rewind_bytes: How many bytes of past batches `cycle` keeps, so that every candidate can be
            tried on the same ones.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.

    Raises:
        SecondSchedulerError: The optimizer was given a schedule.
        ValueError: No LR is in the state, the first one is 0, or attach was called before.
        NotImplementedError: More than one process trains.
    """
    wire = claim_alone("autolrs.jax", run)
    if wire is None:
        return InertJaxTuner(state, total)
    return JaxSession(wire, JaxHooks(state, validate), total, rewind_bytes)


class JaxSession(Session):
    """A tuner that is there, and the state that it steers."""

    def __init__(self, wire: Wire, hooks: JaxHooks, total: int | None, rewind_bytes: int) -> None:
        super().__init__(wire, hooks, total, rewind_bytes)
        self._of_jax = hooks

    @property
    def state(self) -> Any:
        """The pytree in training."""
        return self._of_jax.state

    @state.setter
    def state(self, state: Any) -> None:
        self._of_jax.state = state


class InertJaxTuner(InertTuner):
    """For a script without a tuner: holds the state, and nothing else.

    Args:
        state: The pytree in training.
        total: After how many steps `done` becomes true; never, if it is None.
    """

    def __init__(self, state: Any, total: int | None) -> None:
        super().__init__(total)
        self.state = state
