"""Keras's `fit` in scripts that do not know autolrs, on each back end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from auto import Place, auto_env, is_as_bare, run_bare, text_of
from conftest import Drive, is_there, require
from driver import Driver, RefusedError
from phases import files_in

require("keras")
BACKENDS = [name for name in ("tensorflow", "torch", "jax") if is_there(name)]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
JAX = {"KERAS_BACKEND": "jax", **QUIET}
"""What is the same on all is tried on the one that is soonest there."""


@pytest.fixture
def place(drive: Drive, tmp_path: Path) -> Place:
    return Place(drive, tmp_path)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"KERAS_BACKEND": request.param, **QUIET}


FIT = text_of("keras_fit")


def test_a_fit_is_at_factor_1_the_bare_fit_with_its_log_and_its_files(
    place: Place, tmp_path: Path, backend: dict[str, str]
) -> None:
    hello = is_as_bare(place, tmp_path, FIT, 36, **backend)
    assert hello["trainer"]["framework"].startswith("keras 3")
    assert (hello["total"], hello.get("schedule")) == (36, None)
    assert hello["own"] == pytest.approx(1e-3)
    files = {path.name for path in (tmp_path / "bare").iterdir()}
    assert {"best.keras", "log.csv"} <= files <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "log.csv").read_text() == (tmp_path / "bare" / "log.csv").read_text()


SCRIPT = """
import keras, numpy
keras.utils.set_random_seed(0)
x = numpy.sin(numpy.arange(64.0)).reshape(16, 4).astype("float32")
x = numpy.tile(x, (10, 1))  # each batch is the same, and 10 of them are an epoch
y = x.sum(1, keepdims=True)
kinds = keras.layers
layers = [keras.Input((4,)), kinds.Dense(8), kinds.Dropout(0.5), kinds.Dense(1)]
options = dict(batch_size=16, epochs=4, shuffle=False, verbose=0)
rate, kind = 0.01, keras.optimizers.Adam
# more
model = keras.Sequential(layers)
model.compile(kind(rate), "mse")
history = model.fit(x, y, **options)
print(history.history["loss"])
numpy.save("model.npy", numpy.concatenate([w.ravel() for w in model.get_weights()]))
"""


def more(text: str) -> str:
    return SCRIPT.replace("# more", text)


def test_a_search_repeats_its_losses_past_the_end_of_the_fit_and_writes_no_file(
    place: Place, tmp_path: Path, backend: dict[str, str]
) -> None:
    text = """
numpy.save = None
options["callbacks"] = [
    keras.callbacks.CSVLogger("log.csv"),
    keras.callbacks.ModelCheckpoint("best.keras"),
    keras.callbacks.EarlyStopping("loss", min_delta=1e9),
]
"""
    driver = place.start(more(text), AUTOLRS_PHASE="search", **backend)
    driver.ask("initialize", protocol=1, base="user")
    driver.ask("save", id="a")
    # On PyTorch the loader of each epoch draws from the random numbers that dropout draws from.
    steps = 3 if backend["KERAS_BACKEND"] == "torch" else 50
    first = driver.train(steps, 1.0)
    driver.ask("restore", id="a")
    other = driver.train(steps, 3.0)
    driver.ask("restore", id="a")
    assert driver.train(steps, 1.0) == first
    assert (other[0], other != first) == (first[0], True)
    driver.train(50, 1.0)
    assert files_in(tmp_path) == {}


def test_a_search_begins_before_a_model_without_an_input_is_trained(place: Place) -> None:
    backend = {"KERAS_BACKEND": "tensorflow", **QUIET}  # on the others `fit` has built it
    script = more("del layers[0], layers[1]")
    driver = place.start(script, AUTOLRS_PHASE="search", **backend)
    assert driver.ask("initialize", protocol=1)["total"] == 40
    driver.ask("save", id="a")
    first = driver.train(5, 0.01)
    assert first[1] < first[0]
    driver.ask("restore", id="a")
    assert driver.train(5, 0.01) == first
    committed = place.start(script, AUTOLRS_PHASE="commit", **backend)
    committed.ask("initialize", protocol=1, base="user")
    committed.train(40, 1.0)
    assert committed.shutdown() == 0


# Plain descent on loss = w: each update takes exactly its LR off.
DESCENT = """
import keras, numpy
class Weight(keras.Model):
    def __init__(self):
        super().__init__()
        self.w = self.add_weight(shape=(1,), initializer="zeros")
        self.built = True
    def call(self, x):
        return x[:, :1] * 0 + self.w
