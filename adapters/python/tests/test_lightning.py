"""The Lightning callback in real fits, driven over pipes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from auto import Place, is_as_bare, text_of
from conftest import Drive, require
from contracts import (
    goes_on_in_a_new_process,
    goes_on_until_the_tuner_ends_it,
    is_left_as_it_was,
    leaves_the_model_to_the_tuner,
    restores_bit_for_bit,
    tells_where_it_stands,
    trains_alone_as,
)
from driver import RefusedError, run_alone
from own_run import Folder
from phases import Folders, alone, files_in, said, search_far, train_committed

require("lightning")

SCRIPT = """
import torch, lightning, autolrs.lightning
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
lightning.seed_everything(0, verbose=False)
x = torch.arange(64.).reshape(16, 4).sin()
x = x.repeat(20, 1)  # each batch is the same, and 20 of them are an epoch
data = TensorDataset(x, x.sum(1, keepdim=True))

class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 1)
        )
    def loss(self, batch):
        return (self.layers(batch[0]) - batch[1]).square().mean()
    def training_step(self, batch, batch_idx):
        return self.loss(batch)
    def validation_step(self, batch, batch_idx):
        torch.rand(3)
        self.log_dict({"val_loss": self.loss(batch), "width": 8.0})
    def configure_optimizers(self):
        first, *_, last = self.layers
        optimizer = torch.optim.SGD(
            [{"params": first.parameters()}, {"params": last.parameters(), "lr": 0.01}],
            lr=0.1, momentum=0.9,
        )
        return [optimizer], [{"scheduler": scheduler(optimizer), "interval": "step"}]

scheduler = lambda optimizer: torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5)
options = dict(max_epochs=6)
batch_size, calls = 16, []
tuner = autolrs.lightning.TunerCallback(monitor="val_loss")
module = Module()
# more
trainer = lightning.Trainer(
    accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
    enable_model_summary=False, callbacks=[tuner, *calls], **options,
)
trainer.fit(module, DataLoader(data, batch_size), DataLoader(data, 320))
print([p.tolist() for p in module.parameters()], trainer.global_step)
"""


# All that counts must come from the checkpoint.
ANEW = SCRIPT.replace("seed_everything(0", "seed_everything(1")


def more(text: str) -> str:
    return SCRIPT.replace("# more", text)


def test_after_a_restore_every_loss_is_bit_equal(drive: Drive) -> None:
    driver = drive(SCRIPT)
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("lightning 2")
    assert (hello["total"], hello["lr"], hello["step"]) == (120, 0.1, 0)
    assert hello["groups"] == pytest.approx([1, 0.1])
    can = {
        "validate": True,
        "disk": True,
        "rewind": False,
        "cancel": True,
        "base": True,
        "average": True,
    }
    assert hello["can"] == can
    validation = restores_bit_for_bit(driver, 12, other_lr=0.2)
    assert validation["metrics"] == {"width": 8.0}


def test_validation_leaves_no_trace(drive: Drive) -> None:
    driver = drive(SCRIPT)
    driver.ask("save", id="a")
    first = driver.train(4)
    driver.ask("restore", id="a")
    second = []
    for _ in range(4):
        driver.ask("validate")
        second += driver.train(1)
    assert second == first
    assert driver.shutdown() == 0


def test_the_lr_is_the_tuners_and_ratios_are_kept(drive: Drive) -> None:
    script = more(
        """
class Look(lightning.Callback):
    def on_before_optimizer_step(self, trainer, module, optimizer):
        print("lrs", [group["lr"] for group in optimizer.param_groups])
