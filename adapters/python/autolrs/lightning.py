"""Lets the autolrs tuner steer the learning rate of a Lightning Trainer.

Example:
    import autolrs.lightning

    tuner = autolrs.lightning.TunerCallback(monitor="val_loss")
    trainer = lightning.Trainer(max_epochs=10, callbacks=[tuner])
    trainer.fit(module, data)
"""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any, Callable

from autolrs._inside.run import Run
from autolrs._protocol.claim import claim, claim_to_train
from autolrs._protocol.wire import Wire
from autolrs._session.phase import phase
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session

require("lightning", "Lightning", "lightning", "2.3")

import lightning
from lightning.pytorch import Callback, LightningModule, Trainer

from autolrs._lightning.scout import leave_out, watch_fit
from autolrs._lightning.validation import validate
from autolrs._torch.owned_loop import OwnedLoopHooks
from autolrs._torch.updates import Updates
from autolrs._torch_lr.stand_in import SchedulerStandIn

__all__ = ["TunerCallback"]


class TunerCallback(TunerStatus, Callback):
    """Hands the learning rate of a fit over to the tuner, if one drives this script.

    Under a tuner, schedulers from `configure_optimizers` are taken out of the way; under
    `--keep-schedule` they stay, if they are stepped at each update. Without a tuner the callback
    does nothing.

    Where the search is apart from the run, the fit that is searched on is thrown away: it goes on
    whatever its `max_epochs` and `max_steps` say, without loggers, checkpoints, progress bar and
    early stopping. The committed fit is the Trainer's own, and only its LR is set.

    Where the search is within the run, the fit does as many updates as the tuner asks for.

    Args:
        monitor: The name under which the module logs its validation loss. The tuner validates by
            the Trainer's own validation loop. None: it does not validate.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.
    """

    def __init__(self, monitor: str | None = None, *, run: Run | None = None) -> None:
        super().__init__()
        self._monitor = monitor
        self._run = run
        self._updates: Updates
        self._losses: list[Any] = []
        self._steps_seen = 0
        self._total: int | None = None
        self._epoch: int | None = None
        self._start: Callable[[], None] = lambda: None
        """Begins the session, once a checkpoint of the Trainer's own has been loaded."""
        if phase() == "search" and claim() is not None:
            watch_fit(self)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Leaves out of a scout what the module's `configure_callbacks` has added."""
        if phase() == "search" and claim() is not None and stage == "fit":
            leave_out(trainer)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Attaches to the model and its optimizers, which exist from here on.

        Raises:
            NotImplementedError: More than one process trains.
            ValueError: The Trainer has two of these callbacks.
        """
        wire = claim_to_train(self._run)
        if wire is None:
            return
        # The session begins later, amid the first one's training.
        if sum(isinstance(each, TunerCallback) for each in trainer.callbacks) > 1:
            raise ValueError(
                "attach was called twice: the Trainer has two callbacks of autolrs, and the tuner "
                "steers one training; give it one"
            )
        if trainer.world_size > 1:
            raise NotImplementedError(
                f"{trainer.world_size} processes train here, and autolrs.lightning steers one; "
                "use Trainer(devices=1)"
            )
        total = trainer.estimated_stepping_batches
        self._total = int(total) if 0 < total < float("inf") else None
        epochs = trainer.max_epochs or 0
        # As many steps as that are in as many epochs, unless `max_steps` ends them sooner.
        if self._total is not None and epochs > 0 and trainer.max_steps == -1:
            self._epoch = self._total // epochs
        monitor = self._monitor
        judge = None if monitor is None else lambda: validate(trainer, monitor)
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        hooks = LightningHooks(trainer, pl_module, judge, [scaler] if scaler else [])
        self._updates = Updates(hooks.optimizer_set.leaves)
        self._start = lambda: self._begin(wire, hooks, trainer.global_step)

    def _begin(self, wire: Wire, hooks: LightningHooks, done: int) -> None:
        # What a checkpoint of the Trainer's own has done already is not to be steered any more.
        self._total = None if self._total is None else max(0, self._total - done)
        self._session = Session(wire, hooks, self._total, epoch=self._epoch)
        hooks.tell_by(self._session)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Waits until the tuner wants steps; takes the limits off a loop that is searched on.

        Raises:
            ValueError: This is the script's second fit.
        """
        self._steps_seen = trainer.global_step
        self._start()
        if self._session is None:
            return
        if phase() != "commit":
            loop = trainer.fit_loop
            loop.max_epochs, loop.epoch_loop.max_steps = -1, -1
            _end_at_will(trainer)
        if self._session.done:
            self._end(trainer)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Counts an update, once all batches whose gradients it takes are through."""
        if self._session is None:
            if trainer.global_step != self._steps_seen:
                self._steps_seen = trainer.global_step
                self._bare.step(None)
            return
        loss = _loss_of(outputs)
        if loss is not None:
            self._losses.append(loss)
        if trainer.global_step == self._steps_seen:
            return  # gradients are being accumulated
        self._steps_seen = trainer.global_step
        if not self._losses:
            _refuse_manual(pl_module)
            return  # `training_step` returned None, and so there was nothing to update with
        mean = sum(self._losses) / len(self._losses)
        self._losses.clear()
        # Lightning has divided each loss so that the gradients add up to their mean.
        scale = trainer.accumulate_grad_batches if pl_module.automatic_optimization else 1
        if self._session.is_over:
            return
        counted = self._updates.judge(mean * scale)
        if counted is None:
            self._session.skip()
            return
        self._session.step(counted)
        if self._session.is_over and not self._is_at_its_end():
            self._end(trainer)

    def _is_at_its_end(self) -> bool:
        """True where a committed fit ends by itself, and as it would alone."""
        assert self._session is not None
        return phase() == "commit" and self._session.step_count == self._total

    def _end(self, trainer: Trainer) -> None:
        _end_at_will(trainer)
        trainer.should_stop = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lets the tuner bring the model to where it shall stay, if the loop ended by itself."""
        if self._session is not None:
            self._session.close()


