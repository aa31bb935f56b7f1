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

from autolrs._protocol.claim import claim_to_train
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session
from autolrs.tuner import must_be_count

require("transformers", "Transformers", "transformers[torch]", "4.46")

import transformers
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainerCallback

from autolrs._torch.hooks import TorchHooks
from autolrs._torch.updates import Updates
from autolrs._torch_state.rng import capture_rng, restore_rng

__all__ = ["TunerCallback", "attach"]

ENDLESS = 2**40
"""Steps after which a Trainer ends by itself: far more than a tuner asks for."""


def attach(trainer: Trainer) -> TunerStatus:
    """Hands the learning rate of `trainer.train()` over to the tuner, if one drives this script.

    Under a tuner the Trainer does as many optimizer updates as the tuner asks for, whatever its
    arguments say, makes no scheduler except under `--keep-schedule`, loads no best checkpoint at
    its end, and validates by its own evaluation if it has an `eval_dataset`. It prints its logs
    without a progress bar, since the tuner shows how far the run is. Without a tuner the Trainer
    stays as it is.

    Args:
        trainer: Before it trains.

    Returns:
        Says where training stands, for callbacks that log or save amid it.

    Raises:
        NotImplementedError: More than one process trains, or DeepSpeed does.
        TypeError: There are several evaluation sets, and no loss to choose by.
    """
    if claim_to_train() is None:
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
    callback = TunerCallback(trainer)
    trainer.add_callback(callback)
    _print_without_bar(trainer)
    return callback


def _print_without_bar(trainer: Trainer) -> None:
    """Takes the bar away, which would count towards `ENDLESS`; a script's own kind stays."""
    callbacks = trainer.callback_handler.callbacks
    bars = [callback for callback in callbacks if type(callback) is ProgressCallback]
    for bar in bars:
        trainer.remove_callback(bar)
    # It printed the logs too. A Trainer that is made without a bar has this in its place.
    if bars and not any(isinstance(callback, PrinterCallback) for callback in callbacks):
        trainer.add_callback(PrinterCallback)


class BareTrainer(TunerStatus):
    """For a Trainer without a tuner, which counts its updates itself."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer

    @property
    def step_count(self) -> int:
        """How many optimizer updates the Trainer has done."""
        return int(self._trainer.state.global_step)

    def every(self, steps: int) -> bool:
        """True where the number of updates is a multiple of `steps`."""
        must_be_count(steps)
        return self.step_count > 0 and self.step_count % steps == 0


class TunerCallback(TunerStatus, TrainerCallback):
    """What `attach` adds to the Trainer. For a Trainer under a tuner only."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer
        self._updates: Updates
        self._rng: Any = None
        self._undo: Callable[[], None] = lambda: None
        self._losses: list[Any] = []
        self._meant = (trainer.args.max_steps, trainer.args.num_train_epochs)
        self._loads_best = trainer.args.load_best_model_at_end
        trainer.args.max_steps = ENDLESS
        self._train_micro_batch = trainer.training_step
        trainer.training_step = self._training_step
        self._make_scheduler = trainer.create_scheduler
        trainer.create_scheduler = self._create_scheduler

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Attaches to the model and its optimizer, and waits until the tuner wants steps."""
        trainer, wire = self._trainer, claim_to_train()
        assert wire is not None
        # Accelerate wraps the optimizer, and calls the one inside if the scaler lets it.
        optimizer = getattr(trainer.optimizer, "optimizer", trainer.optimizer)
        scaler = trainer.accelerator.scaler
        validate = None if trainer.eval_dataset is None else self._validate
        extra = [scaler] if scaler else []
        hooks = TrainerHooks(self, trainer.model, optimizer, validate, extra)
        self._updates = Updates(hooks.optimizer_set.leaves)
        total = self._total()
        self._session = Session(wire, hooks, total)
        hooks.tell_by(self._session)
        if self._loads_best:
            # The Trainer's best may be a probe's, or of a path that was left.
            args.load_best_model_at_end = False
            warnings.warn(
                "load_best_model_at_end is left out under the tuner, which goes back to the best "
                "that it has validated",
                stacklevel=2,
            )
        if total is not None:
            # What is given as a share is one of the training that was meant.
            state.compute_steps(args, total)
        control.should_training_stop = self._session.done
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
            trainer.lr_scheduler = NoOpScheduler(trainer.optimizer)
            trainer._created_lr_scheduler = True
        return trainer.lr_scheduler

    def make_scheduler(self, optimizer: Any) -> None:
        """Puts the scheduler that the Trainer would have made where the stand-in is."""
        trainer, total = self._trainer, self._total()
        if not isinstance(trainer.lr_scheduler, NoOpScheduler):
            return  # it was given one
        if total is None:
            raise ValueError(
                "the Trainer's schedule needs a number of steps, and the data set has no length; "
                "give TrainingArguments max_steps"
            )
        trainer.lr_scheduler = None
        self._make_scheduler(total, optimizer)

    def _total(self) -> int | None:
        steps, epochs = self._meant
        if steps > 0:
            return int(steps)
        try:
            batches = len(self._trainer.callback_handler.train_dataloader)
        except TypeError:
            return None
        updates = math.ceil(batches / self._trainer.args.gradient_accumulation_steps)
        total: int = math.ceil(epochs * updates)
        return total

    def _validate(self) -> tuple[float, dict[str, float]]:
        trainer = self._trainer
        # Not `evaluate`, which tells callbacks: what is judged may be a probe, which is nothing
        # to keep or to stop for.
        output = trainer.evaluation_loop(
            trainer.get_eval_dataloader(), "Evaluation", metric_key_prefix="eval"
        )
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


class TrainerHooks(TorchHooks):
    """Whether the Trainer has a scheduler of its own is settled with the LR's base."""

    def __init__(self, callback: TunerCallback, *of_torch: Any) -> None:
        super().__init__(*of_torch)
        self._callback = callback

    @property
    def framework(self) -> str:
        return f"transformers {transformers.__version__} on {super().framework}"

    def begin_scaling(self) -> None:
        self._callback.make_scheduler(self.optimizers[0])
        super().begin_scaling()


class NoOpScheduler:
    """Stands where the Trainer wants a scheduler, and leaves the LR to the tuner."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def step(self, *_: Any) -> None:
        """Does nothing."""

    def get_last_lr(self) -> list[float]:
        """The LR of each parameter group, for the Trainer's log."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the tuner keeps the schedule."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Does nothing."""