calls.append(Look())
"""
    )
    driver = drive(script)
    assert driver.ask("train", steps=3, lr=[0.5, 0.0, 0.25])["lr"] == 0.25
    driver.ask("train", steps=1, lr=1.0)
    assert driver.shutdown() == 0
    lines = [line for line in driver.stderr.splitlines() if line.startswith("lrs")]
    seen = [json.loads(line.removeprefix("lrs")) for line in lines]
    assert seen == [pytest.approx([lr, lr / 10]) for lr in (0.5, 0.0, 0.25, 1.0)]


def test_a_new_process_goes_on_bit_for_bit(drive: Drive, tmp_path: Path) -> None:
    goes_on_in_a_new_process(drive(SCRIPT), lambda: drive(ANEW), tmp_path, at=5, steps=5)


def test_a_run_that_was_over_already_is_left_as_it_was(drive: Drive, tmp_path: Path) -> None:
    is_left_as_it_was(drive(SCRIPT), lambda: drive(ANEW), tmp_path)


def test_the_fit_goes_on_until_the_tuner_ends_it(drive: Drive) -> None:
    goes_on_until_the_tuner_ends_it(drive(more("options.update(max_steps=4)")))


@pytest.mark.parametrize("batches", [4, 5])
def test_a_step_is_an_update_and_its_loss_the_mean_of_its_batches(
    drive: Drive, batches: int
) -> None:
    # Plain descent on loss = w * i: what each update takes off is known.
    script = more(
        f"""
class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    def training_step(self, batch, batch_idx):
        return (self.w * 0 + 2.0 ** batch_idx).sum()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
tuner = autolrs.lightning.TunerCallback()
module = Module()
data = TensorDataset(torch.zeros({batches}, 1))
batch_size = 1
options.update(accumulate_grad_batches=2)
"""
    )
    driver = drive(script)
    hello = driver.ask("initialize")
    assert hello["can"]["validate"] is False
    updates = [1.5, 6] if batches == 4 else [1.5, 6, 16]
    assert hello["total"] == 6 * len(updates)
    assert driver.train(2 * len(updates)) == 2 * updates
    assert driver.shutdown() == 0


def test_manual_optimization_with_two_optimizers(drive: Drive) -> None:
    script = more(
        """
class Manual(Module):
    automatic_optimization = False
    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.manual_backward(loss)
        for optimizer in self.optimizers():
            optimizer.step()
            optimizer.zero_grad()
        return RETURNED
    def configure_optimizers(self):
        first, *_, last = self.layers
        optim = torch.optim
        return [optim.Adam(first.parameters(), lr=0.01), optim.SGD(last.parameters(), lr=0.1)]
module = Manual()
"""
    )
    driver = drive(script.replace("RETURNED", '{"loss": loss.detach()}'))
    assert driver.ask("initialize")["groups"] == pytest.approx([1, 10])
    driver.train(3)
    driver.ask("save", id="a")
    first = driver.train(6)
    driver.ask("restore", id="a")
    assert driver.train(6) == first
    assert driver.shutdown() == 0
    silent = drive(script.replace("RETURNED", "None"))
    with pytest.raises(RefusedError, match="training_step returned no loss"):
        silent.ask("train", steps=1, lr=0.1)
    assert silent.wait() == 1


def test_a_probe_neither_stops_the_fit_early_nor_is_kept(drive: Drive) -> None:
    script = more(
        """
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
options.update(check_val_every_n_epoch=None, val_check_interval=1000)
del options["max_epochs"]
options.update(max_steps=6)
calls += [
    EarlyStopping("val_loss", patience=1, check_on_train_epoch_end=False),
    ModelCheckpoint("kept", monitor="val_loss", save_on_train_epoch_end=False),
]
"""
    ).replace("enable_checkpointing=False, ", "")
    driver = drive(script)
    for _ in range(5):
        driver.ask("validate")  # never better than before
    driver.train(10)
    assert driver.shutdown() == 0
    assert "] 10" in driver.stderr.splitlines()[-1]


def test_a_loop_that_ends_early_leaves_the_model_to_the_tuner(drive: Drive) -> None:
    script = more(
        """
class Stop(lightning.Callback):
    def on_train_batch_end(self, trainer, *_):
        trainer.should_stop = trainer.global_step >= 4
