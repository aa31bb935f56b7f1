"""A JAX loop with Optax and Flax, driven over pipes; and what the hooks promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from auto import Place, auto_env, run_bare
from conftest import REPOSITORY, Drive, require
from contracts import (
    averages_go_with_a_checkpoint,
    averages_the_weights,
    goes_on_in_a_new_process,
    restores_bit_for_bit,
    trains_alone_as,
)
from driver import RefusedError
from own_run import Folder

jax = require("jax")
optax = require("optax")

from autolrs._averages.sampling import Averaging  # noqa: E402
from autolrs._jax.hooks import JaxHooks  # noqa: E402
from autolrs.errors import NotHeldError, SecondSchedulerError  # noqa: E402

jnp = jax.numpy

SCRIPT = """
import functools, jax, numpy, optax, autolrs.jax
from flax import linen
numpy.random.seed(0)
x = numpy.sin(numpy.arange(256.0)).reshape(64, 4).astype("float32")
y = x.sum(1, keepdims=True)

class Model(linen.Module):
    @linen.compact
    def __call__(self, x, is_training):
        x = linen.Dense(8)(x)
        x = linen.BatchNorm(use_running_average=not is_training)(x)
        x = linen.Dropout(0.5, deterministic=not is_training)(x)
        return linen.Dense(1)(x)

class Batches:
    def __len__(self):
        return 8
    def __iter__(self):
        for rows in numpy.random.permutation(64).reshape(8, 8):
            yield x[rows], y[rows]

model = Model()
variables = model.init(jax.random.key(SEED), x, False)
optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=0.1)
state = {"optimizer": optimizer.init(variables["params"]), "key": jax.random.key(SEED)}
state.update(variables)

@functools.partial(jax.jit, donate_argnums=0)
def update(state, batch):
    key, dropout = jax.random.split(state["key"])
    def loss_of(params):
        outputs, changed = model.apply(
            {"params": params, "batch_stats": state["batch_stats"]}, batch[0], True,
            rngs={"dropout": dropout}, mutable=["batch_stats"],
        )
        return ((outputs - batch[1]) ** 2).mean(), changed
    (loss, changed), gradients = jax.value_and_grad(loss_of, has_aux=True)(state["params"])
    updates, optimizer_state = optimizer.update(gradients, state["optimizer"])
    params = optax.apply_updates(state["params"], updates)
    return {"params": params, **changed, "optimizer": optimizer_state, "key": key}, loss

def validate(state):
    numpy.random.rand(3)
    variables = {name: state[name] for name in ("params", "batch_stats")}
    return ((model.apply(variables, x, False) - y) ** 2).mean(), {"half": 0.5}
"""
LOOP = """
tuner = autolrs.jax.attach(state, validate)
for batch in tuner.cycle(Batches(), epochs=3):
    tuner.state, loss = update(tuner.state, batch)
    tuner.step(loss)
state = tuner.state
"""
BARE_LOOP = """
for epoch in range(3):
    for batch in Batches():
        state, loss = update(state, batch)
"""
PRINT = """
print([leaf.tolist() for leaf in jax.tree.leaves(state["params"])], numpy.random.rand())
print("compiled", update._cache_size())
"""


def script(seed: int = 0, loop: str = LOOP) -> str:
    return (SCRIPT + loop + PRINT).replace("SEED", str(seed))


def test_candidates_after_a_restore_see_the_same_batches_and_dropout(drive: Drive) -> None:
    driver = drive(script())
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("jax 0")
    assert (hello["total"], hello["step"], hello["groups"]) == (24, 0, [1])
    assert hello["lr"] == pytest.approx(0.1)
    assert hello["can"]["rewind"] is True
    assert hello["holds"] == ["state", "rng", "data"]
    assert restores_bit_for_bit(driver, 20, other_lr=0.5)["metrics"] == {"half": 0.5}
    assert driver.stderr.splitlines()[-1] == "compiled 1"


def test_a_new_process_goes_on_bit_for_bit(drive: Drive, tmp_path: Path) -> None:
    anew = script(seed=1).replace("random.seed(0)", "random.seed(1)")
    second = goes_on_in_a_new_process(
        drive(script()), lambda: drive(anew), tmp_path, at=11, steps=20
    )
    assert [told for told in second.notifications if told["method"] == "log"] == []


def test_averages_go_with_a_checkpoint(drive: Drive, tmp_path: Path) -> None:
    anew = script(seed=1).replace("random.seed(0)", "random.seed(1)")
    averages_go_with_a_checkpoint(drive(script()), lambda: drive(anew), tmp_path)


def test_averages_are_means_of_weights_and_statistics(drive: Drive) -> None:
    linear = """
