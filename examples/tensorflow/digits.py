"""Trains a small network on handwritten digits with a TensorFlow loop, with or without the tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 2000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import keras
import numpy
import tensorflow as tf

import autolrs.tensorflow  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


def read_digits():
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = numpy.loadtxt(file, delimiter=",", dtype="float32")
    return (rows[:, :-1] - 5) / 6, rows[:, -1].astype("int32")


def main() -> None:
    keras.utils.set_random_seed(0)
    images, labels = read_digits()
    dataset = tf.data.Dataset.from_tensor_slices((images[300:], labels[300:]))
    dataset = dataset.shuffle(2000).batch(32, drop_remainder=True)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    optimizer.build(model.trainable_variables)
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def update(x, y):
        with tf.GradientTape() as tape:
            loss = criterion(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def validate():
        return criterion(labels[:300], model(images[:300], training=False))

    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    tuner = autolrs.tensorflow.attach(checkpoint, optimizer.learning_rate, validate)  # autolrs
    for x, y in tuner.cycle(dataset, epochs=10):  # autolrs: instead of two nested loops
        loss = update(x, y)
        tuner.step(loss)  # autolrs
    print(f"validation: loss {validate():.4f}")


if __name__ == "__main__":
    main()