calls.append(Stop())
"""
    )
    leaves_the_model_to_the_tuner(drive(script))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "tuner = autolrs.lightning.TunerCallback('loss')",
            'logged val_loss, width, and no "loss"',
        ),
        (
            "kept = []; make = scheduler\nscheduler = lambda o: kept.append(make(o)) or kept[0]",
            "a LinearLR sets the learning",
        ),
        ("calls.append(autolrs.lightning.TunerCallback())", "attach was called twice"),
    ],
)
def test_what_cannot_be_steered_is_told_in_a_sentence(drive: Drive, text: str, said: str) -> None:
    with pytest.raises((RefusedError, EOFError), match=said):
        drive(more(text)).ask("validate")


def test_without_a_tuner_a_fit_is_the_bare_fit_bit_for_bit(tmp_path: Path) -> None:
    bare = SCRIPT.replace("[tuner, *calls]", "calls")
    assert trains_alone_as(bare, SCRIPT, tmp_path).endswith("] 120")


LOOK = """
class Look(lightning.Callback):
    def on_before_optimizer_step(self, trainer, module, optimizer):
        print("lrs", [group["lr"] for group in optimizer.param_groups])
calls.append(Look())
"""


def test_at_factor_1_a_fit_with_its_own_schedule_is_the_bare_fit(
    drive: Drive, tmp_path: Path
) -> None:
    bare = run_alone(more("options = dict(max_epochs=2)"), tmp_path)
    assert bare.returncode == 0, bare.stderr
    driver = drive(more("options = dict(max_epochs=2)"))
    assert driver.ask("initialize", protocol=1, base="user")["lr"] == 1
    driver.train(40, lr=1)
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1] == bare.stdout.splitlines()[-1]


def test_a_probe_is_taken_back_in_the_fits_own_schedule(drive: Drive) -> None:
    driver = drive(more(LOOK))
    driver.ask("initialize", protocol=1, base="user")
    driver.train(2, lr=1)
    driver.ask("save", id="a")
    driver.train(3, lr=4)
    driver.ask("restore", id="a")
    driver.train(3, lr=1)
    assert driver.shutdown() == 0
    lines = [line for line in driver.stderr.splitlines() if line.startswith("lrs")]
    seen = [json.loads(line.removeprefix("lrs"))[0] for line in lines]
    own = [0.01, 0.028, 0.046, 0.064, 0.082]
    # Lightning computes the gradients inside the update, where the factor is on.
    assert seen == pytest.approx([*own[:2], *(4 * lr for lr in own[2:]), *own[2:]])


def test_a_plateau_schedule_is_refused_since_lightning_steps_it_too_late(drive: Drive) -> None:
    plateau = """
own = Module.configure_optimizers
def configure_optimizers(module):
    optimizers, _ = own(module)
    made = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizers[0])
    config = {"scheduler": made, "interval": "step", "monitor": "loss", "strict": False}
    return optimizers, [config]
Module.configure_optimizers = configure_optimizers
"""
    driver = drive(more(plateau))
    driver.send("initialize", protocol=1, base="user")
    assert driver.wait() == 1
    assert "has a ReduceLROnPlateau, which Lightning steps after" in driver.stderr


def test_a_schedule_by_epochs_is_refused_with_the_word_to_change(drive: Drive) -> None:
    driver = drive(SCRIPT.replace('"interval": "step"', '"interval": "epoch"'))
    driver.send("initialize", protocol=1, base="user")
    assert driver.wait() == 1
    assert 'under --keep-schedule give it "interval": "step"' in driver.stderr


WATCH = """
class Watch(lightning.Callback):
    def on_train_batch_end(self, *_):
        print("at", tuner.step_count, tuner.is_search, tuner.every(2))
