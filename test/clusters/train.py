"""A small net with dropout and shuffled data. Its last line is a digest of its weights.

Of several ranks, as under torchrun, each has all of the data, and dice of its own.
"""

import argparse
import hashlib
import os
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import autolrs.torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument(
    "--sleep",
    type=float,
    default=0.0,
    help="seconds that a step lasts besides, ten times as long in a search",
)
parser.add_argument("--steps-file", help="appended to in each step: phase and committed steps")
parser.add_argument("--meet", nargs=2, metavar=("FOLDER", "N"), help="wait there for N workers")
args = parser.parse_args()


def await_workers(folder: str, count: str) -> None:
    """The usual process waits for as many as have left their number."""
    while len(os.listdir(folder)) < int(count):
        time.sleep(0.05)


torch.set_num_threads(1)
torch.manual_seed(0)
data = torch.Generator().manual_seed(1)
x = torch.randn(9216, 32, generator=data)
y = (x @ torch.randn(32, 10, generator=data)).argmax(1)
model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10))
world = int(os.environ.get("WORLD_SIZE", "1"))
if world > 1:
    dist.init_process_group("gloo")
    model = DistributedDataParallel(model)
    torch.manual_seed(dist.get_rank())
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.CrossEntropyLoss()
train_set = torch.utils.data.TensorDataset(x[:8192], y[:8192])
loader = torch.utils.data.DataLoader(train_set, 16, shuffle=True)
phase = os.environ.get("AUTOLRS_PHASE", "")
steps_file = open(args.steps_file, "a", buffering=1) if args.steps_file else None  # noqa: SIM115

worker = os.environ.get("AUTOLRS_WORKER")
if args.meet and worker:
    open(os.path.join(args.meet[0], worker), "w").close()

tuner = autolrs.torch.attach(model, optimizer, lambda: criterion(model(x[8192:]), y[8192:]))
for inputs, targets in tuner.cycle(loader, epochs=args.epochs):
    if args.meet and not worker:
        await_workers(*args.meet)
    loss = criterion(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    time.sleep(args.sleep * (10 if phase == "search" else 1))  # a search is over soon
    if steps_file:
        steps_file.write(f"{phase} {tuner.step_count + 1}\n")
    tuner.step(loss)

weights = b"".join(each.detach().numpy().tobytes() for each in model.parameters())
if world == 1 or dist.get_rank() == 0:
    print("digest", hashlib.sha256(weights).hexdigest(), flush=True)
if world > 1:
    dist.barrier()
    dist.destroy_process_group()
