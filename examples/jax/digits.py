"""Trains a small network on handwritten digits with JAX and Optax, with or without a tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 2000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import jax
import numpy
import optax
from flax import linen

import autolrs.jax  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"
BATCH = 32


class Classifier(linen.Module):
    @linen.compact
    def __call__(self, x, is_training):
        x = linen.relu(linen.Dense(64)(x))
        x = linen.Dropout(0.2, deterministic=not is_training)(x)
        return linen.Dense(10)(x)


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


def main() -> None:
    numpy.random.seed(0)
    images, labels = read_digits()
    held_out, train_set = (images[:300], labels[:300]), (images[300:], labels[300:])
    model = Classifier()
    key = jax.random.key(0)
    params = model.init(key, images[:1], is_training=False)
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=0.05, momentum=0.9)

    def loss_of(params, batch, key=None):
        x, y = batch
        rngs = None if key is None else {"dropout": key}
        outputs = model.apply(params, x, is_training=key is not None, rngs=rngs)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    @jax.jit
    def update(state, batch):
        params, optimizer_state, key = state
        key, dropout_key = jax.random.split(key)
        loss, gradients = jax.value_and_grad(loss_of)(params, batch, dropout_key)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, params)
        return (optax.apply_updates(params, updates), optimizer_state, key), loss

    @jax.jit
    def validate(state):
        return loss_of(state[0], held_out)

    tuner = autolrs.jax.attach((params, optimizer.init(params), key), validate)  # autolrs
    for batch in tuner.cycle(Batches(*train_set), epochs=10):  # autolrs: instead of two loops
        tuner.state, loss = update(tuner.state, batch)  # autolrs: the tuner holds the state
        tuner.step(loss)  # autolrs
    print(f"validation: loss {validate(tuner.state):.4f}")


if __name__ == "__main__":
    main()