calls = [Watch()]
"""


def test_a_callback_knows_where_the_fit_stands(drive: Drive) -> None:
    tells_where_it_stands(drive(SCRIPT.replace("# more", WATCH)))


def test_a_callback_counts_updates_without_a_tuner(tmp_path: Path) -> None:
    script = WATCH + "options = dict(max_steps=3, accumulate_grad_batches=2)"
    lines = run_alone(SCRIPT.replace("# more", script), tmp_path).stdout.splitlines()
    assert [line for line in lines if line.startswith("at ")][1::2] == [
        "at 1 False False",
        "at 2 False True",
        "at 3 False False",
    ]


OWN = """
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
class Watch(lightning.Callback):
    pass
def told(name):
    def hook(self, trainer, *_):
        print("hook", name, trainer.current_epoch, trainer.global_step)
    return hook
for name in (
    "fit_start", "train_start", "train_epoch_start", "train_batch_end", "validation_start",
    "validation_end", "train_epoch_end", "train_end", "fit_end",
):
    setattr(Watch, f"on_{name}", told(name))
class Own(Module):
    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.loss(batch), prog_bar=True)
    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.log("loss", loss, prog_bar=True)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)
module = Own()
options = dict(max_epochs=4, log_every_n_steps=5)
stopping = EarlyStopping("val_loss", patience=1)
keeping = ModelCheckpoint(monitor="val_loss", save_top_k=2, save_last=True)
calls += [stopping, keeping, LearningRateMonitor(), Watch()]
"""
OWN_FIT = SCRIPT.replace(
    "logger=False, enable_checkpointing=False, enable_progress_bar=False,", ""
).replace(
    "print([p.", 'print("own end", stopping.stopped_epoch, keeping.best_model_path)\nprint([p.'
)
CSV = "options['logger'] = CSVLogger('logs')\n"


def own_fit(text: str = "") -> str:
    return OWN_FIT.replace("# more", OWN + CSV + text)


STOPPING = """
stopping = calls[0] = EarlyStopping("val_loss", min_delta=1e9, patience=2)
"""


@pytest.mark.parametrize(
    ("text", "parts", "end"), [("", [30, 50], None), (STOPPING, [25, 55], "data")]
)
def test_a_committed_fit_is_the_trainers_own_with_its_log_files_and_stops(
    drive: Drive, tmp_path: Path, text: str, parts: list[int], end: str | None
) -> None:
    folders = Folders(tmp_path)
    script = own_fit(text)
    printed = alone(script, folders.alone)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="commit")
    assert train_committed(driver, lr=0.01, parts=parts) == end
    under = driver.stderr.splitlines()
    for prefix in ("hook", "[["):
        assert said(under, prefix) == said(printed, prefix) != []
    ends = [said(lines, "own end")[0].rsplit("logs", 1)[-1] for lines in (under, printed)]
    assert ends[0] == ends[1]
    files = files_in(folders.driven)
    assert files == files_in(folders.alone)
    metrics = "logs/lightning_logs/version_0/metrics.csv"
    assert files[metrics] > 10
    logs = [(folder / metrics).read_text() for folder in (folders.driven, folders.alone)]
    assert logs[0] == logs[1]


def test_a_committed_fit_that_the_tuner_ends_before_its_own_end_ends_in_order(
    drive: Drive,
) -> None:
    driver = drive(own_fit("options['min_epochs'] = 3"), AUTOLRS_PHASE="commit")
    assert train_committed(driver, lr=0.01, parts=[30]) is None
    assert driver.stderr.splitlines()[-1].endswith("] 30")


def test_a_scout_goes_on_past_every_stop_and_leaves_no_file(drive: Drive, tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    timer = 'options.update(max_time={"seconds": 0}, profiler="simple")\n'
    script = own_fit(STOPPING + timer)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="search")
    search_far(driver, total=80, least=0.01)
    assert files_in(folders.driven) == {}
    assert "it/s" not in driver.stderr


def test_a_committed_fit_finds_schedulers_where_it_had_its_own(
    drive: Drive, tmp_path: Path
) -> None:
    """LearningRateMonitor stands before the tuner here, and asks for them at the start."""
    folders = Folders(tmp_path)
    monitor = """