def validate(state):
    leaves = jax.tree.leaves((state["params"], state["batch_stats"]))
    return sum(leaf.sum() for leaf in leaves)
"""
    averages_the_weights(drive(script(loop=linear + LOOP)))


EPOCHS = LOOP.replace(
    "for batch in tuner.cycle(Batches(), epochs=3):",
    "batches = Batches()\nfor epoch in tuner.epochs(3):\n  for batch in tuner.batches(batches):",
).replace("state = tuner.state\n", "  print(epoch, tuner.step_count, numpy.random.rand() < 1)\n")


def test_a_loop_over_epochs_ends_each_on_the_committed_path(drive: Drive) -> None:
    driver = drive(script(loop=EPOCHS + "state = tuner.state\n"))
    assert driver.ask("initialize")["total"] == 24
    driver.ask("save", id="a")
    driver.ask("train", steps=11, lr=0.5, purpose="search")
    driver.ask("restore", id="a")
    flat = drive(script())
    assert driver.train(20) == flat.train(20)
    assert driver.shutdown() == 0


def test_a_step_after_the_end_is_refused_and_the_state_is_that_of_the_end(drive: Drive) -> None:
    own = """
from autolrs.errors import TrainingOverError
tuner = autolrs.jax.attach(state, validate, total=6)
batches = [batch for _ in range(3) for batch in Batches()]
try:
    while not tuner.done or batches:
        tuner.state, loss = update(tuner.state, batches.pop())
        tuner.step(loss)
except TrainingOverError:
    print("over")
