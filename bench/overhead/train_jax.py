"""A JAX loop with Optax, bare or tuned."""

import jax
import jax.numpy as jnp
import numpy
import optax
from jax import lax

import autolrs
import autolrs.jax
from common import BATCH, NET, data

IMAGES, LABELS = data()
optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=1e-3, momentum=0.9)


class Batches:
    def __len__(self):
        return len(IMAGES) // BATCH

    def __iter__(self):
        order = numpy.random.permutation(len(IMAGES)).reshape(-1, BATCH)
        return ((IMAGES[rows], LABELS[rows]) for rows in order)


def init():
    keys = jax.random.split(jax.random.PRNGKey(0), 3)
    shapes = {"cnn": [(5, 5, 1, 8), (3, 3, 8, 16), (784, 10)], "mlp": [(64, 64), (64, 10)]}[NET]
    return [0.05 * jax.random.normal(key, shape) for key, shape in zip(keys, shapes)]


def outputs_of(weights, x):
    if NET == "mlp":
        return jax.nn.relu(x @ weights[0]) @ weights[1]
    x = x[..., None]
    for weight in weights[:2]:
        form = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(x, weight, (1, 1), "SAME", dimension_numbers=form)
        window = (1, 2, 2, 1)
        x = lax.reduce_window(jax.nn.relu(x), -jnp.inf, lax.max, window, window, "VALID")
    return x.reshape(len(x), -1) @ weights[2]


@jax.jit
def update(state, x, y):
    def loss_of(weights):
        outputs = outputs_of(weights, x)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    weights, moments = state
    loss, gradients = jax.value_and_grad(loss_of)(weights)
    updates, moments = optimizer.update(gradients, moments, weights)
    return (optax.apply_updates(weights, updates), moments), loss


weights = init()
state = weights, optimizer.init(weights)
if autolrs.is_driven():
    tuner = autolrs.jax.attach(state)
    for x, y in tuner.cycle(Batches(), epochs=10**6):
        tuner.state, loss = update(tuner.state, x, y)
        tuner.step(loss)
else:
    from common import Gate

    gate = Gate()
    while True:
        jax.block_until_ready(state)
        gate.wait()
        for x, y in Batches():
            state, loss = update(state, x, y)
