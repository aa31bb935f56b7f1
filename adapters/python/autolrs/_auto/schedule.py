"""The schedule that a script has of its own: its name for people, and its highest LR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import FunctionType, MappingProxyType
from typing import Any

from torch.optim import Optimizer

from autolrs._auto.fastai import schedule_of_learner
from autolrs._auto.own_code import sets_lr_by_itself
from autolrs._torch_lr.schedulers import schedulers_of

MANY_STEPS = 10_000
"""So many values of a function are looked at."""

OWN_CODE = "its own code"

_FALL = (
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "MultiStepLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
)
"""Those of PyTorch that never rise above the LR that they began from; a warm-up leads up to it."""

_CONSTANTS = frozenset({"_get_constant_lambda", "_get_constant_schedule_with_warmup_lr_lambda"})
"""Those of transformers that stay at their highest LR."""


Made = Mapping[Any, Sequence[tuple[dict[str, Any], Any, Any]]]
"""The groups of each optimizer as it was made: the group, its LR, and a tensor's version."""


def schedule_of(
    optimizers: Sequence[Any],
    group: dict[str, Any],
    total: int | None,
    made: Made = MappingProxyType({}),
    *,
    is_search: bool = False,
) -> dict[str, Any] | None:
    """What the handshake tells of it; None if there is none.

    Args:
        optimizers: What the script knows them by, too.
        group: The first parameter group.
        total: The script's own number of updates, if it is known.
        made: What the groups were, where that has been seen.
        is_search: This process is thrown away: a function of the script's may be called, which
            might count its calls.
    """
    schedulers = schedulers_of(optimizers)
    if schedulers:
        inner = {id(part) for item in schedulers for part in getattr(item, "_schedulers", ())}
        outer = [item for item in schedulers if id(item) not in inner]
        name = " and ".join(dict.fromkeys(type(item).__name__ for item in outer))
        peak = None if len(outer) != 1 else _peak_of(outer[0], group, total, is_search)
        never_falls = len(outer) == 1 and _is_warm_up(outer[0])
        told: dict[str, Any] = {"name": name, **({} if peak is None else {"peak": peak})}
        return {**told, "falls": False} if never_falls else told
    by_learner = schedule_of_learner(optimizers)
    if by_learner is not None:
        return by_learner
    is_own = _has_written(optimizers, made) or sets_lr_by_itself()
    return {"name": OWN_CODE, **_made_with(optimizers, group)} if is_own else None


def _has_written(optimizers: Sequence[Any], made: Made) -> bool:
    """True if something has put another LR into a group since its optimizer was made.

    By the object: a schedule may begin with the very number that the optimizer has. A group that a
    checkpoint was loaded into is another one, of which nothing is known.
    """
    return any(
        any(group is own for own in item.param_groups)
        and (group.get("lr") is not lr or getattr(lr, "_version", None) != version)
        for item in optimizers
        if isinstance(item, Optimizer)
        for group, lr, version in made.get(item, ())
    )


def _made_with(optimizers: Sequence[Any], group: dict[str, Any]) -> dict[str, float]:
    """The LR that the optimizer was made with: a script's own code warms up to it, and falls."""
    made = [vars(item).get("defaults", {}).get("lr") for item in optimizers]
    lrs = [float(lr) for lr in [*made[:1], group["lr"]] if lr is not None]
    return {"peak": max(lrs)} if max(lrs, default=0.0) > 0 else {}


def _peak_of(
    scheduler: Any, group: dict[str, Any], total: int | None, is_search: bool
) -> float | None:
    """The highest LR of the first group over the run; None where it cannot be said."""
    try:
        peak = _read_peak(scheduler, group, total, is_search)
        return float(peak) if peak is not None and 0 < float(peak) < float("inf") else None
    except Exception:  # a stranger's scheduler may be anything; the tuner does without
        return None


def _read_peak(scheduler: Any, group: dict[str, Any], total: int | None, is_search: bool) -> Any:
    kind = type(scheduler).__name__
    own = vars(scheduler)
    if kind == "OneCycleLR":
        return group["max_lr"]
    if kind == "CyclicLR":
        return own["max_lrs"][0]
    if kind == "LambdaLR":
        function = own["lr_lambdas"][0]
        highest = _highest(function, total) if is_search or _is_pure(function) else None
        return None if highest is None else own["base_lrs"][0] * highest
    if kind == "LinearLR":
        return own["base_lrs"][0] * max(own["start_factor"], own["end_factor"])
    if kind == "ChainedScheduler":
        return _base(own["_schedulers"][0], group)
    if kind in _FALL:
        return _base(scheduler, group)
    if "base_values" in own:  # timm's
        return own["base_values"][0]
    return None


def _is_warm_up(scheduler: Any) -> bool:
    """Whether the LR rises to its highest, if it changes at all, and stays there."""
    own = vars(scheduler)
    kind = type(scheduler).__name__
    if kind == "LinearLR":
        return bool(own["start_factor"] <= own["end_factor"])
    if kind == "ConstantLR":  # its factor is 1 at most
        return True
    if kind != "LambdaLR":
        return False
    names = [_inner(function).__name__ for function in own["lr_lambdas"] if _is_pure(function)]
    return len(names) == len(own["lr_lambdas"]) and _CONSTANTS.issuperset(names)


def _is_pure(function: Any) -> bool:
    """Whether it is one of transformers' own, which goes by the step alone."""
    return str(getattr(_inner(function), "__module__", "")).startswith("transformers.")


def _inner(function: Any) -> Any:
    return function.func if isinstance(function, partial) else function


def _base(scheduler: Any, group: dict[str, Any]) -> Any:
    bases = getattr(scheduler, "base_lrs", None)
    return bases[0] if bases else group.get("initial_lr", group["lr"])


def _highest(function: Any, total: int | None) -> float | None:
    """The highest value of a function of the step, which depends on nothing else."""
    if not isinstance(function, (FunctionType, partial)):
        return None  # it may count its calls
    last = MANY_STEPS if total is None else total
    values = []
    for at in range(0, last + 1, max(1, last // MANY_STEPS)):
        try:
            values.append(float(function(at)))
        except Exception:  # it is not made for so many
            break
    return max(values, default=None)
