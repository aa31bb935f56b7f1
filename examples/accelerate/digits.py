"""Trains a small network on handwritten digits with Accelerate, with or without a tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 500 -- python digits.py       # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import numpy
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import autolrs.torch  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


def read_digits() -> TensorDataset:
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = torch.from_numpy(numpy.loadtxt(file, delimiter=",", dtype="float32"))
    return TensorDataset((rows[:, :-1] - 5) / 6, rows[:, -1].long())


def main() -> None:
    torch.manual_seed(0)
    digits = read_digits()
    held_out, train_set = torch.utils.data.random_split(digits, [300, len(digits) - 300])
    x_held_out, y_held_out = held_out[:]
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader = DataLoader(train_set, 16, shuffle=True, drop_last=True)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

    @torch.no_grad()
    def validate() -> float:
        return nn.functional.cross_entropy(model(x_held_out), y_held_out).item()

    tuner = autolrs.torch.attach(model, optimizer, validate)  # autolrs
    for epoch in tuner.epochs(10):  # autolrs: instead of range(10)
        for x, y in tuner.batches(loader):  # autolrs: instead of loader
            with accelerator.accumulate(model):
                loss = nn.functional.cross_entropy(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
            tuner.step(loss)  # autolrs
        model.eval()
        print(f"epoch {epoch}: validation: loss {validate():.4f}")
        model.train()


if __name__ == "__main__":
    main()
