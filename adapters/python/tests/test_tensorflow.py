"""A TensorFlow loop whose update is a tf.function, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive, require
from contracts import (
    averages_go_with_a_checkpoint,
    averages_the_weights,
    goes_on_in_a_new_process,
    restores_bit_for_bit,
    trains_alone_as,
)
from driver import RefusedError
from own_run import Folder

require("tensorflow")

SCRIPT = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy, tensorflow as tf, autolrs.tensorflow
keras.utils.set_random_seed(SEED)
x = numpy.sin(numpy.arange(256.0)).reshape(64, 4).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((x, x.sum(1, keepdims=True))).shuffle(64).batch(8)
model = keras.Sequential([
    keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization(),
    keras.layers.Dropout(0.5), keras.layers.Dense(1),
])
optimizer = keras.optimizers.Adam(0.1)
optimizer.build(model.trainable_variables)
noise = tf.random.Generator.from_seed(SEED)

@tf.function
def update(x, y):
    with tf.GradientTape() as tape:
        outputs = model(x + 0.01 * noise.normal(x.shape), training=True)
        loss = tf.reduce_mean(tf.square(outputs - y))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss

def validate():
    numpy.random.rand(3)
    return tf.reduce_mean(tf.square(model(x) - x.sum(1, keepdims=True))), {"half": 0.5}

checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, noise=noise)
lr = optimizer.learning_rate
# more
"""
LOOP = """
tuner = autolrs.tensorflow.attach(checkpoint, lr, validate)
for batch in tuner.cycle(dataset, epochs=3):
    loss = update(*batch)
    tuner.step(loss)
"""
BARE_LOOP = """
for epoch in range(3):
    for batch in dataset:
        loss = update(*batch)
"""
PRINT = "print([w.tolist() for w in model.get_weights()], float(loss), numpy.random.rand())\n"


def script(more: str = "", seed: int = 0, loop: str = LOOP) -> str:
    return (SCRIPT + loop + PRINT).replace("SEED", str(seed)).replace("# more", more)


def test_candidates_after_a_restore_see_the_same_batches_and_dropout(drive: Drive) -> None:
    driver = drive(script())
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("tensorflow 2")
    assert (hello["total"], hello["step"], hello["groups"]) == (24, 0, [1])
    assert hello["lr"] == pytest.approx(0.1)
    assert hello["can"]["rewind"] is True
    assert hello["holds"] == ["checkpoint", "rng", "data"]
    assert restores_bit_for_bit(driver, 20, other_lr=0.5)["metrics"] == {"half": 0.5}


EPOCHS = LOOP.replace(
    "for batch in tuner.cycle(dataset, epochs=3):",
    "for epoch in tuner.epochs(3):\n  for batch in tuner.batches(dataset):",
)


def test_a_loop_over_epochs_ends_each_on_the_committed_path(drive: Drive) -> None:
    driver = drive(script(loop=EPOCHS + "  print('epoch', epoch, tuner.step_count)\n"))
    assert driver.ask("initialize")["total"] == 24
    driver.ask("save", id="a")
    driver.ask("train", steps=11, lr=0.5, purpose="search")
    driver.ask("restore", id="a")
    driver.train(20)
    assert driver.shutdown() == 0
    told = [line for line in driver.stderr.splitlines() if line.startswith("epoch")]
    assert told == ["epoch 0 8", "epoch 1 16", "epoch 2 20"]


def test_a_new_process_goes_on_bit_for_bit(drive: Drive, tmp_path: Path) -> None:
    # With data in their order: tf.data keeps the random numbers of a shuffle to itself.
    more = "dataset = tf.data.Dataset.from_tensor_slices((x, x.sum(1, keepdims=True))).batch(8)"
    first, anew = drive(script(more)), script(more, seed=1)
    goes_on_in_a_new_process(first, lambda: drive(anew), tmp_path, at=11, steps=20)


def test_averages_go_with_a_checkpoint(drive: Drive, tmp_path: Path) -> None:
    more = "dataset = tf.data.Dataset.from_tensor_slices((x, x.sum(1, keepdims=True))).batch(8)"
    anew = script(more, seed=1)
    averages_go_with_a_checkpoint(drive(script(more)), lambda: drive(anew), tmp_path)


def test_averages_are_means_of_weights_and_statistics(drive: Drive) -> None:
    linear = """
def validate():
    weights = [v for v in model.variables if v.dtype == "float32"]
    return sum(tf.reduce_sum(each) for each in weights)
"""
    averages_the_weights(drive(script(linear)))