class Look(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("own", float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))
model = Weight()
callbacks = [Look()]
RATE = 0.5
# more
model.compile(keras.optimizers.SGD(RATE), lambda y, p: keras.ops.mean(p))
x = numpy.zeros((4, 1), "float32")
model.fit(x, x, batch_size=1, epochs=3, callbacks=callbacks, verbose=0)
"""


def descend(driver: Driver, base: str, lrs: list[float]) -> dict[str, Any]:
    hello = driver.ask("initialize", protocol=1, base=base)
    return {**driver.ask("train", steps=len(lrs), lr=lrs), "hello": hello}


def test_a_factor_is_on_the_lr_of_each_update_and_the_script_sees_its_own(
    place: Place, backend: dict[str, str]
) -> None:
    driver = place.start(DESCENT, AUTOLRS_PHASE="commit", **backend)
    result = descend(driver, "user", [1.0, 0.0, 2.0, 4.0, 1.0])
    assert result["losses"] == [0, -0.5, -0.5, -1.5, -3.5]
    driver.train(7, 1.0)
    assert driver.shutdown() == 0
    assert driver.printed().splitlines() == ["own 0.5"] * 12


def test_a_fit_with_one_lr_takes_the_tuners(place: Place) -> None:
    driver = place.start(DESCENT, AUTOLRS_PHASE="commit", **JAX)
    result = descend(driver, "override", [0.5, 0.0, 0.25, 1.0, 0.0])
    assert result["losses"] == [0, -0.5, -0.5, -0.75, -1.75]
    assert result["hello"]["lr"] == 0.5
    driver.train(7, 0.0)
    assert driver.shutdown() == 0
    assert driver.printed().splitlines() == ["own 0.5"] * 12


SCHEDULES = {
    "PiecewiseConstantDecay": (
        "RATE = keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], [0.25, 0.5, 1.0])",
        [0, -0.5, -1.0, -1.5],
        1.0,
    ),
    "LearningRateScheduler": (
        "callbacks += [keras.callbacks.LearningRateScheduler(lambda epoch: 0.25 * 2**epoch)]",
        [0, -0.5, -1.0, -1.5],
        1.0,
    ),
    "ReduceLROnPlateau": ("callbacks += [keras.callbacks.ReduceLROnPlateau()]", [0, -1.0], 0.5),
    "its own code": (
        """
