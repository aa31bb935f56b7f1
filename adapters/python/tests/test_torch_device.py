"""Where training runs on a device nobody waits for it needlessly.

Held against a device that is not there (`far.py`), and where there is CUDA against that.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Drive, require

torch = require("torch")

from far import Far, to_host  # noqa: E402

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch_state.snapshot import fits_on_device  # noqa: E402

GB = 10**9
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

LOOP = """
import torch, autolrs.torch
from far import Far, to_host
w = torch.nn.Parameter(torch.ones(()))
optimizer = torch.optim.SGD([w], lr=0.5)
if LR_IS_FAR:
    optimizer.param_groups[0]["lr"] = Far(torch.tensor(0.5))
tuner = autolrs.torch.attach(torch.nn.ParameterList([w]), optimizer)
step = 0
while not tuner.done:
    loss, before = Far((w * w).detach()), len(to_host)
    w.data.mul_(0.99)
    tuner.step(loss)
    step += 1
    if len(to_host) > before:
        print("step", step, *to_host[before:])
"""


def test_the_device_that_is_not_there_counts_each_way_to_the_host() -> None:
    far = Far(torch.tensor([2.0, 3.0]))
    assert not far.is_cpu
    del to_host[:]
    assert isinstance(torch.stack([far, far * 2]).sum(), Far)
    assert to_host == []
    assert far[0].item() == 2
    assert float(far[1]) == 3
    assert far.cpu().tolist() == [2, 3]
    torch.zeros(2).copy_(far)
    assert len(to_host) == 4


@pytest.mark.parametrize("lr_is_far", [False, True])
@pytest.mark.parametrize("lr", [0.01, [0.01] * 500])
def test_losses_come_to_the_host_once_a_reply_or_progress_notice(
    drive: Drive, lr: float | list[float], lr_is_far: bool
) -> None:
    driver = drive(LOOP.replace("LR_IS_FAR", str(lr_is_far)))
    for _ in range(2):
        losses = driver.ask("train", steps=500, lr=lr)["losses"]
        assert len(losses) == 500
        assert losses[1] == pytest.approx(losses[0] * 0.99**2)
    assert driver.shutdown() == 0
    reads = [line.split()[1:] for line in driver.stderr.splitlines()]
    told = len(driver.notifications)  # on a machine so slow that it tells of progress
    assert len(reads) == 2 + told
    replies = [operators for step, *operators in reads if int(step) % 500 == 0]
    # A reply reads the LR too, to say which one is there and not which one was set.
    assert [len(operators) for operators in replies] == [1 + lr_is_far] * 2


@pytest.mark.parametrize(
    ("size", "free", "held", "peak", "fits"),
    [
        (1, 2, 70, 70, True),  # half of what is free
        (1.1, 2, 70, 70, False),
        (1, 40, 2, 40, True),  # of 40 free the script will take 38 again
        (1.1, 40, 2, 40, False),
        (1, 20, 2, 40, False),  # it will take them all
        (0, 0, 80, 80, True),
    ],
)
def test_a_snapshot_stays_on_the_device_if_it_takes_half_of_what_is_spare_at_most(
    size: float, free: int, held: int, peak: int, fits: bool
) -> None:
    assert fits_on_device(int(size * GB), free * GB, held * GB, peak * GB) is fits


def cuda_training() -> tuple[Any, Any, TorchHooks]:
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 64, device="cuda")
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.01, device="cuda"))
    return model, optimizer, TorchHooks(model, optimizer, None, [])


def train_on_cuda(model: Any, optimizer: Any, hooks: TorchHooks) -> list[float]:
    held = []
    for _ in range(5):
        loss = model(torch.randn(8, 64, device="cuda")).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        held.append(hooks.hold_loss(loss))
    return hooks.read_held(held)


@on_cuda
def test_on_cuda_a_snapshot_is_in_pinned_memory_until_steps_are_known_then_on_the_device() -> None:
    training = cuda_training()
    hooks = training[2]
    early = hooks.capture()
    assert early["model"]["weight"].is_pinned()
    first = train_on_cuda(*training)
    late = hooks.capture()
    assert late["model"]["weight"].is_cuda
    second = train_on_cuda(*training)
    for _ in range(2):
        hooks.apply(late)
        assert train_on_cuda(*training) == second
        hooks.apply(early)
        assert train_on_cuda(*training) == first


@on_cuda
def test_on_cuda_a_restore_copies_in_place() -> None:
    model, optimizer, hooks = training = cuda_training()
    train_on_cuda(*training)
    state = hooks.capture()
    moments = [value for each in optimizer.state.values() for value in each.values()]
    there = [each.data_ptr() for each in [*model.parameters(), *moments]]
    hooks.apply(state)
    now = [value for each in optimizer.state.values() for value in each.values()]
    assert [each.data_ptr() for each in [*model.parameters(), *now]] == there


@on_cuda
def test_on_cuda_no_step_between_two_replies_copies_anything_to_the_host(drive: Drive) -> None:
    script = """
import torch, autolrs.session, autolrs.torch
from torch.profiler import ProfilerActivity, profile
model = torch.nn.Linear(64, 64, device="cuda")
optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.01, device="cuda"))
autolrs._session.progress_clock.PROGRESS_SECONDS = 1e9  # a profiler takes its time to start
tuner = autolrs.torch.attach(model, optimizer)
assert not tuner.done
x = torch.randn(8, 64, device="cuda")
torch.cuda.set_sync_debug_mode("error")
with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
    for step in range(100):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        for each in model.parameters():
            each.data.sub_(each.grad * optimizer.param_groups[0]["lr"])
        if step < 99:
            tuner.step(loss)
torch.cuda.set_sync_debug_mode("default")
print(sum("DtoH" in event.name for event in profiled.events()))
tuner.step(loss)
"""
    driver = drive(script)
    assert len(driver.ask("train", steps=100, lr=0.01)["losses"]) == 100
    assert driver.stderr.split() == ["0"]
