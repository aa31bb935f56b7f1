"""Lets the autolrs tuner steer the learning rate of a Hugging Face Trainer.

Example:
    import autolrs.transformers

    trainer = Trainer(model, args, train_dataset=train_set, eval_dataset=held_out)
    autolrs.transformers.attach(trainer)
    trainer.train()
"""

from __future__ import annotations

import math
import warnings
from typing import Any, Callable

from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_to_train
from autolrs._session.phase import phase
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session

require("transformers", "Transformers", "transformers[torch]", "4.46")

import transformers
from transformers import Trainer, TrainerCallback

from autolrs._torch.owned_loop import OwnedLoopHooks
from autolrs._torch.updates import Updates
from autolrs._torch_lr.stand_in import SchedulerStandIn
from autolrs._torch_state.rng import capture_rng, restore_rng
from autolrs._transformers.bare import BareTrainer
from autolrs._transformers.probed import make_scout, print_without_bar

__all__ = ["TunerCallback", "attach"]

ENDLESS = 2**40
"""Steps after which a Trainer ends by itself: far more than a tuner asks for."""


def attach(trainer: Trainer, *, run: Run | None = None) -> TunerStatus:
    """Hands the learning rate of `trainer.train()` over to the tuner, if one drives this script.

    Under a tuner the Trainer makes no scheduler except under `--keep-schedule`. The tuner
    validates by the Trainer's evaluation if it has an `eval_dataset`. Without a tuner the Trainer
    stays as it is.

    Where the search is apart from the run, the Trainer that is searched on is thrown away: it does
    as many updates as the tuner asks for, and neither saves nor reports. The committed Trainer
    does its own number of updates, and all else that its arguments and callbacks say.

    Where the search is within the run, the Trainer does as many updates as the tuner asks for,
    loads no best checkpoint at its end, and prints its logs without a progress bar.

    Args:
        trainer: Before it trains.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.

    Returns:
        Says where training stands, for callbacks that log or save amid it.

    Raises:
        NotImplementedError: More than one process trains, or DeepSpeed does.
        TypeError: There are several evaluation sets, and no loss to choose by.
    """
    if claim_to_train(run) is None:
        return BareTrainer(trainer)
    if trainer.args.world_size > 1 or trainer.is_deepspeed_enabled:
        raise NotImplementedError(
            f"{trainer.args.world_size} processes train here, or DeepSpeed does, and "
            "autolrs.transformers steers one process without it"
        )
    if isinstance(trainer.eval_dataset, dict):
        raise TypeError(
            "eval_dataset is a dict of several, and the tuner chooses by one loss; give the "
            "Trainer one evaluation set"
        )
    callback = TunerCallback(trainer, run)
    trainer.add_callback(callback)
    if phase() is None:
        print_without_bar(trainer)
    elif phase() == "search":
        make_scout(trainer)
    return callback