class Own(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.25
callbacks += [Own()]
""",
        [0, -0.5],
        0.5,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_of_the_scripts_own_is_kept_with_a_factor_on_it(
    place: Place, name: str
) -> None:
    text, losses, peak = SCHEDULES[name]
    driver = place.start(DESCENT.replace("# more", text), AUTOLRS_PHASE="search", **JAX)
    result = descend(driver, "user", [2.0] * len(losses))
    assert result["hello"]["schedule"] == {"name": name, "peak": peak}
    assert result["losses"] == losses


def test_a_schedule_is_at_factor_1_the_bare_one(
    place: Place, tmp_path: Path, backend: dict[str, str]
) -> None:
    text = """
rate = keras.optimizers.schedules.CosineDecay(0.05, 30, warmup_target=0.1, warmup_steps=10)
kind = keras.optimizers.AdamW
"""
    is_as_bare(place, tmp_path, more(text), 40, **backend)


def test_fits_in_a_loop_are_one_training(place: Place, tmp_path: Path) -> None:
    script = SCRIPT.replace(
        "history = model.fit(x, y, **options)",
        "for _ in range(3): history = model.fit(x, y, **{**options, 'epochs': 1})",
    )
    assert is_as_bare(place, tmp_path, script, 30, **JAX)["total"] == 30


FOLDS = """
for fold in range(3):
    model = keras.Sequential(layers)
    model.compile(kind(rate), "mse")
    history = model.fit(x, y, **options)
"""
TWICE = """
model = keras.Sequential(layers)
model.compile(kind(rate), "mse")
model.fit(x, y, **options)
model.layers[0].trainable = False
model.compile(kind(0.001), "mse")
history = model.fit(x, y, **options)
"""


@pytest.mark.parametrize("text", [FOLDS, TWICE])
def test_a_fit_of_another_model_or_optimizer_trains_as_the_script_sets_it(
    place: Place, tmp_path: Path, text: str
) -> None:
    start = SCRIPT.index("model = keras")
    script = SCRIPT[:start] + text + SCRIPT[SCRIPT.index("print(") :]
    assert is_as_bare(place, tmp_path, script, 40, **JAX)["total"] == 40
    assert "autolrs: the script fits again, beyond" in (tmp_path / "stderr.txt").read_text()


def test_a_fit_that_stops_early_ends_the_training(place: Place) -> None:
    text = "options['callbacks'] = [keras.callbacks.EarlyStopping('loss', min_delta=1e9)]"
    driver = place.start(more(text), AUTOLRS_PHASE="commit", **JAX)
    driver.ask("initialize", protocol=1, base="user")
    ended = driver.ask("train", steps=40, lr=1.0)
    assert (ended["steps"], ended["end"]) == (20, "data")
    assert driver.shutdown() == 0


GAN = """
class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = keras.layers.Dense(1), keras.layers.Dense(1)
        self.a.build((None, 4)); self.b.build((None, 4)); self.built = True
    def compile(self, *_):
        super().compile()
        self.second = keras.optimizers.SGD(0.1)
    def train_step(self, data):
        import torch
        self.zero_grad()
        loss = keras.ops.mean(self.a(data[0])) + keras.ops.mean(self.b(data[0]))
        loss.backward()
        with torch.no_grad():
            weights = self.b.trainable_weights
            self.second.apply([each.value.grad for each in weights], weights)
        return {"loss": loss}
    def call(self, x): return x
keras.Sequential = lambda _: Own()
"""
BY_HAND = """
model = keras.Sequential(layers)
optimizer = kind(rate)
optimizer.build(model.trainable_variables)
optimizer.apply([keras.ops.zeros(each.shape) for each in model.trainable_variables])
"""
REFUSED = {
    "a GAN": (GAN, "torch", "its train_step makes updates by an SGD, as a GAN does"),
    "steps_per_execution": (
        "compile = keras.Sequential.compile\n"
        "keras.Sequential.compile = lambda *a: compile(*a, steps_per_execution=4)",
        "jax",
        "compile the model with steps_per_execution=1: it is 4",
    ),
    "train_on_batch": (
        "keras.Sequential.fit = lambda self, *a, **_: self.train_on_batch(*a)",
        "jax",
        "train by `model.fit`.* around `train_on_batch`",
    ),
    "a loop by hand on JAX": (BY_HAND, "jax", "attach by `autolrs.jax.attach`: .* by an Adam"),
    "a loop by hand on TensorFlow": (BY_HAND, "tensorflow", "attach by `autolrs.tensorflow"),
    "a loop by hand on PyTorch": (BY_HAND, "torch", "an optimizer of torch.optim"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_steered_is_refused_in_a_sentence(place: Place, name: str) -> None:
    text, backend, sentence = REFUSED[name]
    driver = place.start(more(text), AUTOLRS_PHASE="search", KERAS_BACKEND=backend, **QUIET)
    with pytest.raises(RefusedError, match=sentence) as refused:
        driver.ask("train", steps=10, lr=0.01)
    assert refused.value.is_permanent


def test_a_fit_whose_batches_are_not_counted_says_so(place: Place) -> None:
    text = """
fit = keras.Sequential.fit
def endless(self, x, y, **_):
    return fit(self, ((x[:16], y[:16]) for _ in range(10)), epochs=1, verbose=0)
keras.Sequential.fit = endless
"""
    driver = place.start(more(text), AUTOLRS_PHASE="commit", **JAX)
    hello = driver.ask("initialize", protocol=1, base="user")
    assert hello["uncounted"] == "the number of batches that fit is given"


def test_a_script_without_a_tuner_is_left_alone(tmp_path: Path) -> None:
    bare = run_bare(SCRIPT, tmp_path / "bare", **JAX)
    under = run_bare(SCRIPT, tmp_path / "door", **JAX, **auto_env())
    assert under.stdout == bare.stdout
