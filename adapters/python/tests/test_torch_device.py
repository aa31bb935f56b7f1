"""Where training runs on a device nobody waits for it needlessly.

Held against a device that is not there (`far.py`), and where there is CUDA against that.
"""

from __future__ import annotations

import pytest
from conftest import Drive, require

torch = require("torch")

from far import Far, to_host  # noqa: E402

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
