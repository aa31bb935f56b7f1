"""Reads what a user's validation returns, and says what is wrong with what is no loss."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from autolrs.errors import ArgumentError

_A_LOSS = "a number, or a tensor with one element"


def loss_and_metrics(outcome: Any) -> tuple[float, dict[str, float]]:
    """A loss, a loss and a dict of metrics, or a dict with "loss", as a loss and metrics.

    Raises:
        TypeError: It is none of them.
    """
    loss, metrics = outcome, {}
    if isinstance(outcome, dict) and "loss" in outcome:
        loss = outcome["loss"]
        metrics = {key: item for key, item in outcome.items() if key != "loss"}
    elif isinstance(outcome, tuple) and len(outcome) == 2 and isinstance(outcome[1], dict):
        loss, metrics = outcome
    numbers: dict[str, float] = {}
    for name, value in (("", loss), *metrics.items()):
        try:
            numbers[str(name)] = float(value)
        except (TypeError, ValueError, RuntimeError) as error:
            if is_number(value):
                raise  # a device that has failed, say
            what = "it returned" if value is outcome else f"in {described(outcome)} it returned"
            which = f" for {name!r}" if name != "" else ""
            raise _error(value)(
                f"validate must return a loss ({_A_LOSS}), a loss and a dict of metrics, or a "
                f'dict with "loss"; {what} {described(value)}{which}'
            ) from error
    return numbers.pop(""), numbers


def refuse_no_loss(loss: Any) -> None:
    """Says what to do where a script gives `tuner.step` something else than a loss.

    Raises:
        TypeError: It is no number and has not one element.
    """
    if not is_number(loss):
        raise _error(loss)(
            f"give tuner.step the loss of the update ({_A_LOSS}), as loss.mean(): it was given "
            f"{described(loss)}"
        )


def is_number(value: Any) -> bool:
    """True of a real number, and of a tensor or array with one."""
    if "complex" in str(getattr(value, "dtype", "")):
        return False
    if isinstance(value, (int, float)):
        return True
    shape = getattr(value, "shape", None)
    if shape is None:
        return hasattr(value, "__float__")
    count = 1
    for size in shape:
        count *= int(size)
    return count == 1


def described(value: Any) -> str:
    """A value in a few words: its type, and its shape or what is in it."""
    kind, shape = type(value).__name__, getattr(value, "shape", None)
    if value is None:
        return "None"
    if shape is not None:
        is_complex = "complex" in str(getattr(value, "dtype", ""))
        return f"a {'complex ' if is_complex else ''}{kind} of shape {[*shape]}"
    if isinstance(value, (list, tuple)):
        parts = ", ".join(type(item).__name__ for item in value[:4])
        return f"a {kind} of {len(value)} ({parts}{', ...' if len(value) > 4 else ''})"
    if isinstance(value, dict):
        keys = ", ".join(map(repr, [*value][:4]))
        return f"a {kind} with the keys {keys}" if value else f"an empty {kind}"
    if isinstance(value, Sized):
        return f"a {kind}"
    return f"a {kind}: {value!r:.60}"


def _error(value: Any) -> type[TypeError]:
    # A guard may return None at a loss that is not finite: that an LR may provoke.
    return TypeError if value is None else ArgumentError
