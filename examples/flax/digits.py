"""Trains a small network on handwritten digits with Flax NNX, with or without a tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 1000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import numpy
import optax
from flax import nnx

import autolrs.jax  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"
BATCH = 32


class Classifier(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(64, 64, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.last = nnx.Linear(64, 10, rngs=rngs)

    def __call__(self, x):
        return self.last(self.dropout(nnx.relu(self.first(x))))


class Batches:
    def __init__(self, images, labels) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels) // BATCH

    def __iter__(self):
        order = numpy.random.permutation(len(self.labels))
        for rows in order[: len(self) * BATCH].reshape(-1, BATCH):
            yield self.images[rows], self.labels[rows]


def read_digits():
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = numpy.loadtxt(file, delimiter=",", dtype="float32")
    return (rows[:, :-1] - 5) / 6, rows[:, -1].astype("int32")


def loss_of(model, images, labels):
    return optax.softmax_cross_entropy_with_integer_labels(model(images), labels).mean()


@nnx.jit
def update(model, optimizer, images, labels):
    loss, gradients = nnx.value_and_grad(loss_of)(model, images, labels)
    optimizer.update(model, gradients)
    return loss


def main() -> None:
    numpy.random.seed(0)
    images, labels = read_digits()
    model = Classifier(nnx.Rngs(0))
    sgd = optax.inject_hyperparams(optax.sgd)(learning_rate=0.05, momentum=0.9)
    optimizer = nnx.Optimizer(model, sgd, wrt=nnx.Param)
    both = (model, optimizer)

    def validate(state):
        nnx.update(both, state)
        model.eval()
        loss = loss_of(model, images[:300], labels[:300])
        model.train()
        return loss

    tuner = autolrs.jax.attach(nnx.state(both), validate)  # autolrs
    for x, y in tuner.cycle(Batches(images[300:], labels[300:]), epochs=10):
        nnx.update(both, tuner.state)  # autolrs: the tuner holds the state
        loss = update(model, optimizer, x, y)
        tuner.state = nnx.state(both)  # autolrs
        tuner.step(loss)  # autolrs
    print(f"validation: loss {validate(tuner.state):.4f}")


if __name__ == "__main__":
    main()
