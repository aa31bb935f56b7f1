"""The hooks for JAX with Optax: a state as a pytree, in which the LR is an array."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any, Callable

import jax
import jax.numpy as jnp
import numpy
from jax.tree_util import GetAttrKey

from autolrs._averages.arrays import ArrayAverages
from autolrs._averages.sampling import Sampling
from autolrs._jax.weights import are_weights, mixed, precise
from autolrs._state.array_file import ArrayState
from autolrs._state.array_hooks import ArrayHooks
from autolrs._state.lr_trail import LrTrail
from autolrs._state.rng import capture_host_rng, restore_host_rng
from autolrs._state.validation_result import loss_and_metrics, refuse_no_loss
from autolrs.errors import ChangedError, NotHeldError, SecondSchedulerError

LR = "learning_rate"


class JaxHooks(ArrayHooks):
    """Implements `autolrs.hooks.Hooks`; see there for what each method promises.

    Args:
        state: The pytree in training.
        validate: The user's validation, if there is one.

    Raises:
        ValueError: No LR is in the state, or the first one is 0.
    """

    holds: Sequence[str] = ["state", "rng"]

    def __init__(self, state: Any, validate: Callable[[Any], Any] | None) -> None:
        super().__init__()
        self.state = state
        """The pytree in training. The loop replaces it, and so does a restore or a new LR."""
        self._validate = validate
        _refuse_objects(state)
        _refuse_without_state(validate)
        lrs = [float(lr) for lr in _lrs_in(state)]
        if not lrs:
            raise ValueError(
                "no learning rate is in the state; make the optimizer by "
                "optax.inject_hyperparams(optax.sgd)(learning_rate=0.1), and hand its state over "
                f"(looked for .hyperparams['{LR}'] in {_places_in(state)})"
            )
        if lrs[0] == 0:
            raise ValueError(
                "the first learning rate in the state is 0, and the tuner keeps all others in "
                "proportion to it; give that one the base learning rate"
            )
        self.groups: Sequence[float] = [lr / lrs[0] for lr in lrs]
        self._trail = LrTrail(_fetched)

    @property
    def framework(self) -> str:
        return f"jax {jax.__version__}"

    @property
    def can_validate(self) -> bool:
        return self._validate is not None

    def check(self) -> None:
        for path, _ in jax.tree_util.tree_leaves_with_path(self.state):
            # Where inject_hyperparams is given a schedule, it keeps the schedule's state here.
            if _has_pair(path, "hyperparams_states"):
                raise SecondSchedulerError(
                    "a schedule sets the learning rate of this optimizer, and the tuner would "
                    "too; give inject_hyperparams a number `if autolrs.is_driven()`"
                )

    def get_lr(self) -> float:
        return float(_lrs_in(self.state)[0])

    def set_lr(self, lr: float) -> None:
        lrs = [lr * ratio for ratio in self.groups]
        rest, left = iter(lrs), []

        def changed(path: Any, leaf: Any) -> Any:
            if not _is_lr(path):
                return leaf
            left.append(leaf)
            return _like(leaf, next(rest))

        self.state = jax.tree_util.tree_map_with_path(changed, self.state)
        self._trail.meet(left, lrs)

    def check_lrs(self) -> None:
        """See `autolrs.hooks.ChecksLrs`."""
        self._trail.check(lambda: _lrs_in(self.state))

    def read_loss(self, loss: Any) -> float | None:
        self._trail.has_stepped = True
        # Also on the CPU an update goes on while Python prepares the next.
        if isinstance(loss, jax.Array):
            return None
        try:
            return float(loss)
        except (TypeError, ValueError):
            refuse_no_loss(loss)
            raise

    def hold_loss(self, loss: Any) -> Any:
        if loss.shape:
            refuse_no_loss(loss)
        return loss

    def read_held(self, held: Sequence[Any]) -> list[float]:
        return [float(numpy.asarray(loss).item()) for loss in _fetched(held)]

    def validate(self) -> tuple[float, dict[str, float]]:
        assert self._validate is not None  # the session has asked can_validate
        rng = capture_host_rng()
        try:
            return loss_and_metrics(self._validate(self.state))
        finally:
            restore_host_rng(rng)

    def capture_training(self) -> ArrayState:
        leaves, rng = jax.tree_util.tree_leaves(self.state), capture_host_rng()
        # Copies: an update that donates its arguments deletes the arrays it is given.
        return ArrayState([jnp.copy(_raw(leaf)) for leaf in leaves], {"rng": rng})

    def apply_training(self, state: ArrayState) -> None:
        leaves, tree = jax.tree_util.tree_flatten(self.state)
        shapes = [numpy.shape(_raw(leaf)) for leaf in leaves]
        if shapes != [array.shape for array in state.arrays]:
            raise ChangedError(
                f"the checkpoint holds {len(state.arrays)} arrays, the state has {len(leaves)}, "
                "or some of other shapes; the state must be the one that was saved"
            )
        new = [_like(leaf, array) for leaf, array in zip(leaves, state.arrays)]
        self.state = jax.tree_util.tree_unflatten(tree, new)
        restore_host_rng(state.plain["rng"])
        self._trail.forget()

    def make_averages(self, sampling: Sampling, values: Any) -> ArrayAverages:
        flags = are_weights(self.state)

        def weights() -> list[Any]:
            leaves = jax.tree_util.tree_leaves(self.state)
            return [leaf for leaf, is_weight in zip(leaves, flags) if is_weight]

        def read() -> list[Any]:
            return [precise(leaf) for leaf in weights()]

        def write(arrays: Sequence[Any]) -> None:
            leaves, tree = jax.tree_util.tree_flatten(self.state)
            rest = iter(arrays)
            new = [_like(leaf, next(rest)) if flag else leaf for leaf, flag in zip(leaves, flags)]
            self.state = jax.tree_util.tree_unflatten(tree, new)

        def mix(values: Sequence[Sequence[Any]], shares: Sequence[float]) -> Any:
            return mixed(values, weights(), shares)

        return ArrayAverages(read, write, sampling, values, mix)


def _fetched(arrays: Sequence[Any]) -> Sequence[Any]:
    """The arrays, to be read from here."""
    # A copy of each begins before the first is read. On the CPU there is nothing to copy, and to
    # hand it over costs several times as much as to read it.
    return arrays if jax.default_backend() == "cpu" else jax.device_get(list(arrays))


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _raw(leaf: Any) -> Any:
    """A leaf as a plain array: a typed PRNG key has one inside."""
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _like(leaf: Any, value: Any) -> Any:
    """A new leaf that compiled code takes for the old one: of its kind, type and place."""
    if _is_key(leaf):
        new = jax.random.wrap_key_data(jnp.array(value), impl=jax.random.key_impl(leaf))
    elif isinstance(leaf, jax.Array):
        new = jnp.array(value, dtype=leaf.dtype)
    else:
        return numpy.asarray(value).item() if isinstance(leaf, (int, float)) else jnp.array(value)
    return jax.device_put(new, leaf.sharding) if leaf.committed else new


def _lrs_in(state: Any) -> list[Any]:
    return [leaf for path, leaf in jax.tree_util.tree_leaves_with_path(state) if _is_lr(path)]


def _is_lr(path: Any) -> bool:
    while path and isinstance(path[-1], GetAttrKey) and path[-1].name != LR:
        path = path[:-1]  # a variable around the array, as Flax NNX has them
    return _has_pair(path[-2:], "hyperparams")


def _has_pair(path: Any, owner: str) -> bool:
    names = [_name(part) for part in path]
    return (owner, LR) in zip(names, names[1:])


def _name(part: Any) -> Any:
    """A key of a dict, or the name of a field; a path may also hold indices."""
    return getattr(part, "key", getattr(part, "name", None))


def _places_in(state: Any) -> str:
    """What the state has at its top, for people."""
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(state)]
    named = {jax.tree_util.keystr(path[:3]) for path in paths}
    return ", ".join([*sorted(named)[:8], *(["..."] if len(named) > 8 else [])]) or "nothing"


def _refuse_without_state(validate: Callable[..., Any] | None) -> None:
    try:
        signature = None if validate is None else inspect.signature(validate)
    except (TypeError, ValueError):  # what is compiled may not tell
        return
    try:
        if signature is not None:
            signature.bind(None)
    except TypeError as error:
        raise NotHeldError(
            "let validate take the state, as in def validate(state): what it judges is that and "
            f"no other (with Flax NNX: nnx.update(model, state) in it first); {error}"
        ) from None


def _refuse_objects(state: Any) -> None:
    """Finds out what only resembles a state: a new one would leave the script's own as it is.

    Raises:
        NotHeldError: It holds modules of Flax NNX.
    """
    nnx = sys.modules.get("flax.nnx")
    module = tuple(getattr(nnx, name) for name in ("Module", "Pytree") if hasattr(nnx, name))
    nodes = jax.tree_util.tree_leaves(state, is_leaf=lambda node: isinstance(node, module))
    if any(isinstance(node, module) for node in nodes):
        raise NotHeldError(
            "hand over nnx.state((model, optimizer)), before each update bring it back by "
            "nnx.update((model, optimizer), tuner.state), and after it say tuner.state = "
            "nnx.state((model, optimizer)): the state holds modules of Flax NNX, which change "
            "in place"
        )
