"""`fit` in a script that does not know autolrs: the callback that steers it."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable

from keras import callbacks as known

from autolrs._auto.not_served import NotServedError, tell
from autolrs._auto.session import AutoSession, Total
from autolrs._keras.fits_ahead import fits_ahead
from autolrs._keras.hooks import capture_rng, restore_rng
from autolrs._keras.loss import BatchLosses
from autolrs._keras.own_fit import as_scout, each_of
from autolrs._keras.own_schedule import schedule_of
from autolrs._keras.unattached_hooks import UnattachedHooks
from autolrs._keras.update_lr import UpdateLr
from autolrs._protocol.claim import claim_alone
from autolrs._protocol.wire import Wire
from autolrs._session.phase import phase
from autolrs._state.articles import with_article
from autolrs._state.requires import numbers_of, require


def fit_steered(
    door: Any, fit: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A `fit` of the script's, steered if it is the first, or goes on with the first.

    Args:
        door: See `site/autolrs_keras_door.py`.
        fit: Keras's own, of the model.
        model: Compiled.
        args: Of the script's.
        kwargs: Of the script's.

    Raises:
        NotServedError: It cannot be steered; the tuner is told.
    """
    if door.steering is None:
        door.steering = _begin(door, model)
    steering = door.steering
    if not steering.is_of(model):
        steering.let_go()
        return fit(*args, **kwargs)
    given = inspect.signature(fit).bind(*args, **kwargs)
    given.apply_defaults()
    steering.ask(given.arguments)
    return fit(*given.args, **given.kwargs)


def _begin(door: Any, model: Any) -> FitSteering:
    wire = claim_alone("autolrs.keras")
    assert wire is not None  # the door has seen to it
    try:
        keras = require("keras", "Keras", "keras", "3.4")
        _refuse_backend(keras)
        _refuse(model)
        return FitSteering(door, wire, model)
    except Exception as error:
        door.is_open = False
        tell(wire, error)
        raise


def _refuse_backend(keras: Any) -> None:
    if keras.config.backend() != "jax":
        return
    version = keras.__version__
    if numbers_of(version) < [3, 7]:
        raise NotServedError(
            f"update Keras to 3.7 or newer: this one is {version}, whose `fit` on JAX takes no "
            "learning rate for each update; or run the script without autolrs"
        )
    if getattr(keras.config, "is_nnx_enabled", bool)():
        raise NotServedError(
            "unset KERAS_NNX_ENABLED: with it, Keras's `fit` on JAX keeps its variables where "
            "autolrs cannot steer them; or run the script without autolrs"
        )


def _refuse(model: Any) -> None:
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        raise NotServedError(
            "call `fit` in the process that autolrs starts: multiprocessing has started this "
            "one, which a tuner cannot reach"
        )
    if getattr(model, "optimizer", None) is None:
        raise NotServedError(
            "give the model its optimizer by `compile(optimizer=...)`: this one has none, so its "
            "train_step makes updates that autolrs cannot steer; or run the script without autolrs"
        )
    if model.steps_per_execution != 1:
        raise NotServedError(
            f"compile the model with steps_per_execution=1: it is {model.steps_per_execution}, "
            "and Keras then tells of no single update; or run the script without autolrs"
        )


class FitSession(AutoSession):
    """Is asked before the first update, so that none is to be undone."""

    def _meet_update(self) -> None:
        self._serve()


