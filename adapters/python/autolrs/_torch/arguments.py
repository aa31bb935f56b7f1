"""Checks the types of `attach`'s arguments and reports the first wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

from torch import nn
from torch.optim import Optimizer

from autolrs.errors import ArgumentError

_REMEDY = "call attach(model, optimizer, validate)"


def check_arguments(
    model: Any, optimizer: Any, validate: Any, extra: Any, total: Any, rewind_bytes: Any
) -> None:
    """Looks at the arguments of `autolrs.torch.attach`.

    Raises:
        ArgumentError: One is of another kind than it must be.
    """
    if isinstance(model, Optimizer) and isinstance(optimizer, nn.Module):
        raise ArgumentError(
            f"{_REMEDY}: it was given the {_kind(model)} first and the {_kind(optimizer)} second"
        )
    if isinstance(model, (list, tuple)) and model and all(isinstance(m, nn.Module) for m in model):
        raise ArgumentError(
            f"give attach one model, torch.nn.ModuleList([...]): it was given a {_kind(model)} of "
            f"{len(model)}"
        )
    if not isinstance(model, nn.Module):
        remedy = " made, and not its class" if isinstance(model, type) else ""
        raise ArgumentError(
            f"give attach a torch.nn.Module{remedy} as the model: it was given {_named(model)}"
        )
    if isinstance(optimizer, type):
        raise ArgumentError(
            f"give attach the optimizer that the loop steps: it was given {_named(optimizer)}"
        )
    if isinstance(optimizer, (list, tuple)) and not optimizer:
        raise ArgumentError(f"give attach an optimizer: it was given an empty {_kind(optimizer)}")
    if validate is not None and not callable(validate):
        raise ArgumentError(
            "give attach a function as validate, which it calls to validate: it was given "
            f"{_named(validate)}"
        )
    is_one = isinstance(extra, nn.Module) and not isinstance(extra, nn.ModuleList)
    if is_one or isinstance(extra, (str, bytes, dict)) or not isinstance(extra, Iterable):
        raise ArgumentError(f"give attach a list, extra=[...]: it was given {_named(extra)}")
    for name, count in (("total", total), ("rewind_bytes", rewind_bytes)):
        if count is not None and (isinstance(count, bool) or not _is_count(count)):
            raise ArgumentError(
                f"give attach a whole number of 0 or more as {name}: it was given {count!r}"
            )


def _is_count(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer() and value >= 0
    try:
        return index(value) >= 0
    except TypeError:
        return False


def _kind(value: Any) -> str:
    return type(value).__name__


def _named(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {_kind(value)}"