def test_each_update_in_a_graph_runs_at_the_lr_that_was_set(drive: Drive) -> None:
    # Plain descent on loss = v + w: each update takes exactly the LR off, half of it off w.
    more = """
v, w = tf.Variable(0.0), tf.Variable(0.0)
lr = [tf.Variable(1.0), tf.Variable(0.5)]
checkpoint = tf.train.Checkpoint(v=v, w=w)
@tf.function
def update(*_):
    v.assign_sub(lr[0])
    w.assign_sub(lr[1])
    return v + w
"""
    driver = drive(script(more))
    assert driver.ask("initialize")["groups"] == [1, 0.5]
    driver.ask("save", id="a")
    result = driver.ask("train", steps=3, lr=[0.5, 0.0, 2.0])
    assert result["losses"] == [-0.75, -0.75, -3.75]
    assert result["lr"] == 2
    assert driver.ask("restore", id="a")["lr"] == 1
    assert driver.train(1, lr=0.25) == [-0.375]
    assert driver.shutdown() == 0


def test_what_the_script_saves_by_itself_is_no_variable_more(drive: Drive) -> None:
    driver = drive(script(loop=LOOP.replace("tuner.step", "checkpoint.save('own'); tuner.step")))
    driver.ask("save", id="a")
    first = driver.train(2)
    driver.ask("restore", id="a")
    assert driver.train(2) == first
    assert driver.shutdown() == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("lr = 0.1", "the learning rate is a float and no tf.Variable"),
        ("lr.assign(0)", "the first learning rate is 0"),
    ],
)
def test_what_cannot_be_steered_is_told_in_a_sentence(drive: Drive, more: str, said: str) -> None:
    driver = drive(script(more))
    assert driver.wait() == 1
    assert said in driver.stderr


def test_variables_that_come_late_are_told_of_in_a_sentence(drive: Drive) -> None:
    more = """
optimizer = keras.optimizers.Adam(0.1)
checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, noise=noise)
lr = optimizer.learning_rate
"""
    driver = drive(script(more))
    driver.ask("save", id="a")
    driver.train(1)
    with pytest.raises(RefusedError, match="make all variables before the loop begins"):
        driver.ask("restore", id="a")


def test_without_a_tuner_training_is_the_bare_loop_bit_for_bit(tmp_path: Path) -> None:
    trains_alone_as(script(loop=BARE_LOOP), script(), tmp_path)


OWN_RUN = """
import tensorflow as tf
import autolrs.tensorflow

weights = tf.Variable(tf.ones(4))
optimizer = tf.keras.optimizers.SGD(1e-2)
optimizer.build([weights])
checkpoint = tf.train.Checkpoint(weights=weights, optimizer=optimizer)
run = autolrs.Run(steps=60, min_lr=1e-3, max_lr=0.3)
validate = lambda: tf.reduce_mean(weights**2)
tuner = autolrs.tensorflow.attach(checkpoint, optimizer.learning_rate, validate, run=run)
for batch in tuner.cycle(tf.data.Dataset.from_tensor_slices(tf.ones((8, 4))), epochs=8):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((weights - 0.1 * batch) ** 2)
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
    tuner.step(loss)
print(run.result["status"], tuner.step_count == run.result["steps"]["committed"])
"""


def test_a_script_starts_its_own_run(folder: Folder) -> None:
    ended = folder.run(OWN_RUN)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "finished True"


@pytest.mark.parametrize("lr", [0.5, [0.5 / (at + 1) for at in range(8)]])
@pytest.mark.parametrize("at", [3, 7])
def test_an_lr_that_the_script_sets_for_one_update_is_named(
    drive: Drive, lr: float | list[float], at: int
) -> None:
    sets = f"    if tuner.step_count == {at}: lr.assign(0.25)\n    loss = update"
    driver = drive(script(loop=LOOP.replace("    loss = update", sets)))
    driver.ask("initialize")
    said = "a line of the script has set it to 0.25 for an update, and the tuner had set"
    with pytest.raises(RefusedError, match=said) as refused:
        driver.ask("train", steps=8, lr=lr)
    assert refused.value.is_permanent


def test_an_lr_that_a_restore_brings_back_is_nobodys(drive: Drive) -> None:
    driver = drive(script())
    driver.ask("save", id="a")
    for lr in (0.5, [0.25, 0.125, 0.5], 0.5):
        driver.ask("train", steps=3, lr=lr)
        driver.ask("restore", id="a")
    driver.ask("validate")
    driver.ask("train", steps=2, lr=0.1)
    assert driver.shutdown() == 0
