"""Trains a small network on handwritten digits with Keras, with or without the tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 2000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import keras
import numpy

import autolrs.keras  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


def read_digits() -> tuple[numpy.ndarray, numpy.ndarray]:
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = numpy.loadtxt(file, delimiter=",", dtype="float32")
    return (rows[:, :-1] - 5) / 6, rows[:, -1].astype("int32")


def main() -> None:
    keras.utils.set_random_seed(0)
    images, labels = read_digits()
    held_out = images[:300], labels[:300]
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    tuner = autolrs.keras.TunerCallback(validation_data=held_out)  # autolrs
    model.fit(
        images[300:],
        labels[300:],
        batch_size=32,
        epochs=tuner.epochs(10),  # autolrs
        callbacks=[tuner],  # autolrs
        verbose=0,
    )
    loss, accuracy = model.evaluate(*held_out, verbose=0)
    print(f"validation: loss {loss:.4f}, accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