Own.configure_optimizers = lambda self: {
    "optimizer": (made := torch.optim.SGD(self.parameters(), lr=0.01)),
    "lr_scheduler": {
        "scheduler": torch.optim.lr_scheduler.ReduceLROnPlateau(made), "monitor": "val_loss",
    },
}
keeping = calls[1]
tuner, calls = calls[2], [tuner, keeping]
"""
    script = own_fit(monitor).replace(
        "keeping.best", "trainer.lr_scheduler_configs and keeping.best"
    )
    alone(script, folders.alone)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="commit")
    train_committed(driver, lr=0.01, parts=[80])
    assert files_in(folders.driven) == files_in(folders.alone) != {}


CYCLE = """
scheduler = lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.4, total_steps=120)
"""


BY_EPOCHS = """
Own.configure_optimizers = lambda self: {
    "optimizer": (made := torch.optim.SGD(self.parameters(), lr=0.05)),
    "lr_scheduler": {
        "scheduler": torch.optim.lr_scheduler.ReduceLROnPlateau(made, "max", 0.5, patience=0),
        "monitor": "loss",
    },
}
calls = []
"""


def test_a_committed_fit_keeps_a_schedule_that_no_rollback_could_take_back(
    drive: Drive, tmp_path: Path
) -> None:
    folders = Folders(tmp_path)
    script = own_fit(BY_EPOCHS + LOOK)
    printed = alone(script, folders.alone)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="commit")
    hello = driver.ask("initialize", protocol=1, base="user")
    assert hello["schedule"] == {"name": "ReduceLROnPlateau", "peak": 0.05}
    driver.train(80, lr=1)
    assert driver.shutdown() == 0
    under = driver.stderr.splitlines()
    for prefix in ("lrs [", "[["):
        assert said(under, prefix) == said(printed, prefix) != []
    assert len(set(said(under, "lrs ["))) > 1


def test_a_scout_of_a_kept_schedule_sets_its_lr_for_the_update_alone(drive: Drive) -> None:
    driver = drive(more(CYCLE + LOOK), AUTOLRS_PHASE="search")
    hello = driver.ask("initialize", protocol=1, base="override")
    assert hello["schedule"] == {"name": "OneCycleLR", "peak": pytest.approx(0.4)}
    driver.ask("save", id="a")
    driver.train(130, lr=0.02)  # past the end of its schedule, which tells that by an error
    driver.ask("restore", id="a")
    driver.train(1, lr=0.5)
    lines = [line for line in driver.stderr.splitlines() if line.startswith("lrs")]
    seen = [json.loads(line.removeprefix("lrs"))[0] for line in lines]
    assert seen == [0.02] * 130 + [0.5]


def test_a_script_that_does_not_attach_is_at_factor_1_the_bare_one(
    drive: Drive, tmp_path: Path
) -> None:
    hello = is_as_bare(Place(drive, tmp_path), tmp_path, text_of("lightning_fit"), 16)
    assert hello["total"] == 16
    assert hello["schedule"] == {"name": "CosineAnnealingLR", "peak": 0.01}


OWN_RUN = """
import lightning
import torch
import autolrs.lightning

class Line(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(4, 1)

    def training_step(self, batch, i):
        return torch.nn.functional.mse_loss(self.line(batch[0]), batch[1])

    def validation_step(self, batch, i):
        self.log("val_loss", self.training_step(batch, i))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 1e-2)

x = torch.randn(64, 4)
data = torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True))
loader = torch.utils.data.DataLoader(data, 16)
run = autolrs.Run(steps=60, min_lr=1e-3, max_lr=0.3)
tuner = autolrs.lightning.TunerCallback("val_loss", run=run)
quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer = lightning.Trainer(max_epochs=10, callbacks=[tuner], accelerator="cpu", **quiet)
trainer.fit(Line(), loader, loader)
print(run.result["status"], tuner.step_count == run.result["steps"]["committed"])
"""


def test_a_script_starts_its_own_run(folder: Folder) -> None:
    ended = folder.run(OWN_RUN)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "finished True"
