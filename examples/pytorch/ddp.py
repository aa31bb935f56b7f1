"""Trains a small network on handwritten digits in several processes, with or without the tuner.

    torchrun --standalone --nproc-per-node 2 ddp.py                # alone: 10 epochs at LR 0.05
    autolrs run --steps 400 -- torchrun --standalone --nproc-per-node 2 ddp.py
    autolrs run --steps 400 -- torchrun --standalone --nproc-per-node 2 ddp.py --fsdp

The lines that make it tunable are marked with "autolrs": the same as in one process.
"""

import argparse
import gzip
import pathlib

import numpy
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import autolrs.torch  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


def main() -> None:
    args = parse_args()
    dist.init_process_group("gloo")  # on GPUs: "nccl"
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)  # the same weights on every rank ...
    model = make_model()
    if args.fsdp:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard  # PyTorch 2.7 or newer

        fully_shard(model, mesh=init_device_mesh("cpu", (world,)))
    else:
        model = DistributedDataParallel(model)
    torch.manual_seed(1 + rank)  # ... and other units dropped out on each

    digits = read_digits()
    train_set, held_out = TensorDataset(*digits[300:]), TensorDataset(*digits[:300])
    loader = DataLoader(train_set, 16, sampler=DistributedSampler(train_set, drop_last=True))
    own_part = held_out[rank::world]  # equal in size: the tuner takes the mean over the ranks
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def validate():
        x, y = own_part
        outputs = model(x)
        accuracy = (outputs.argmax(1) == y).float().mean()
        return nn.functional.cross_entropy(outputs, y), {"accuracy": accuracy}

    tuner = autolrs.torch.attach(model, optimizer, validate=validate)  # autolrs: on every rank
    for epoch in tuner.epochs(10):  # autolrs: instead of range(10)
        for x, y in tuner.batches(loader):  # autolrs: instead of loader
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            tuner.step(loss)  # autolrs
        if rank == 0:
            print(f"epoch {epoch + 1}: training loss {loss.item():.4f}")

    model.eval()
    with torch.no_grad():
        loss = validate()[0]
    dist.all_reduce(loss)
    if rank == 0:
        print(f"validation: loss {loss.item() / world:.4f}")
    dist.barrier()  # a rank that leaves before the others are done can bring gloo down
    dist.destroy_process_group()


def make_model() -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()),
        *(nn.Dropout(0.2), nn.Linear(64, 10)),
    )


def read_digits() -> TensorDataset:
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = torch.from_numpy(numpy.loadtxt(file, delimiter=",", dtype="float32"))
    return TensorDataset((rows[:, :-1] - 5) / 6, rows[:, -1].long())


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fsdp", action="store_true", help="shard the model instead of DDP")
    return parser.parse_args()


if __name__ == "__main__":
    main()