class FitSteering(known.Callback):
    """The callback that each `fit` of the model gets, for as long as it has its optimizer.

    Args:
        door: See `site/autolrs_keras_door.py`.
        wire: To the tuner.
        model: What is trained.
    """

    def __init__(self, door: Any, wire: Wire, model: Any) -> None:
        super().__init__()
        self._door = door
        self._lr = UpdateLr(model.optimizer)
        self._first = model
        self._losses: list[float] = []
        self._batches_per_update = model.optimizer.gradient_accumulation_steps or 1
        self._wire = wire
        self._session: FitSession | None = None
        self._batch_losses: BatchLosses | None = None
        self._asked: dict[str, Any] = {}
        self._ahead: int | None = None
        self._is_scout = phase() != "commit"
        self._rng: Any = None
        self._schedule: dict[str, Any] | None = None
        self._own_lr: float | None = None
        self._tell_of_more: Callable[[], None] | None = None
        self._has_told = False

    def is_of(self, model: Any) -> bool:
        """Whether a fit of this model belongs to the training that is steered."""
        is_over = self._session is not None and self._session.is_over
        return not is_over and model is self._first and model.optimizer is self._lr.optimizer

    def ask(self, asked: dict[str, Any]) -> None:
        """Changes what the next `fit` is asked for, so that it is steered.

        Args:
            asked: Its arguments.
        """
        self._asked = dict(asked)
        if self._session is None:
            self._ahead = fits_ahead(self._first)
            self._door.applied = []
        if self._is_scout:
            asked.update(as_scout(asked))
        callbacks = asked["callbacks"]
        if isinstance(callbacks, known.CallbackList):
            self.set_params(callbacks.params)
            self.set_model(self._first)
            if not any(each is self for each in callbacks.callbacks):
                callbacks.append(self)
        else:
            asked["callbacks"] = [*each_of(callbacks), self]

    def let_go(self) -> None:
        """A `fit` comes that is not steered."""
        if self._batch_losses is not None:
            self._batch_losses.undo()
            self._batch_losses = None
        if self._has_told:
            return
        self._has_told = True
        self._say(
            "the script fits again, beyond the training that autolrs has steered: this fit trains "
            "as the script sets it; to tune it, run it by a command of its own"
        )

    def on_train_begin(self, logs: Any = None) -> None:
        """Has the first update wait until the tuner wants one."""
        if self._batch_losses is not None and not self._batch_losses.is_in_place:
            self._batch_losses.undo()
            self._batch_losses = None
        if self._batch_losses is None:
            self._batch_losses = BatchLosses(self.model, self._lr)
        if self._session is None and (self.model.built or not self._is_scout):
            self._meet_tuner()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Tells if the script sets its LR after all."""
        if self._lr.is_factor or self._schedule is not None or self._session is None:
            return
        assert self.model is not None  # on JAX its variables are elsewhere before
        own, before = self._lr.own(), self._own_lr
        self._own_lr = own
        if before is not None and own != before:
            self._schedule = {}
            self._session.warn(
                f"the script sets its learning rate by itself, from {before:.6g} to {own:.6g} "
                "here, and nothing told so where it began: the tuner's schedule takes its place; "
                "--keep-schedule keeps the script's own, and tunes a factor on it"
            )

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Gives the first update its random numbers."""
        if self._session is None:
            # Its variables come with its first batch, which is to change no weight.
            self._lr.number = 0.0
        elif self._rng is not None:
            restore_rng(self._rng)
            self._rng = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts an update, once all batches whose gradients it takes are through."""
        assert self._batch_losses is not None
        if self._door.applied is not None:
            self._refuse_others()
        self._losses.append(self._batch_losses.of_batch(logs))
        if len(self._losses) < self._batches_per_update:
            return
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        if self._session is None:
            self._meet_tuner()
            return
        if self._tell_of_more is not None:
            self._tell_of_more()
            return
        self._session.step(loss)
        if self._session.is_over and self._is_scout:
            self.model.stop_training = True

    def _meet_tuner(self) -> None:
        try:
            session = self._introduced()
        except Exception as error:
            self._door.is_open = False
            tell(self._wire, error)
            raise
        self._session = session
        session.before_update()
        if session.is_over and self._is_scout:
            self.model.stop_training = True
        if self._is_scout:
            self._rng = capture_rng()

    def _refuse_others(self) -> None:
        """After the first update: it was made by the one optimizer.

        Raises:
            NotServedError: It was made by others, or by others too.
        """
        applied, self._door.applied = self._door.applied, None
        own = [self._lr.optimizer, getattr(self._lr.optimizer, "inner_optimizer", None)]
        others = [item for item in applied if not any(item is each for each in own)]
        if not others and self._lr.was_read:
            return
        names = ", ".join(dict.fromkeys(with_article(type(item).__name__) for item in others))
        error = NotServedError(
            "make all updates by the optimizer that the model is compiled with: its train_step "
            f"makes updates by {names or 'something else'}, as a GAN does, so that there is no "
            "one learning rate; or run the script without autolrs"
        )
        self._door.is_open = False
        if self._session is None:
            tell(self._wire, error)
        raise error

    def _introduced(self) -> FitSession:
        hooks = UnattachedHooks(lambda: self.model, self._lr)
        session = FitSession(self._wire, hooks)
        total = self._total()
        callbacks = each_of(self._asked["callbacks"])
        self._schedule = schedule_of(self._lr, callbacks, total.updates, self._asked["epochs"])
        session.introduce(self._schedule, total)
        session.on_over = self._note_over
        return session

    def _total(self) -> Total:
        batches = self.params.get("steps")
        if batches is None:
            return Total(None, "the number of batches that fit is given")
        if self._ahead is None:
            return Total(None, "how often fit comes")
        epochs = self._asked["epochs"] - self._asked["initial_epoch"]
        return Total(self._ahead * epochs * batches // self._batches_per_update)

    def _note_over(self, tell_of_more: Callable[[], None]) -> None:
        self._tell_of_more = tell_of_more

    def _say(self, sentence: str) -> None:
        if self._session is not None and not self._session.is_over:
            self._session.warn(sentence)
        else:
            sys.stderr.write(f"autolrs: {sentence}\n")