class LightningHooks(OwnedLoopHooks):
    """What becomes of the schedulers from `configure_optimizers` is settled with the LR's base."""

    def __init__(self, trainer: Trainer, module: LightningModule, validate: Any, extra: Any):
        super().__init__(module, trainer.optimizers, validate, extra)
        self._trainer = trainer

    @property
    def framework(self) -> str:
        return f"lightning {lightning.__version__} on {super().framework}"

    def check(self) -> None:
        _replace_schedulers(self._trainer)
        super().check()

    def begin_override(self) -> None:
        for config in self._trainer.strategy.lr_scheduler_configs:
            _let_end(config.scheduler)
        super().begin_override()

    def begin_scaling(self) -> None:
        if phase() != "commit":
            self._refuse_irrevocable()
        super().begin_scaling()

    def _refuse_irrevocable(self) -> None:
        for config in self._trainer.strategy.lr_scheduler_configs:
            if config.reduce_on_plateau:
                raise ValueError(
                    f"configure_optimizers has a {type(config.scheduler).__name__}, which "
                    "Lightning steps after the update has been counted, where a rollback does "
                    "not take it back; under --keep-schedule give it a schedule by updates"
                )
            if config.interval != "step" or config.frequency != 1:
                raise ValueError(
                    f"configure_optimizers has its {type(config.scheduler).__name__} stepped once "
                    f"in {config.frequency} {config.interval}, and a rollback takes back updates; "
                    'under --keep-schedule give it "interval": "step"'
                )


def _replace_schedulers(trainer: Trainer) -> None:
    """Leaves their places filled: callbacks and checkpoints go by these, and so may the module."""
    for config in trainer.strategy.lr_scheduler_configs:
        optimizer = config.scheduler.optimizer
        for group in optimizer.param_groups:
            group["lr"] = group.get("initial_lr", group["lr"])  # a warm-up has begun low
        config.scheduler, config.reduce_on_plateau = SchedulerStandIn(optimizer), False
    gc.collect()  # scheduler and optimizer refer to each other; those that live are refused


def _let_end(scheduler: Any) -> None:
    """Probes go on where a schedule has come to its end, which some tell by an error."""
    step = scheduler.step

    def forgiving(*args: Any, **kwargs: Any) -> None:
        with suppress(ValueError):
            step(*args, **kwargs)

    scheduler.step = forgiving


def _end_at_will(trainer: Trainer) -> None:
    loop = trainer.fit_loop
    loop.min_epochs, loop.epoch_loop.min_steps = 0, None


def _loss_of(outputs: Any) -> Any:
    return outputs.get("loss") if isinstance(outputs, dict) else outputs


def _refuse_manual(module: LightningModule) -> None:
    if not module.automatic_optimization:
        raise ValueError(
            "training_step returned no loss, and the tuner chooses by it; with manual "
            'optimization, return the loss or {"loss": loss}'
        )