class TunerCallback(TunerStatus, TrainerCallback):
    """What `attach` adds to the Trainer. For a Trainer under a tuner only."""

    def __init__(self, trainer: Trainer, run: Run | None = None) -> None:
        super().__init__()
        self._trainer = trainer
        self._run = run
        self._updates: Updates
        self._rng: Any = None
        self._undo: Callable[[], None] = lambda: None
        self._losses: list[Any] = []
        self._meant = (trainer.args.max_steps, trainer.args.num_train_epochs)
        self._loads_best = trainer.args.load_best_model_at_end
        if phase() != "commit":
            trainer.args.max_steps = ENDLESS
        self._train_micro_batch = trainer.training_step
        trainer.training_step = self._training_step
        self._make_scheduler = trainer.create_scheduler
        trainer.create_scheduler = self._create_scheduler

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Attaches to the model and its optimizer, and waits until the tuner wants steps."""
        trainer, wire = self._trainer, claim_to_train(self._run)
        assert wire is not None
        # Accelerate wraps the optimizer, and calls the one inside if the scaler lets it.
        optimizer = getattr(trainer.optimizer, "optimizer", trainer.optimizer)
        scaler = trainer.accelerator.scaler
        validate = None if trainer.eval_dataset is None else self._validate
        extra = [scaler] if scaler else []
        hooks = TrainerHooks(self, trainer.model, optimizer, validate, extra)
        self._updates = Updates(hooks.optimizer_set.leaves)
        total = self._total()
        # What a checkpoint of the Trainer's own has done already is not to be steered any more.
        to_do = None if total is None else max(0, total - state.global_step)
        self._session = Session(wire, hooks, to_do, epoch=self._epoch())
        hooks.tell_by(self._session)
        if phase() is None and self._loads_best:
            # The Trainer's best may be a probe's, or of a path that was left.
            args.load_best_model_at_end = False
            warnings.warn(
                "load_best_model_at_end is left out under the tuner, which goes back to the best "
                "that it has validated",
                stacklevel=2,
            )
        if phase() != "commit" and total is not None:
            # What is given as a share is one of the training that was meant.
            state.compute_steps(args, total)
        if self._session.done:
            control.should_training_stop = True
        if phase() != "commit":
            self._rng = capture_rng()
        if self._session.is_over:
            # The Trainer does one update more, which is not to be kept.
            end = hooks.capture()
            self._undo = lambda: hooks.apply(end)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Gives the first step the random numbers that it is to have."""
        if self._rng is not None:
            # The data have begun since, and have drawn random numbers meant for training.
            restore_rng(self._rng)
            self._rng = None

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Counts an update."""
        assert self._session is not None
        loss = sum(self._losses)  # each is divided already, so that they add up to their mean
        self._losses.clear()
        if self._session.is_over:
            return  # an update more, which is taken back
        counted = self._updates.judge(loss)
        if counted is None:
            self._session.skip()
            return
        self._session.step(counted)
        control.should_training_stop = control.should_training_stop or self._session.is_over

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Lets the tuner bring the model to where it shall stay, if the loop ended by itself."""
        assert self._session is not None
        self._session.close()
        self._undo()
        if phase() is None:
            state.max_steps, state.num_train_epochs = state.global_step, math.ceil(self._meant[1])
            args.load_best_model_at_end = self._loads_best

    def _training_step(self, *args: Any, **kwargs: Any) -> Any:
        # No callback is told the loss.
        loss = self._train_micro_batch(*args, **kwargs)
        self._losses.append(loss)
        return loss

    def _create_scheduler(self, *_: Any, **__: Any) -> Any:
        trainer = self._trainer
        if trainer.lr_scheduler is None:
            trainer.lr_scheduler = SchedulerStandIn(trainer.optimizer)
            trainer._created_lr_scheduler = True
        return trainer.lr_scheduler

    def make_scheduler(self, optimizer: Any) -> None:
        """Puts the scheduler that the Trainer would have made where the stand-in is."""
        trainer, total, stand_in = self._trainer, self._total(), self._trainer.lr_scheduler
        if not isinstance(stand_in, SchedulerStandIn):
            return  # it was given one
        if total is None:
            raise ValueError(
                "the Trainer's schedule needs a number of steps, and the data set has no length; "
                "give TrainingArguments max_steps"
            )
        trainer.lr_scheduler = None
        lrs = stand_in.get_last_lr()
        self._make_scheduler(total, optimizer)
        if stand_in.loaded is not None:
            trainer.lr_scheduler.load_state_dict(stand_in.loaded)
            # Those of the Trainer's checkpoint, where a new scheduler begins at its first.
            for group, lr in zip(optimizer.param_groups, lrs):
                group["lr"] = lr

    def _total(self) -> int | None:
        if phase() == "commit":
            return int(self._trainer.state.max_steps)
        steps, epochs = self._meant
        if steps > 0:
            return int(steps)
        updates = self._epoch()
        return None if updates is None else math.ceil(epochs * updates)

    def _epoch(self) -> int | None:
        """Updates of an epoch; None where the data have no length."""
        try:
            batches = len(self._trainer.callback_handler.train_dataloader)
        except TypeError:
            return None
        return math.ceil(batches / int(self._trainer.args.gradient_accumulation_steps))

    def _validate(self) -> tuple[float, dict[str, float]]:
        trainer = self._trainer
        handler = trainer.callback_handler
        callbacks, handler.callbacks = handler.callbacks, []  # a bar would show it
        try:
            # Not `evaluate`, which tells callbacks: what is judged may be a probe, nothing to
            # keep or stop for, and the Trainer has evaluations of its own to tell of.
            output = trainer.evaluation_loop(
                trainer.get_eval_dataloader(), "Evaluation", metric_key_prefix="eval"
            )
        finally:
            handler.callbacks = callbacks
        metrics = {
            name.removeprefix("eval_"): value
            for name, value in output.metrics.items()
            if isinstance(value, (int, float))
        }
        if "loss" not in metrics:
            raise ValueError(
                "the Trainer's evaluation gave no loss, by which the tuner chooses; give the "
                "evaluation set labels"
            )
        return metrics.pop("loss"), metrics


class TrainerHooks(OwnedLoopHooks):
    """Whether the Trainer has a scheduler of its own is settled with the LR's base."""

    def __init__(self, callback: TunerCallback, *of_torch: Any) -> None:
        super().__init__(*of_torch)
        self._callback = callback

    @property
    def framework(self) -> str:
        return f"transformers {transformers.__version__} on {super().framework}"

    def begin_override(self) -> None:
        self._callback.make_scheduler(self.optimizers[0])
        super().begin_override()

    def begin_scaling(self) -> None:
        self._callback.make_scheduler(self.optimizers[0])
        super().begin_scaling()
