"""A real training loop, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive, require
from driver import run_alone

require("torch")

SETUP = """
import random, torch, autolrs.torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
data = torch.randn(64, 4)
loader = DataLoader(TensorDataset(data, data.sum(1, keepdim=True)), 8, shuffle=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
"""
ATTACH = "tuner = autolrs.torch.attach(model, optimizer, lambda: model[0].weight.sum())\n"
LOOP = """
for x, y in tuner.cycle(loader, epochs=3):
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    tuner.step(loss)
"""
BARE_LOOP = LOOP.replace(
    "tuner.cycle(loader, epochs=3)", "(batch for epoch in range(3) for batch in loader)"
).replace("    tuner.step(loss)\n", "")
SCHEDULER = "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 9)\n"
PRINT = "print([p.tolist() for p in model.parameters()], loss.item(), torch.rand(3).tolist())"


def test_candidates_after_a_restore_see_the_same_batches_and_dropout(drive: Drive) -> None:
    driver = drive(SETUP + ATTACH + LOOP)
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("torch 2")
    assert (hello["total"], hello["lr"], hello["can"]["rewind"]) == (24, 0.1, True)
    assert hello["holds"] == ["model", "optimizer", "rng", "data"]
    driver.ask("train", steps=3, lr=0.02)
    assert driver.ask("save", id="a")["bytes"] > 4 * 49
    first = driver.ask("train", steps=20, lr=0.02)  # over the end of an epoch, and of two
    loss = driver.ask("validate")
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=20, lr=0.2)["losses"][0] == first["losses"][0]
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=20, lr=0.02)["losses"] == first["losses"]
    assert driver.ask("validate")["loss"] == loss["loss"]
    assert driver.shutdown() == 0


def test_the_first_update_after_a_restore_runs_at_the_candidates_lr(drive: Drive) -> None:
    # Plain descent on loss = w: each update takes exactly the LR off, and 0.1 of it in group two.
    script = """
import torch, autolrs.torch
v, w = (torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(2))
model = torch.nn.ParameterList([v, w])
optimizer = torch.optim.SGD([{"params": [v]}, {"params": [w], "lr": 0.1}], lr=1.0)
tuner = autolrs.torch.attach(model, optimizer, validate=lambda: (v, {"w": w}))
while not tuner.done:
    optimizer.zero_grad()
    (v + w).sum().backward()
    optimizer.step()
    tuner.step(v.detach())
"""
    driver = drive(script)
    assert driver.ask("initialize")["groups"] == pytest.approx([1, 0.1])
    driver.ask("train", steps=2, lr=0.5)
    driver.ask("save", id="a")
    driver.ask("train", steps=4, lr=0.125)
    assert driver.ask("restore", id="a")["lr"] == 0.5
    assert driver.ask("train", steps=1, lr=0.25)["lr"] == 0.25
    result = driver.ask("validate")
    assert result["loss"] == -1.25
    assert result["metrics"]["w"] == pytest.approx(-0.125)
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=3, lr=[1, 0, 2])["losses"] == [-2, -2, -4]
    assert driver.ask("validate")["metrics"]["w"] == pytest.approx(-0.4)


def test_a_checkpoint_on_disk_outlives_the_process(drive: Drive, tmp_path: Path) -> None:
    path = str(tmp_path / "run" / "checkpoint")
    Path(path).parent.mkdir()
    first = drive(SETUP + ATTACH + LOOP)
    first.ask("train", steps=5, lr=0.05)
    first.ask("save", id="a", path=path)
    loss = first.ask("validate")["loss"]
    first.kill()
    second = drive(SETUP + ATTACH + LOOP)
    restored = second.ask("restore", id="a", path=path)
    assert (restored["step"], restored["lr"]) == (5, 0.05)
    assert second.ask("validate")["loss"] == loss
    assert second.ask("train", steps=2, lr=0.05)["step"] == 7
    second.ask("discard", id="a", path=path)
    assert list(Path(path).parent.iterdir()) == []


def test_without_a_tuner_training_is_the_bare_loop_bit_for_bit(tmp_path: Path) -> None:
    bare = SETUP + SCHEDULER + BARE_LOOP + PRINT
    attached = SETUP + SCHEDULER + ATTACH + LOOP + "assert not tuner.done\n" + PRINT
    end = run_alone(f"exec({bare!r}, {{}})\nexec({attached!r}, {{}})", tmp_path)
    assert end.returncode == 0, end.stderr
    lines = end.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]


def test_a_scheduler_is_refused_under_a_tuner(drive: Drive) -> None:
    driver = drive(SETUP + SCHEDULER + ATTACH + LOOP)
    driver.send("initialize", protocol=1)
    assert driver.wait() == 1
    assert "SecondSchedulerError: a StepLR sets the learning rate" in driver.stderr
    assert driver.stderr.rstrip().endswith("or run with --keep-schedule")


def test_workers_that_load_data_stay_away_from_the_wire(drive: Drive) -> None:
    workers = "shuffle=True, num_workers=2, persistent_workers=False"
    driver = drive(SETUP.replace("shuffle=True", workers) + ATTACH + LOOP)
    driver.ask("save", id="a")
    first = driver.ask("train", steps=12, lr=0.02)
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=12, lr=0.02)["losses"] == first["losses"]
    assert driver.shutdown() == 0


SCALED = """
import torch, autolrs.torch
w = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([w], lr=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, growth_interval=10**6)
average = torch.optim.swa_utils.AveragedModel(torch.nn.ParameterList([w]))
tuner = autolrs.torch.attach(torch.nn.ParameterList([w]), optimizer, extra=[scaler, average])
while not tuner.done:
    print("scale", scaler.get_scale())
    loss = LOSS
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    tuner.step(loss)
"""


def test_an_update_that_the_scaler_skips_is_no_step(drive: Drive) -> None:
    driver = drive(SCALED.replace("LOSS", "(8 * w * w).sum()"))
    holds = driver.ask("initialize")["holds"]
    assert holds[-2:] == ["extra:GradScaler", "extra:AveragedModel"]
    driver.ask("save", id="a")
    first = driver.ask("train", steps=4, lr=1 / 32)  # halves w each time
    assert (first["step"], first["losses"]) == (4, [8, 2, 0.5, 0.125])
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=4, lr=1 / 32)["losses"] == first["losses"]
    assert driver.shutdown() == 0
    scales = [float(line.split()[1]) for line in driver.stderr.splitlines()]
    assert len(scales) > 8  # some were skipped, in both passes
    assert scales[0] == scales[len(scales) // 2] == 2.0**126


@pytest.mark.parametrize(
    ("loss", "is_finite"),
    [("(w * float('nan')).sum()", False), ("(w - w.detach()).sqrt().sum() + 1", True)],
)
def test_a_scaler_that_would_skip_for_ever_is_seen_to_diverge(
    drive: Drive, loss: str, is_finite: bool
) -> None:
    driver = drive(SCALED.replace("LOSS", loss))
    result = driver.ask("train", steps=9, lr=0.5)
    assert (result["end"], result["losses"]) == ("diverged", [None])
    assert len(driver.stderr.splitlines()) == (64 if is_finite else 1)
    assert driver.shutdown() == 0
