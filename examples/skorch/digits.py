"""Trains a small network on handwritten digits with skorch, with or without a tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 1000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import numpy
import torch
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import DataLoader

import autolrs.torch  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


class Tuned(NeuralNetClassifier):  # autolrs: a fit in which the tuner has the loops
    def fit_loop(self, X, y=None, epochs=None, **fit_params):  # noqa: N803
        self.check_data(X, y)
        train_set, held_out = self.get_split_datasets(X, y)
        loader = self.get_iterator(train_set, training=True)
        sets = {"dataset_train": train_set, "dataset_valid": held_out}
        (everything,) = DataLoader(held_out, len(held_out))
        self.tuner = autolrs.torch.attach(
            self.module_, self.optimizer_, lambda: self.validation_step(everything)["loss"]
        )
        for _ in self.tuner.epochs(epochs or self.max_epochs):
            self.notify("on_epoch_begin", **sets)
            self.run_single_epoch(self.tuner.batches(loader), True, "train", self.train_step)
            held_out_batches = self.get_iterator(held_out)
            self.run_single_epoch(held_out_batches, False, "valid", self.validation_step)
            self.notify("on_epoch_end", **sets)
        return self

    def train_step(self, batch, **fit_params):
        step = super().train_step(batch, **fit_params)
        self.tuner.step(step["loss"])
        return step


def read_digits():
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = numpy.loadtxt(file, delimiter=",", dtype="float32")
    return (rows[:, :-1] - 5) / 6, rows[:, -1].astype("int64")


def main() -> None:
    torch.manual_seed(0)
    images, labels = read_digits()
    net = Tuned(
        nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10)),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        lr=0.05,
        max_epochs=10,
        batch_size=32,
        iterator_train__shuffle=True,
        iterator_train__drop_last=True,
    )
    net.fit(images, labels)
    print(f"validation: loss {net.history[-1, 'valid_loss']:.4f}")


if __name__ == "__main__":
    main()
