"""The schedule that a script has of its own for a `fit`: its name, and its highest LR."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from typing import Any

import keras
from keras import callbacks as known

from autolrs._auto.own_code import sources
from autolrs._keras.update_lr import UpdateLr
from autolrs._session.phase import phase

OWN_CODE = "its own code"

MANY_POINTS = 200
"""So many values of a schedule are looked at."""

_NAMES = {"learning_rate", "lr"}


def schedule_of(
    lr: UpdateLr, callbacks: Sequence[Any], total: int | None, epochs: int
) -> dict[str, Any] | None:
    """What the handshake tells of it; None if there is none.

    Args:
        lr: Of each update.
        callbacks: Of the fit.
        total: The script's own number of updates, if it is known.
        epochs: Of the fit.
    """
    source = lr.own_source()
    if not isinstance(source, keras.Variable):
        name = getattr(source, "__name__", type(source).__name__)
        return {"name": name, **_peak(_highest_of(source, total))}
    for item in callbacks:
        if isinstance(item, known.ReduceLROnPlateau):
            return {"name": type(item).__name__, **_peak([lr.own()])}
        if isinstance(item, known.LearningRateScheduler):
            # A function of the script's may count its calls: only what is thrown away calls it.
            values = _values_of(item, lr.own(), epochs) if phase() != "commit" else []
            return {"name": type(item).__name__, **_peak(values)}
    if any(sets_lr(text) for text in sources()):
        return {"name": OWN_CODE, **_peak([lr.own()])}
    return None


def sets_lr(source: str) -> bool:
    """True if a function in it sets the LR of an optimizer, as a callback of the script's may."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    functions = [
        part for part in ast.walk(tree) if isinstance(part, (ast.FunctionDef, ast.Lambda))
    ]
    return any(_sets_lr(part) for each in functions for part in ast.walk(each))


def _sets_lr(node: ast.AST) -> bool:
    targets: list[Any] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("assign"):
        targets = [getattr(node.func, "value", None)]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "set_value":
        targets = node.args[:1]
    return any(
        isinstance(each, ast.Attribute)
        and each.attr in _NAMES
        and "opt" in ast.unparse(each.value).lower()
        for each in targets
    )


def _peak(values: Sequence[float]) -> dict[str, float]:
    highest = max((each for each in values if 0 < each < float("inf")), default=None)
    return {} if highest is None else {"peak": highest}


def _highest_of(schedule: Any, total: int | None) -> list[float]:
    """Some values of a schedule of Keras, or of a function without arguments."""
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return []
    last = 1000 if total is None else total
    values = []
    for at in range(0, last + 1, max(1, last // MANY_POINTS)):
        try:
            values.append(float(keras.ops.convert_to_numpy(schedule(at))))
        except Exception:  # a stranger's schedule may be anything; the tuner does without
            break
    own = vars(schedule)
    ends = [own.get(name) for name in ("initial_learning_rate", "warmup_target")]
    return [*values, *(float(each) for each in ends if isinstance(each, (int, float)))]


def _values_of(callback: Any, lr: float, epochs: int) -> list[float]:
    values = []
    try:
        takes_lr = len(inspect.signature(callback.schedule).parameters) > 1
        for epoch in range(min(epochs, 1000)):
            lr = float(callback.schedule(epoch, lr) if takes_lr else callback.schedule(epoch))
            values.append(lr)
    except Exception:  # it may be anything
        pass
    return values
