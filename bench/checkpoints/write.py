"""Seconds and bytes of one checkpoint of an FSDP2 model, written and read: one JSON line.

torchrun --standalone --nproc-per-node 2 write.py FOLDER, with LAYERS of 4.2 million parameters.
"""

import json
import os
import resource
import statistics
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard

from autolrs._torch_ranks.discover_ranks import find_ranks
from autolrs._torch_ranks.ranked_hooks import RankedTorchHooks

WIDTH, REPEATS = 2048, 5
LAYERS = int(os.environ.get("LAYERS", 12))
torch.set_num_threads(1)
dist.init_process_group("gloo")
torch.manual_seed(0)
model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS)))
mesh = dist.device_mesh.init_device_mesh("cpu", (dist.get_world_size(),))
for each in model:
    fully_shard(each, mesh=mesh)
fully_shard(model, mesh=mesh)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
model(torch.randn(2, WIDTH)).square().mean().backward()
optimizer.step()
optimizer.zero_grad()
hooks = RankedTorchHooks(find_ranks(model.parameters()), model, optimizer, None, [])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = os.path.join(sys.argv[1], "checkpoint")
writes, reads, size = [], [], 0
for _ in range(REPEATS):
    dist.barrier()
    started = time.perf_counter()
    size = hooks.write(path, 1, None)
    dist.barrier()
    writes.append(time.perf_counter() - started)
    started = time.perf_counter()
    hooks.apply(hooks.read(path)[0])
    dist.barrier()
    reads.append(time.perf_counter() - started)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
sums = [None] * dist.get_world_size()
dist.all_gather_object(sums, (size, grown))
if dist.get_rank() == 0:
    told = {
        "write": statistics.median(writes),
        "read": statistics.median(reads),
        "bytes": [own for own, _ in sums],
        "grown_kb": [own for _, own in sums],
    }
    print(json.dumps(told), flush=True)
dist.barrier()
dist.destroy_process_group()
