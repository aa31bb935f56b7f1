"""Trains a small network on handwritten digits with Ignite, with or without a tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 1000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import numpy
import torch
from ignite.engine import Engine, Events
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
    loader = DataLoader(train_set, 32, shuffle=True, drop_last=True)

    @torch.no_grad()
    def validate() -> float:
        return nn.functional.cross_entropy(model(x_held_out), y_held_out).item()

    tuner = autolrs.torch.attach(model, optimizer, validate)  # autolrs

    def update(engine, batch):
        x, y = batch
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)  # autolrs
        return loss.item()

    trainer = Engine(update)

    @trainer.on(Events.EPOCH_COMPLETED)
    def log(engine):
        model.eval()
        print(f"validation: loss {validate():.4f}")
        model.train()

    for _ in tuner.epochs(10):  # autolrs: an epoch a run, instead of max_epochs=10
        # A generator has no length, by which the engine would stop amid a trial.
        trainer.run((batch for batch in tuner.batches(loader)), max_epochs=1)  # autolrs


if __name__ == "__main__":
    main()
