"""Lets the autolrs tuner steer the learning rate of a Lightning Trainer.

Example:
    import autolrs.lightning

    tuner = autolrs.lightning.TunerCallback(monitor="val_loss")
    trainer = lightning.Trainer(max_epochs=10, callbacks=[tuner])
    trainer.fit(module, data)
"""

from __future__ import annotations

import gc
from typing import Any

from autolrs._protocol.claim import claim_to_train
from autolrs._session.tuner_status import TunerStatus
from autolrs._state.requires import require
from autolrs.session import Session

require("lightning", "Lightning", "lightning", "2.3")

import lightning
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping

from autolrs._torch.hooks import TorchHooks
from autolrs._torch.updates import Updates

__all__ = ["TunerCallback"]


class TunerCallback(TunerStatus, Callback):
    """Hands the learning rate of a fit over to the tuner, if one drives this script.

    Under a tuner the fit does as many optimizer updates as the tuner asks for, whatever its
    `max_epochs` and `max_steps` say, and schedulers from `configure_optimizers` are taken out of
    the way; under `--keep-schedule` they stay, if they are stepped at each update. Without a
    tuner the callback does nothing.

    Args:
        monitor: The name under which the module logs its validation loss. The tuner validates by
            the Trainer's own validation loop. None: it does not validate.
    """

    def __init__(self, monitor: str | None = None) -> None:
        super().__init__()
        self._monitor = monitor
        self._updates: Updates
        self._losses: list[Any] = []
        self._steps_seen = 0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Attaches to the model and its optimizers, which exist from here on.

        Raises:
            ValueError: This is the script's second fit.
            NotImplementedError: More than one process trains.
        """
        wire = claim_to_train()
        if wire is None:
            return
        if trainer.world_size > 1:
            raise NotImplementedError(
                f"{trainer.world_size} processes train here, and autolrs.lightning steers one; "
                "use Trainer(devices=1)"
            )
        total = trainer.estimated_stepping_batches
        monitor = self._monitor
        validate = None if monitor is None else lambda: _validate(trainer, monitor)
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        hooks = LightningHooks(trainer, pl_module, validate, [scaler] if scaler else [])
        self._updates = Updates(hooks.optimizer_set.leaves)
        self._session = Session(wire, hooks, int(total) if 0 < total < float("inf") else None)
        hooks.tell_by(self._session)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Waits until the tuner wants steps, and takes the limits off the loop."""
        self._steps_seen = trainer.global_step
        if self._session is None:
            return
        loop = trainer.fit_loop
        loop.max_epochs, loop.min_epochs = -1, 0
        loop.epoch_loop.max_steps, loop.epoch_loop.min_steps = -1, None
        trainer.should_stop = self._session.done

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
        trainer.should_stop = trainer.should_stop or self._session.is_over

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lets the tuner bring the model to where it shall stay, if the loop ended by itself."""
        if self._session is not None:
            self._session.close()


class LightningHooks(TorchHooks):
    """What becomes of the schedulers from `configure_optimizers` is settled with the LR's base."""

    def __init__(self, trainer: Trainer, module: LightningModule, validate: Any, extra: Any):
        super().__init__(module, trainer.optimizers, validate, extra)
        self._trainer = trainer

    @property
    def framework(self) -> str:
        return f"lightning {lightning.__version__} on {super().framework}"

    def check(self) -> None:
        _remove_schedulers(self._trainer)
        super().check()

    def begin_scaling(self) -> None:
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
        super().begin_scaling()


def _remove_schedulers(trainer: Trainer) -> None:
    for config in trainer.strategy.lr_scheduler_configs:
        for group in config.scheduler.optimizer.param_groups:
            group["lr"] = group.get("initial_lr", group["lr"])  # a warm-up has begun low
    trainer.strategy.lr_scheduler_configs = []
    gc.collect()  # scheduler and optimizer refer to each other; those that live are refused


def _validate(trainer: Trainer, monitor: str) -> tuple[Any, dict[str, Any]]:
    """Runs the Trainer's validation loop as the Trainer does amid training."""
    connector, callbacks = trainer._logger_connector, trainer.callbacks
    first_loop_iter = connector._first_loop_iter
    # What is judged may be a probe, which is nothing to keep or to stop for.
    trainer.callbacks = [c for c in callbacks if not isinstance(c, (Checkpoint, EarlyStopping))]
    trainer.validating = True
    try:
        logged = trainer.fit_loop.epoch_loop.val_loop.run()
    finally:
        trainer.training = True
        trainer.callbacks = callbacks
        connector._first_loop_iter = first_loop_iter
    metrics = {name: value for part in logged for name, value in part.items()}
    if monitor not in metrics:
        known = ", ".join(sorted(metrics)) or "nothing"
        raise ValueError(
            f'validation_step logged {known}, and no "{monitor}", by which the tuner chooses; log '
            "that, or give TunerCallback another monitor"
        )
    return metrics.pop(monitor), metrics


def _loss_of(outputs: Any) -> Any:
    return outputs.get("loss") if isinstance(outputs, dict) else outputs


def _refuse_manual(module: LightningModule) -> None:
    if not module.automatic_optimization:
        raise ValueError(
            "training_step returned no loss, and the tuner chooses by it; with manual "
            'optimization, return the loss or {"loss": loss}'
        )