state = tuner.state
print(float(validate(state)[0]))
"""
    driver = drive(script(loop=own))
    driver.train(6)
    loss = driver.ask("validate")["loss"]
    driver.ask("shutdown")
    assert driver.receive()["params"]["level"] == "error"
    assert driver.end_of_input() == 0
    assert f"over\n{loss}\n" in driver.stderr


def test_without_a_tuner_training_is_the_bare_loop_bit_for_bit(tmp_path: Path) -> None:
    trains_alone_as(script(loop=BARE_LOOP), script(), tmp_path)


def test_a_loss_that_is_not_finite_ends_a_probe(drive: Drive) -> None:
    driver = drive(script().replace("update(tuner.state, batch)", "(tuner.state, jax.numpy.inf)"))
    assert driver.ask("train", steps=40, lr=0.1)["end"] == "diverged"
    driver.shutdown()


def sgd(lr: Any) -> Any:
    return optax.inject_hyperparams(optax.sgd)(learning_rate=lr)


def test_the_ratios_between_several_lrs_are_kept() -> None:
    params = {"a": jnp.zeros(2), "b": jnp.zeros(2)}
    optimizer = optax.multi_transform({"a": sgd(0.1), "b": sgd(0.01)}, {"a": "a", "b": "b"})
    hooks = JaxHooks((params, optimizer.init(params)), None)
    assert hooks.groups == pytest.approx([1, 0.1])
    hooks.set_lr(0.5)
    gradients = {"a": jnp.ones(2), "b": jnp.ones(2)}
    updates, _ = optimizer.update(gradients, hooks.state[1], params)
    assert updates["a"].tolist() == [-0.5, -0.5]
    assert updates["b"].tolist() == pytest.approx([-0.05, -0.05])


def test_an_example_of_flax_nnx_repeats_itself_after_a_restore(drive: Drive) -> None:
    text = (REPOSITORY / "examples" / "flax" / "digits.py").read_text()
    here = "pathlib.Path(__file__).parents[1]"
    driver = drive(text.replace(here, f"pathlib.Path({str(REPOSITORY)!r}, 'examples')"))
    hello = driver.ask("initialize", protocol=1)
    assert (hello["groups"], hello["lr"]) == ([1], pytest.approx(0.05))
    restores_bit_for_bit(driver, 20, other_lr=0.5)


def test_a_restore_keeps_kinds_types_and_what_is_saved() -> None:
    params = {"half": jnp.ones(2, jnp.bfloat16), "count": 3, "old": jax.random.PRNGKey(1)}
    hooks = JaxHooks((params, sgd(0.1).init({"w": jnp.zeros(1)}), jax.random.key(0)), None)
    saved = hooks.capture()
    before = jax.tree.map(str, hooks.state)
    for _ in range(2):
        hooks.state = jax.tree.map(
            lambda leaf: (
                leaf if jnp.issubdtype(jnp.asarray(leaf).dtype, jax.dtypes.prng_key) else leaf + 1
            ),
            (hooks.state[0], hooks.state[1], jax.random.key(7)),
        )
        hooks.apply(saved)
        assert jax.tree.map(str, hooks.state) == before
        assert hooks.state[0]["half"].dtype == jnp.bfloat16
        assert hooks.state[0]["count"] == 3


def test_averages_are_of_weights_alone_and_of_float32_at_least() -> None:
    params = {"half": jnp.ones(2, jnp.bfloat16), "count": jnp.ones(1, jnp.int32), "scale": 2.0}
    moments = optax.inject_hyperparams(optax.adam)(0.1).init({"w": jnp.zeros(1)})
    hooks = JaxHooks((params, moments, jax.random.key(0)), lambda state: 0.0)
    hooks.begin_averages(Averaging([0], 1, 0))
    hooks.average_update()
    grown = {**params, "half": params["half"] * 1.0078125, "scale": 3.0}
    hooks.state = (grown, *hooks.state[1:])
    hooks.average_update()
    [[average]] = hooks.averages_state()["averages"]["values"]
    assert average.tolist() == [1.00390625] * 2  # bfloat16 would round to either end
    before = jax.tree.map(str, hooks.state)
    with hooks.weights_at(0):
        assert hooks.state[0]["half"].dtype == jnp.bfloat16
    assert jax.tree.map(str, hooks.state) == before


def test_a_state_of_another_shape_is_refused() -> None:
    hooks = JaxHooks((jnp.zeros(2), sgd(0.1).init(jnp.zeros(2))), None)
    other = JaxHooks((jnp.zeros(3), sgd(0.1).init(jnp.zeros(3))), None)
    with pytest.raises(ValueError, match="must be the one that was saved"):
        hooks.apply(other.capture())


def test_what_cannot_be_steered_is_told_in_a_sentence() -> None:
    params = jnp.zeros(2)
    with pytest.raises(ValueError, match="inject_hyperparams"):
        JaxHooks((params, optax.sgd(0.1).init(params)), None)
    with pytest.raises(ValueError, match="first learning rate in the state is 0"):
        JaxHooks((params, sgd(0.0).init(params)), None)
    hooks = JaxHooks((params, sgd(optax.cosine_decay_schedule(0.1, 9)).init(params)), None)
    with pytest.raises(SecondSchedulerError, match="a schedule sets the learning rate"):
        hooks.check()


def test_the_state_of_flax_nnx_is_steered_and_its_modules_are_refused() -> None:
    nnx = require("flax.nnx")
    model = nnx.Linear(2, 1, rngs=nnx.Rngs(0))

    def optimizer_at(lr: Any) -> Any:
        return nnx.Optimizer(model, optax.inject_hyperparams(optax.sgd)(lr), wrt=nnx.Param)

    both = (model, optimizer_at(0.5))
    hooks = JaxHooks(nnx.state(both), None)
    hooks.check()
    saved = hooks.capture()
    hooks.set_lr(0.25)
    nnx.update(both, hooks.state)
    assert float(both[1].opt_state.hyperparams["learning_rate"][...]) == 0.25
    hooks.apply(saved)
    assert hooks.get_lr() == 0.5
    with pytest.raises(NotHeldError, match=r"^hand over nnx.state\(\(model, optimizer\)\)"):
        JaxHooks(both, None)
    with pytest.raises(SecondSchedulerError):
        JaxHooks(nnx.state(optimizer_at(optax.linear_schedule(0.1, 0, 9))), None).check()
    with pytest.raises(ValueError, match=r"looked for \.hyperparams"):
        JaxHooks(nnx.state(model), None)


def test_a_validation_that_does_not_take_the_state_is_refused_in_a_sentence() -> None:
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=0.1)
    state = optimizer.init({"w": jnp.zeros(2)})
    validate: Any = lambda: 1.0  # noqa: E731
    with pytest.raises(NotHeldError, match=r"^let validate take the state"):
        JaxHooks(state, validate)
    JaxHooks(state, jax.jit(lambda state, scale=1: scale))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_an_lr_is_kept_in_the_type_that_it_has(dtype: Any) -> None:
    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=jnp.array(0.01, dtype))
    hooks = JaxHooks(optimizer.init({"w": jnp.zeros(2, dtype)}), None)
    hooks.set_lr(0.003)
    assert hooks.state.hyperparams["learning_rate"].dtype == dtype
    assert hooks.get_lr() == float(jnp.array(0.003, dtype))


def test_held_losses_are_read_whatever_their_type_and_shape() -> None:
    params = jnp.zeros(2)
    hooks = JaxHooks((params, sgd(0.1).init(params)), None)
    losses = [jnp.float32(0.5), jnp.bfloat16(2), jnp.ones(1), jnp.float32("nan")]
    assert all(hooks.read_loss(loss) is None for loss in losses)
    read = hooks.read_held([hooks.hold_loss(loss) for loss in losses])
    assert [type(value) for value in read] == [float] * 4
    assert read[:3] == [0.5, 2, 1]
    assert read[3] != read[3]


OWN_RUN = """
import jax, jax.numpy as jnp, optax
import autolrs.jax

optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=1e-2)
batches = [jnp.full(4, 0.1 * i) for i in range(8)]
loss_of = lambda weights, batch: jnp.mean((weights - batch) ** 2)

@jax.jit
def update(state, batch):
    weights, inner = state
    loss, gradient = jax.value_and_grad(loss_of)(weights, batch)
    change, inner = optimizer.update(gradient, inner)
    return (optax.apply_updates(weights, change), inner), loss

state = jnp.ones(4), optimizer.init(jnp.ones(4))
run = autolrs.Run(steps=100, min_lr=1e-3, max_lr=0.3)
tuner = autolrs.jax.attach(state, lambda state: loss_of(state[0], batches[0]), run=run)
for batch in tuner.cycle(batches, epochs=5):
    tuner.state, loss = update(tuner.state, batch)
    tuner.step(loss)
print(run.result["status"], tuner.step_count == run.result["steps"]["committed"])
"""


def test_a_script_starts_its_own_run(folder: Folder) -> None:
    ended = folder.run(OWN_RUN)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "finished True"


SETS_LR = """
tuner = autolrs.jax.attach(state, validate)
for batch in tuner.cycle(Batches(), epochs=3):
    if tuner.step_count == AT:
        ADAM = tuner.state["optimizer"]
        own = {**ADAM.hyperparams, "learning_rate": jnp.asarray(0.25)}
        tuner.state = {**tuner.state, "optimizer": ADAM._replace(hyperparams=own)}
    tuner.state, loss = update(tuner.state, batch)
    tuner.step(loss)
"""


@pytest.mark.parametrize("lr", [0.5, [0.5 / (at + 1) for at in range(8)]])
@pytest.mark.parametrize("at", [3, 7])
def test_an_lr_that_the_script_sets_for_one_update_is_named(
    drive: Drive, lr: float | list[float], at: int
) -> None:
    loop = SETS_LR.replace("AT", str(at)).replace("jnp.", "jax.numpy.")
    driver = drive(script(loop=loop).replace(PRINT, ""))
    driver.ask("initialize")
    said = "a line of the script has set it to 0.25 for an update, and the tuner had set"
    with pytest.raises(RefusedError, match=said) as refused:
        driver.ask("train", steps=8, lr=lr)
    assert refused.value.is_permanent
    assert driver.wait() == 1


def test_an_lr_that_a_restore_brings_back_is_nobodys(drive: Drive) -> None:
    driver = drive(script())
    driver.ask("save", id="a")
    for lr in (0.5, [0.25, 0.125, 0.5], 0.5):
        driver.ask("train", steps=3, lr=lr)
        driver.ask("restore", id="a")
    driver.ask("validate")
    driver.ask("train", steps=2, lr=0.1)
    assert driver.shutdown() == 0


UNATTACHED = """
import jax, optax
w = jax.numpy.zeros(3)
optimizer = optax.sgd(0.1)
state = optimizer.init(w)
for _ in range(9):
    updates, state = optimizer.update(jax.grad(lambda w: (w - 1).sum())(w), state)
    w = optax.apply_updates(w, updates)
print("trained", w.tolist())
"""


def test_a_script_that_does_not_attach_is_told_how_to_and_is_left_alone_without_a_tuner(
    drive: Drive, tmp_path: Path
) -> None:
    driver = Place(drive, tmp_path).start(UNATTACHED, AUTOLRS_PHASE="search")
    with pytest.raises(RefusedError, match=r"attach by `autolrs\.jax\.attach") as refused:
        driver.ask("initialize", protocol=1)
    assert refused.value.is_permanent
    assert run_bare(UNATTACHED, tmp_path / "bare", **auto_env()).stdout.startswith("trained")
