"""Snapshots of sharded models go to the host as others do; one rank, over gloo."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from conftest import Drive, need_sharding, require

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch_state import snapshot  # noqa: E402
from autolrs._torch_state.state import model_state  # noqa: E402

SHARDED = """
import copy, os, sys, torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard
from autolrs._torch.hooks import TorchHooks
from autolrs._torch_ranks.sharded import local_of
from autolrs._torch_state import snapshot
from autolrs._torch_state.host_shard import HostShard

store = dist.HashStore()
dist.init_process_group("gloo", store=store, rank=0, world_size=1)
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 1))
fully_shard(model, mesh=dist.device_mesh.init_device_mesh("cpu", (1,)))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
hooks = TorchHooks(model, optimizer, None, [])
cpu = torch.device("cpu")
# As on a device that is full, which is the host itself here.
here, copied = snapshot._copied, lambda state, away: here(state, {cpu})
torch.cuda.synchronize = lambda device: None

def train():
    losses = []
    for _ in range(3):
        loss = (model(torch.randn(8, 4)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

snapshot._copied = copied
beginning = hooks.capture()
assert all(isinstance(each, HostShard) for each in beginning["model"].values())
early = train()
saved = hooks.capture()
moments = saved["optimizer"]["state"][0]["exp_avg"]
assert isinstance(moments, HostShard)
assert hooks.size(saved["model"]) == 4 * sum(each.numel() for each in model.parameters())
places = [local_of(each).data_ptr() for each in model.parameters()]
late = train()
hooks.apply(saved)
assert train() == late
# An optimizer that has no state yet is given one, which later training leaves alone.
hooks.apply(beginning)
assert not optimizer.state
hooks.apply(saved)
assert train() == late
hooks.apply(saved)
assert train() == late
hooks.apply(beginning)
assert train() == early
assert places == [local_of(each).data_ptr() for each in model.parameters()]
print("done", file=sys.stderr)
dist.destroy_process_group()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no gloo")
def test_a_sharded_snapshot_on_the_host_repeats_bit_by_bit(drive: Drive) -> None:
    need_sharding()
    driver = drive(SHARDED)
    assert driver.wait() == 0, driver.stderr
    assert driver.stderr.endswith("done\n")


def test_a_snapshot_for_which_a_device_has_no_room_goes_to_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = torch.nn.Linear(2, 2)
    hooks = TorchHooks(model, torch.optim.SGD(model.parameters(), lr=0.1), None, [])
    cpu = torch.device("cpu")
    copied, tried = snapshot._copied, []

    def short(state: Any, away: set[Any]) -> Any:
        tried.append(away)
        if not away:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return copied(state, away)

    monkeypatch.setattr(snapshot, "_copied", short)
    monkeypatch.setattr(snapshot, "_cuda_bytes", lambda state: {cpu: 1})
    monkeypatch.setattr(snapshot, "_memory_of", lambda device: (100, 0, 0))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    state = snapshot.snapshot_of(hooks._state(model_state(model)), True)
    assert tried == [set(), {cpu}]
    assert torch.equal(state["model"]["weight"], model.weight)
