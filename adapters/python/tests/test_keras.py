"""The Keras callback in real fits on each back end, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive, is_there, require
from contracts import (
    averages_go_with_a_checkpoint,
    averages_the_weights,
    goes_on_in_a_new_process,
    is_left_as_it_was,
    leaves_the_model_to_the_tuner,
    restores_bit_for_bit,
    tells_where_it_stands,
    trains_alone_as,
)
from driver import Driver, RefusedError
from own_run import Folder
from phases import Folders, alone, files_in, said, search_far, train_committed

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

    def start(script: str, folder: Path | None = None, **env: str) -> Driver:
        return drive(script, folder=folder, KERAS_BACKEND=request.param, **env)

    return start


def test_after_a_restore_every_loss_is_bit_equal(on: Drive) -> None:
    driver = on(SCRIPT)
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("keras 3")
    assert (hello["total"], hello["step"], hello["groups"]) == (40, 0, [1])
    assert hello["lr"] == pytest.approx(0.1)
    can = {"validate": True, "disk": True, "rewind": False, "cancel": True, "average": True}
    assert hello["can"] == can
    validation = restores_bit_for_bit(driver, 20, other_lr=0.5)  # over the end of an epoch
    assert validation["metrics"]["mae"] > 0


def test_a_new_process_goes_on_bit_for_bit(on: Drive, tmp_path: Path) -> None:
    goes_on_in_a_new_process(on(SCRIPT), lambda: on(ANEW), tmp_path, at=5, steps=5)


def test_averages_go_with_a_checkpoint(on: Drive, tmp_path: Path) -> None:
    averages_go_with_a_checkpoint(on(SCRIPT), lambda: on(ANEW), tmp_path)


def test_averages_are_means_of_the_weights(on: Drive) -> None:
    linear = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
compiled = dict(optimizer="adam", loss=lambda truth, output: output)
"""
    averages_the_weights(on(more(linear)))


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


def test_an_lr_that_a_callback_sets_is_told_before_the_first_update_at_it(on: Drive) -> None:
    script = more(
        """
class Own(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1: self.model.optimizer.learning_rate = 0.03
callbacks = [Own()]
"""
    )
    driver = on(script)
    sentence = "set the learning rate only .* has set it to 0.03, and the tuner had set 0.5"
    with pytest.raises(RefusedError, match=sentence) as refused:
        driver.train(25, lr=0.5)
    assert refused.value.is_permanent
    told = [each["params"] for each in driver.notifications if each["method"] == "progress"]
    assert sum(len(each["losses"]) for each in told) == 20


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


OWN = """
import pathlib
pathlib.Path("kept").mkdir()
class Watch(keras.callbacks.Callback):
    pass
def told(name):
    def hook(self, at=None, logs=None):
        print("hook", name, at, logs)
    return hook
for name in (
    "train_begin", "epoch_begin", "train_batch_end", "test_begin", "test_end", "epoch_end",
    "train_end",
):
    setattr(Watch, f"on_{name}", told(name))
stopping = keras.callbacks.EarlyStopping("loss", restore_best_weights=True, DELTA, patience=1)
callbacks += [
    keras.callbacks.CSVLogger("log.csv"), stopping, keras.callbacks.TerminateOnNaN(), Watch(),
    keras.callbacks.ModelCheckpoint("kept/{epoch}.keras"),
]
options.update(verbose=2, initial_epoch=1, validation_data=(x[:32], y[:32]))
"""
OWN_FIT = (
    SCRIPT.replace("tuner.epochs(2)", "4")
    .replace("verbose=0, ", "")
    .replace("# more", OWN)
    .replace("print([w.", 'print("own end", stopping.stopped_epoch, history.epoch)\nprint([w.')
)


@pytest.mark.parametrize(
    ("delta", "parts", "end"),
    [("min_delta=0", [25, 35], None), ("min_delta=1e9", [25, 35], "data")],
)
def test_a_committed_fit_is_kerass_own_with_its_log_files_and_stops(
    drive: Drive, tmp_path: Path, delta: str, parts: list[int], end: str | None
) -> None:
    for backend in BACKENDS:
        (tmp_path / backend).mkdir()
        folders = Folders(tmp_path / backend)
        script = OWN_FIT.replace("DELTA", delta)
        printed = alone(script, folders.alone, KERAS_BACKEND=backend)
        driver = drive(
            script, folder=folders.driven, AUTOLRS_PHASE="commit", KERAS_BACKEND=backend
        )
        assert train_committed(driver, lr=0.1, parts=parts) == end
        under = driver.stderr.splitlines()
        for prefix in ("hook", "own end", "[["):
            assert said(under, prefix) == said(printed, prefix) != []
        epochs = 2 if end == "data" else 3
        assert len(said(under, "20/20")) == len(said(printed, "20/20")) == epochs
        files = files_in(folders.driven)
        assert files == files_in(folders.alone)
        assert files["log.csv"] == epochs + 1
        logs = [(folder / "log.csv").read_text() for folder in (folders.driven, folders.alone)]
        assert logs[0] == logs[1]


def test_a_scout_goes_on_past_every_stop_and_leaves_no_file(on: Drive, tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    script = OWN_FIT.replace("DELTA", "min_delta=1e9")
    driver = on(script, folder=folders.driven, AUTOLRS_PHASE="search")
    search_far(driver, total=60, least=0.1)
    assert files_in(folders.driven) == {}
    assert "20/20" not in driver.stderr


OWN_RUN = """
import keras
import numpy as np
import autolrs.keras

x = np.random.randn(64, 4).astype("float32")
y = x @ np.ones((4, 1), "float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(1e-2), "mse")
run = autolrs.Run(steps=60, min_lr=1e-3, max_lr=0.3)
tuner = autolrs.keras.TunerCallback(validation_data=(x, y), run=run)
model.fit(x, y, batch_size=16, epochs=tuner.epochs(10), callbacks=[tuner], verbose=0)
print(run.result["status"], tuner.step_count == run.result["steps"]["committed"])
"""


def test_a_script_starts_its_own_run(folder: Folder) -> None:
    ended = folder.run(OWN_RUN)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "finished True"
