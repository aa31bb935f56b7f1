"""The Keras callback in real fits on each back end, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive, is_there, require
from contracts import (
    goes_on_in_a_new_process,
    is_left_as_it_was,
    leaves_the_model_to_the_tuner,
    restores_bit_for_bit,
    tells_where_it_stands,
    trains_alone_as,
)
from driver import Driver, RefusedError

require("keras")
BACKENDS = [name for name in ("tensorflow", "torch", "jax") if is_there(name)]

SCRIPT = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "jax")
import numpy, keras, autolrs.keras
keras.utils.set_random_seed(0)
x = numpy.sin(numpy.arange(64.0)).reshape(16, 4).astype("float32")
x = numpy.tile(x, (20, 1))  # each batch is the same, and 20 of them are an epoch
y = x.sum(1, keepdims=True)
model = keras.Sequential([
    keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization(),
    keras.layers.Dropout(0.5), keras.layers.Dense(1),
])
compiled = dict(optimizer=keras.optimizers.Adam(0.1), loss="mse", metrics=["mae"])
options, callbacks = dict(epochs=2), []
tuner = autolrs.keras.TunerCallback(validation_data=(x[:16], y[:16]))
# more
model.compile(**compiled)
epochs = tuner.epochs(2)
history = model.fit(x, y, 16, shuffle=False, verbose=0, **{
    **options, "epochs": epochs, "callbacks": [tuner, *callbacks]
})
print([w.tolist() for w in model.get_weights()], int(model.optimizer.iterations))
"""


# All that counts must come from the checkpoint.
ANEW = SCRIPT.replace("set_random_seed(0", "set_random_seed(1")


def more(text: str) -> str:
    return SCRIPT.replace("# more", text)


@pytest.fixture(params=BACKENDS)
def on(request: pytest.FixtureRequest, drive: Drive) -> Drive:
    """Starts scripts on one back end."""

    def start(script: str, **env: str) -> Driver:
        return drive(script, KERAS_BACKEND=request.param, **env)

    return start


def test_after_a_restore_every_loss_is_bit_equal(on: Drive) -> None:
    driver = on(SCRIPT)
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("keras 3")
    assert (hello["total"], hello["step"], hello["groups"]) == (40, 0, [1])
    assert hello["lr"] == pytest.approx(0.1)
    assert hello["can"] == {"validate": True, "disk": True, "rewind": False, "cancel": True}
    validation = restores_bit_for_bit(driver, 20, other_lr=0.5)  # over the end of an epoch
    assert validation["metrics"]["mae"] > 0


def test_a_new_process_goes_on_bit_for_bit(on: Drive, tmp_path: Path) -> None:
    goes_on_in_a_new_process(on(SCRIPT), lambda: on(ANEW), tmp_path, at=5, steps=5)


def test_a_run_that_was_over_already_is_left_as_it_was(on: Drive, tmp_path: Path) -> None:
    is_left_as_it_was(on(SCRIPT), lambda: on(ANEW), tmp_path)


def test_each_update_runs_at_the_lr_that_was_set(on: Drive) -> None:
    # Plain descent on loss = w: each update takes exactly the LR off.
    script = more(
        """
class Weight(keras.Model):
    def __init__(self):
        super().__init__()
        self.w = self.add_weight(shape=(1,), initializer="zeros")
        self.built = True
    def call(self, x):
        return x[:, :1] * 0 + self.w
model = Weight()
compiled = dict(optimizer=keras.optimizers.SGD(0.1), loss=lambda y, p: keras.ops.mean(p))
"""
    )
    driver = on(script)
    result = driver.ask("train", steps=4, lr=[0.5, 0.0, 0.25, 1.0])
    assert result["lr"] == 1
    assert result["losses"] == [0, -0.5, -0.5, -0.75]
    assert driver.ask("train", steps=1, lr=0.5)["losses"] == [-1.75]
    assert driver.shutdown() == 0


def test_a_step_is_an_update_and_its_loss_the_mean_of_its_batches(drive: Drive) -> None:
    script = more(
        """
compiled["optimizer"] = keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)
compiled["loss"] = lambda y, p: keras.ops.mean(p) * 0 + keras.ops.mean(y)
y = numpy.repeat([[1.0], [2.0], [4.0], [8.0]] * 5, 16, axis=0)
"""
    )
    driver = drive(script)
    assert driver.ask("initialize")["total"] == 10
    assert driver.train(7) == [3.75] * 7
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1].endswith("] 7")


def test_a_loop_that_ends_early_leaves_the_model_to_the_tuner(on: Drive) -> None:
    script = more(
        """
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 3
callbacks.append(Stop())
"""
    )
    leaves_the_model_to_the_tuner(on(script))


SCHEDULE = "keras.optimizers.schedules.CosineDecay(0.1, 9)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'compiled["optimizer"] = keras.optimizers.SGD({SCHEDULE})', "a CosineDecay sets"),
        ("callbacks.append(keras.callbacks.ReduceLROnPlateau())", "a ReduceLROnPlateau sets"),
        (
            'callbacks.append(keras.callbacks.EarlyStopping("loss", restore_best_weights=True))',
            "an EarlyStopping puts the weights of its best epoch back",
        ),
        ('compiled["steps_per_execution"] = 4', "steps_per_execution is 4"),
        ("callbacks.append(autolrs.keras.TunerCallback())", "attach was called twice"),
        (
            # On another back end `fit` has built it by then.
            'assert keras.backend.backend() == "tensorflow"\n'
            "model = keras.Sequential([keras.layers.Dense(1)])",
            "the model has no variables yet",
        ),
    ],
)
def test_what_cannot_be_steered_is_told_in_a_sentence(drive: Drive, text: str, said: str) -> None:
    driver = drive(more(text), KERAS_BACKEND="tensorflow" if "tensorflow" in text else "jax")
    with pytest.raises((RefusedError, EOFError), match=said):
        driver.ask("train", steps=1, lr=0.1)


def test_without_a_tuner_a_fit_is_the_bare_fit_bit_for_bit(tmp_path: Path) -> None:
    bare = SCRIPT.replace("[tuner, *callbacks]", "callbacks")
    assert trains_alone_as(bare, SCRIPT, tmp_path).endswith("] 40")


def test_a_callback_knows_where_the_fit_stands(on: Drive) -> None:
    script = more("""
class Watch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("at", tuner.step_count, tuner.is_search, tuner.every(2))
callbacks = [Watch()]
""")
    tells_where_it_stands(on(script))
