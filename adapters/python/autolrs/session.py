"""The conversation with the tuner, from a training loop. Knows no framework.

The tuner asks and waits; the script trains, and answers where its loop touches the session: at the
start, and in `step`. Whatever happens, each request gets an answer, or the process ends.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from autolrs._data.batch_replay import DEFAULT_BYTES, BatchReplay
from autolrs._data.loop import DataLoop
from autolrs._data.pause import Pause
from autolrs._notebook.idle import IdleNotebook
from autolrs._protocol.claim import forget_on_next_run, on_next_run
from autolrs._protocol.messages import SCRIPT_RAISED, Request, RpcError, base_of
from autolrs._protocol.wire import TunerGone, Wire
from autolrs._session.handler import RequestHandler
from autolrs._session.held_signals import HeldSignals
from autolrs._session.progress_clock import ProgressClock
from autolrs._session.rpc import RpcChannel
from autolrs._session.script_exit import ScriptEnd
from autolrs._session.stepless_loop import IdleBatches, SteplessLoop
from autolrs._session.train_request import TrainRequest
from autolrs._session.unsteered_updates import UnsteeredUpdates
from autolrs._trackers.active import ActiveRuns
from autolrs.errors import TrainingOverError
from autolrs.hooks import ChecksWeights, Hooks, OverridesSchedule, ScalesSchedule
from autolrs.tuner import epochs_of, must_be_count, must_be_loader

Batch = TypeVar("Batch")

GOES_ON = (
    "the script's loop goes on: end it by `if tuner.done: break` after tuner.step, by `while not "
    "tuner.done`, or by `for epoch in tuner.epochs(E)` around `tuner.batches(loader)`; what is to "
    "be trained without the tuner, as a second phase, needs an optimizer of its own"
)


class Session:
    """A tuner that is there. Has the methods of `autolrs.tuner.Tuner`, and the loop calls them.

    Args:
        wire: The way to the tuner.
        hooks: The model in training.
        total: How many steps the script means to do; None if it does not say.
        rewind_bytes: What `cycle` keeps of past batches, so that they can come again.
        epoch: How many steps an epoch has; None if the script does not say.

    Raises:
        SecondSchedulerError: Something else sets the LR too.
        ValueError: Another session has the wire already.
    """

    is_driven = True

    _replay_kind: type[BatchReplay] = BatchReplay

    _tracks = True
    """It logs into the runs of trackers that the script has open."""

    def __init__(
        self,
        wire: Wire,
        hooks: Hooks,
        total: int | None = None,
        rewind_bytes: int = DEFAULT_BYTES,
        epoch: int | None = None,
    ) -> None:
        if not isinstance(hooks, ScalesSchedule):
            hooks.check()  # else it waits for the word whose LR it is to be
        wire.take()
        self._wire = wire
        self._rpc = RpcChannel(wire)
        self._hooks = hooks
        self._weight_checks = hooks if isinstance(hooks, ChecksWeights) else None
        self._cache = self._replay_kind(rewind_bytes, hooks.keep)
        self._handler = RequestHandler(hooks, self._cache, self.warn, wire.token)
        self._handler.total = total
        self._handler.epoch = epoch
        self._training: TrainRequest | None = None
        self._clock = ProgressClock()
        self._has_begun = False
        self._has_base = False
        self._has_left_loop = False
        self._has_trained = False
        self._unsteered = UnsteeredUpdates(hooks)
        self._is_new = False
        self._is_called = False
        """The script has called `step`, or what stands for it."""
        self._reached: int | None = None
        """Updates at the end of the last request, if they were to stay."""
        self._is_over = False
        self._idle = IdleBatches()
        self._stepless = SteplessLoop()
        self._pause = Pause(hooks, self._give_sign)
        self._loop = DataLoop(self, self._handler, self._cache, hooks, self._pause, self.warn)
        self._signals = HeldSignals(lambda: wire.has_ended)
        self._end = ScriptEnd(self._refuse_training, lambda: self._handler.step)
        atexit.register(self._on_exit)
        self._idle_notebook = IdleNotebook(self._give_sign)
        self._trackers = ActiveRuns(self.warn) if self._tracks else None
        self._is_trial = False
        """What was trained last will be rolled back."""
        on_next_run(self._release)

    @property
    def done(self) -> bool:
        """True once the tuner has had its steps. Answers what has been asked before training."""
        if self._training is None and not self._is_over:
            self._serve()
        return self._is_over

    @property
    def is_over(self) -> bool:
        """True once the tuner has ended the training. Unlike `done` it never waits."""
        return self._is_over

    @property
    def has_begun(self) -> bool:
        """True once the script has listened to the tuner."""
        return self._has_begun

    @property
    def step_count(self) -> int:
        """How many updates the weights have had."""
        return self._handler.step

    @property
    def weights(self) -> str:
        """See `autolrs.tuner.Tuner.weights`."""
        return self._handler.weights

    @property
    def is_search(self) -> bool:
        """True while a trial is in progress."""
        return self._training is not None and self._training.is_search

    def every(self, steps: int) -> bool:
        """True after the step that makes the committed ones a multiple of `steps`.

        Raises:
            ValueError: `steps` is less than 1.
        """
        must_be_count(steps)
        count = self._committed_count() if self._is_new else None
        if count is None or count % steps != 0:
            return False
        if self._loop.is_running and not self._is_over:
            self._pause.begin()  # until the next batch is asked for
        return True

    def step(self, loss: Any) -> None:
        """Counts one optimizer update, and answers if it was the last that was asked for.

        Raises:
            TrainingOverError: The tuner has had its steps.
        """
        self._is_called = True
        training = self._training
        if training is None:
            self._step_unasked()
            return
        if self._unsteered.is_next_undone:
            self._unsteered.undo()
            training.allow_script_step()
            return
        self._handler.step += 1
        self._is_new = True
        training.add(loss)
        if training.count >= training.next_check or self._wire.has_input:
            self._check(training)

    def before_update(self) -> None:
        """An update is about to be made, by gradients that are there.

        Raises:
            TrainingOverError: The tuner has had its steps.
            StepMissingError: Many were made, and `step` was never called.
        """
        if not self._is_called:
            self._stepless.note_update()
        self._unsteered.is_asked_before = True
        if self._training is None:
            self._meet_update()

    def over(self, remedy: str) -> TrainingOverError:
        """An error that says that the tuner has had its steps; the tuner is told too."""
        sentence = f"the tuner has had its {self._handler.step} steps, and {remedy}"
        with suppress(TunerGone):
            self._rpc.notify("log", {"level": "error", "message": sentence})
        return TrainingOverError(sentence)

    def skip(self) -> None:
        """Counts nothing: an update was tried and skipped."""
        self._is_called = True
        self._is_new = False
        if self._training is not None:
            self._training.allow_script_step()

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """See `autolrs.tuner.Tuner.cycle`.

        Raises:
            ArgumentError: It is no loader, or that no number of epochs.
            ValueError: The batches are gone through in two places.
            TrainingOverError: The tuner had its steps in another loop.
        """
        must_be_loader(loader, "cycle")
        return self._loop.cycle(loader, epochs_of(epochs, "cycle"))

    def epochs(self, count: int) -> Iterator[int]:
        """See `autolrs.tuner.Tuner.epochs`.

        Raises:
            ArgumentError: It is no number of epochs.
        """
        return self._loop.epochs(epochs_of(count, "epochs"))

    def batches(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        """See `autolrs.tuner.Tuner.batches`, and for what it raises `cycle`."""
        must_be_loader(loader, "batches")
        return self._loop.batches(loader)

    def note_batch(self, epoch_length: int | None) -> None:
        """The script goes on to another batch of an epoch of so many, if that is known.

        Raises:
            StepMissingError: It does so again and again, and never calls `step`.
        """
        self._is_new = False
        training = self._training
        if not self._is_called and training is not None:
            self._stepless.note_batch(epoch_length)
            # No other code listens: the tuner may want to end the run.
            if self._wire.has_input and type(training) is TrainRequest:
                self._check(training)
                return
        if training is not None and self._idle.are_too_many(training):
            self._give_up(training)

    def close(self) -> None:
        """Says that no more steps come, and answers on until the tuner has come to its end.

        Only then does the script go on: before, its weights may be those of a probe.

        Raises:
            TunerGone: The tuner left without a goodbye.
        """
        self._has_left_loop = True
        training = self._training
        if training is not None:
            training.stop("data")
            training.judge_held()
            self._finish(training)
        self._serve()

    def steps_in(self, epochs: int, batches: int, entries: int) -> int:
        """How many updates so many epochs of so many batches are.

        Args:
            epochs: All of them.
            batches: Of each.
            entries: How often the loop over batches is entered for them.

        Raises:
            UncountableError: It cannot be known.
        """
        return epochs * batches

    def _give_up(self, training: TrainRequest) -> None:
        why = "the script goes through batch after batch without an update"
        if training.count == 0:
            self._training = None
            self._rpc.refuse(training.request.id, RpcError(SCRIPT_RAISED, why))
            return
        self.warn(f"{why}: taken for a divergence")
        training.stop("diverged")
        training.judge_held()
        self._finish(training)

    def _committed_count(self) -> int | None:
        """Updates that stay, if the last one is to stay and has not been taken back yet."""
        training = self._training
        if training is not None and training.count > 0:
            return None if training.is_search else self._handler.step
        return self._reached if self._reached == self._handler.step else None

    def _meet_update(self) -> None:
        """The first update of a loop that has asked nothing, or one after the end."""
        if not self._is_over:
            loads = self._handler.loads
            self._serve()
            if self._handler.loads > loads and not self._is_over:
                # The gradients are of other weights. So this update is undone, and does not count.
                self._unsteered.undo_next()
        if self._is_over:
            raise self.over(GOES_ON)

    def _step_unasked(self) -> None:
        # Only a loop that asked neither `done` nor `cycle`, and that was not asked before
        # its updates, comes here: its first one was not steered. The other way to come here is a
        # tuner that is gone, and `_serve` says so.
        if self._is_over:
            self._unsteered.restore_end()
            raise self.over(GOES_ON)
        self._handler.step += 1
        self._serve()
        self.warn(
            "ask `tuner.done` before the first update, as by `while not tuner.done`: the script "
            f"made {self._handler.step} before the tuner was asked, and it was not steered"
        )

    def _check(self, training: TrainRequest) -> None:
        if self._wire.has_input and self._rpc.read_cancel():
            training.stop("cancel")
        training.judge_held()
        if training.is_done:
            self._finish(training)
            self._serve()
            return
        training.set_next_lr()
        if training.count >= self._clock.next_check and self._clock.is_notice_due(training.count):
            self._rpc.notify(
                "progress", {"step": self._handler.step, "losses": training.unsent_losses()}
            )
        training.schedule_check(self._clock.next_check)

    def _finish(self, training: TrainRequest) -> None:
        if self._weight_checks is not None and not self._has_left_loop:
            self._weight_checks.end_training(training.done())
        result = training.result(self._handler.step)
        self._training = None
        self._reached = None if training.is_search else self._handler.step
        self._is_trial = training.is_search
        self._answer(training.request, result)
        if self._trackers is not None:  # while the tuner thinks
            self._trackers.log_steps(training.done, self._handler.step, training.is_search)

    def _serve(self) -> None:
        """Answers requests until one lets the script train on, or ends the tuning."""
        if not self._has_begun:
            if not isinstance(self._hooks, ScalesSchedule):
                self._hooks.check()  # again: a scheduler may have been made since
            self._has_begun = True
            # A tuner that the script has started has no signal of its own to end by.
            if self._wire.started is None:
                self._signals.hold()
        while self._training is None and not self._is_over:
            request = self._rpc.next_request()
            # A notification that comes here is a `cancel` that was too late, or unknown.
            if request is not None and request.id is not None:
                self._handle(request)

    def _begin_scaling(self, request: Request) -> None:
        """Settles whose LR it is, by the first request. What is wrong is raised in the script.

        Raises:
            SecondSchedulerError: Something else sets the LR, and the tuner would too.
        """
        self._has_base = True
        base = base_of(request.params) if request.method == "initialize" else "tuner"
        hooks = self._hooks
        if base == "override" and isinstance(hooks, OverridesSchedule):
            hooks.begin_override()
        elif isinstance(hooks, ScalesSchedule):
            hooks.begin_scaling() if base == "user" else hooks.check()
        if base == "user" and self._trackers is not None:
            self._trackers.lr_name = "factor"

    def _handle(self, request: Request) -> None:
        if not self._has_base:
            self._begin_scaling(request)
        try:
            result = self._result(request)
        except RpcError as fault:
            self._rpc.refuse(request.id, fault)
        except BaseException as error:
            self._rpc.refuse_raised(request, error)
            # Ctrl-C and sys.exit in a hook still end the script.
            if not isinstance(error, Exception):
                raise
        else:
            if result is not None:
                self._answer(request, result)
                self._track(request, result)
        if self._is_over:
            self._signals.release()
        if self._is_over and self._wire.started is not None:
            self._idle_notebook.stop()
            self._wire.started.over()

    def _track(self, request: Request, result: dict[str, Any]) -> None:
        if request.method == "restore":
            self._is_trial = False
            if self._trackers is not None:
                self._trackers.log_restore(result["step"])
        elif request.method == "validate" and self._trackers is not None:
            self._trackers.log_evaluation(result["loss"], self._handler.step, self._is_trial)

    def _result(self, request: Request) -> dict[str, Any] | None:
        """The result of a request; None for `train`, which is answered when its steps are done."""
        if request.method == "train":
            return self._begin(self._new_training(request))
        if request.method == "shutdown":
            self._is_over = True
            is_asked = self._unsteered.is_asked_before or self._loop.was_entered
            if self._has_trained and not is_asked:
                self._unsteered.keep_end()  # its loop may go on
            return {"step": self._handler.step}
        return self._handler.answer(request)

    def _new_training(self, request: Request) -> TrainRequest:
        return TrainRequest(request, self._hooks)

    def _begin(self, training: TrainRequest) -> dict[str, Any] | None:
        if self._has_left_loop:
            training.stop("data")
        if training.is_done:
            return training.result(self._handler.step)
        training.set_next_lr()
        self._clock.begin()
        training.schedule_check(self._clock.next_check)
        if self._weight_checks is not None:
            self._weight_checks.begin_training()
        self._training = training
        self._has_trained = True
        return None

    def _answer(self, request: Request, result: dict[str, Any]) -> None:
        self._rpc.answer(request, result)

    def warn(self, message: str) -> None:
        """Tells a person something, if the tuner is still there."""
        self._rpc.log("warn", message)

    def _give_sign(self) -> None:
        with suppress(TunerGone):
            self._rpc.notify("progress", {"step": self._handler.step, "losses": []})

    def _refuse_training(self, error: BaseException) -> None:
        """What ends the script is the answer to the `train` in flight."""
        started = self._wire.started
        if started is not None:
            started.fails(error)
        self._answer_by(error)
        self._signals.release()
        if started is not None:
            self._idle_notebook.stop()
            started.leave()

    def _answer_by(self, error: BaseException) -> None:
        training, self._training = self._training, None
        if training is not None and not self._wire.is_gone:
            try:
                self._tell_last(training)
                self._rpc.refuse_raised(training.request, error)
            except TunerGone:
                pass  # the script's own end is the one to show

    def _tell_last(self, training: TrainRequest) -> None:
        """Tells the losses up to where the script ended: what it did before belongs to them."""
        try:
            unsent_losses = training.unsent_losses()
        except Exception:  # a device that has failed cannot be read
            return
        if unsent_losses:
            self._rpc.notify("progress", {"step": self._handler.step, "losses": unsent_losses})

    def _release(self) -> None:
        """Another run begins in this process, as in a notebook."""
        forget_on_next_run(self._release)
        atexit.unregister(self._on_exit)
        self._end.stop()
        self._signals.release()
        self._idle_notebook.stop()

    def _on_exit(self) -> None:
        """The loop ended by itself: answers on, so that the tuner can come to its end."""
        if not self._has_begun or self._is_over or self._end.has_raised or self._wire.is_gone:
            return
        failure = self._end.failure
        if failure is not None:
            self._refuse_training(failure)
            return
        try:
            self.close()
        except TunerGone as gone:
            # Raised here, it would be printed and forgotten, and the exit status be 0.
            sys.stderr.write(f"{gone}\n")
            sys.stderr.flush()
            os._exit(1)
