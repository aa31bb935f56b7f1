"""A net whose state is large for its steps, and what its files cost: one JSON line a process.

python train.py full|lora|fsdp, under autolrs run; fsdp under torchrun.
"""

import json
import os
import sys
import time

import torch
import torch.distributed as dist
from torch import nn

import autolrs.torch
from autolrs._torch.hooks import TorchHooks
from autolrs._torch_ranks.ranked_hooks import RankedTorchHooks

KIND = sys.argv[1]
WIDTH, BATCH = 2048, 8
LAYERS = int(os.environ.get("LAYERS", 4))
STEPS = int(os.environ.get("STEPS", 1000))
costs = {"kind": KIND, "files": 0, "bytes": 0, "seconds": 0.0}


def measured(write):
    def wrapper(*args):
        started = time.perf_counter()
        size = write(*args)
        costs["seconds"] += time.perf_counter() - started
        costs["files"] += 1
        costs["bytes"] += size
        return size

    return wrapper


class LowRank(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down, self.up = nn.Linear(WIDTH, 4, bias=False), nn.Linear(4, WIDTH, bias=False)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


for kind in (TorchHooks, RankedTorchHooks):
    kind.write = measured(kind.write)
torch.set_num_threads(1)
torch.manual_seed(0)
layers = [nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS)]
if KIND == "lora":
    layers = [LowRank(each) for each in layers]
parts = [part for each in layers for part in (each, nn.Tanh())]
model = nn.Sequential(*parts, nn.Linear(WIDTH, 10))
if KIND == "fsdp":
    from torch.distributed.fsdp import fully_shard

    dist.init_process_group("gloo")
    mesh = dist.device_mesh.init_device_mesh("cpu", (dist.get_world_size(),))
    for each in model:
        if isinstance(each, nn.Linear):
            fully_shard(each, mesh=mesh)
    fully_shard(model, mesh=mesh)
trained = [each for each in model.parameters() if each.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4)
data = torch.Generator().manual_seed(1)
x = torch.randn(BATCH * STEPS + 64, WIDTH, generator=data)
y = (x[:, :10] * 2 + x[:, 10:20]).argmax(1)
criterion = nn.CrossEntropyLoss()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[64:], y[64:]), BATCH)
tuner = autolrs.torch.attach(model, optimizer, lambda: criterion(model(x[:64]), y[:64]))
for inputs, targets in tuner.cycle(loader, epochs=1):
    loss = criterion(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    tuner.step(loss)
if os.environ.get("AUTOLRS_PHASE") != "search" and os.environ.get("RANK", "0") == "0":
    print("COSTS", json.dumps(costs), flush=True)
if KIND == "fsdp":
    dist.barrier()
    dist.destroy_process_group()
