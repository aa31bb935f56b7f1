"""What of a state is sharded, in a file and back; one rank, over gloo."""

from __future__ import annotations

import sys

import pytest
from conftest import Drive, need_sharding, require

require("torch")

SHARDS = """
import torch
import torch.distributed as dist
from torch.distributed.tensor import DTensor, Shard
from autolrs._torch_ranks.shards import ShardCutter, joined_as, refuse_other_shapes
from autolrs.errors import ChangedError

dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
mesh = dist.device_mesh.init_device_mesh("cpu", (1,))

def sharded(local):
    return DTensor.from_local(local, mesh, [Shard(0)], run_check=False)

def tell(do, *args):
    try:
        print(do(*args))
    except (ChangedError, TypeError) as error:
        print(error)

# FSDP2 pads shards: what a file holds has no padding.
cutter = ShardCutter(0)
state = {"a": [sharded(torch.ones(10, 4)[:7])], "b": torch.ones(2), "c": sharded(torch.ones(3))}
cut = cutter.cut(state)
print([each.untyped_storage().nbytes() for each in cutter.own.values()])

local = lambda live, number: cutter.own.get(number)
back = joined_as(state, cut, local)
print([type(each).__name__ for each in (*back["a"], back["b"], back["c"])])
tell(joined_as, sharded(torch.ones(7, 4)), torch.ones(7, 4), local)
tell(joined_as, sharded(torch.ones(7, 3)), cut["a"][0], local)
tell(joined_as, state["a"][0], cut["a"][0], lambda live, number: torch.ones(3, 4))
tell(joined_as, torch.ones(7, 4), cut["a"][0], local)
cutter.own.clear()
tell(joined_as, state, cut, local)

weight = torch.nn.Parameter(sharded(torch.ones(7, 4)))
optimizer = torch.optim.SGD([weight], lr=0.1)
optimizer.state[weight]["same"] = sharded(torch.ones(7, 4))
tell(refuse_other_shapes, [optimizer])
optimizer.state[weight]["row"] = sharded(torch.ones(7))
tell(refuse_other_shapes, [optimizer])
dist.destroy_process_group()
"""

AS_BEFORE = "shard the model as it was when the checkpoint was written: "


@pytest.mark.skipif(sys.platform == "win32", reason="there is no gloo")
def test_what_was_sharded_otherwise_is_refused_by_its_shapes(drive: Drive) -> None:
    need_sharding()
    driver = drive(SHARDS)
    assert driver.wait() == 0, driver.stderr
    assert driver.stderr.splitlines() == [
        "[112, 12]",
        "['DTensor', 'Tensor', 'DTensor']",
        f"{AS_BEFORE}a tensor of shape [7, 4] is whole there, and is sharded here",
        f"{AS_BEFORE}a tensor of shape [7, 4] is sharded there, and has shape [7, 3] here",
        f"{AS_BEFORE}this rank's part of a tensor of shape [7, 4] has shape [3, 4] there, and has "
        "shape [7, 4] here",
        f"{AS_BEFORE}a tensor of shape [7, 4] is sharded there, and is not sharded here",
        f"{AS_BEFORE}this rank's part of a tensor of shape [7, 4] is not there, and has shape "
        "[7, 4] here",
        "None",
        "SGD keeps a sharded 'row' of another shape than its parameter's, which autolrs cannot "
        "write to a checkpoint",
    ]
