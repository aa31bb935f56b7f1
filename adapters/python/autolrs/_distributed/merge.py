"""One answer out of the answers of all ranks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autolrs._protocol.messages import finite_or_none
from autolrs.errors import RanksError

Result = dict[str, Any]

_MUST_AGREE = {
    "initialize": ["step", "total", "lr", "groups"],
    "train": ["steps", "step", "lr", "groups", "end"],
    "save": ["step"],
    "restore": ["step", "lr"],
    "shutdown": ["step"],
}


def merge(method: str, results: Sequence[Result]) -> Result:
    """The answer to the tuner.

    Args:
        method: What was asked.
        results: Each rank's answer; rank 0's first.

    Raises:
        RanksError: They differ where they must not.
    """
    first = results[0]
    for name in _MUST_AGREE.get(method, []):
        _must_agree(name, [result.get(name) for result in results])
    merged = dict(first)
    if "seconds" in first:
        merged["seconds"] = max(result["seconds"] for result in results)
    if method == "initialize":
        return {**merged, "world": len(results), **_abilities(results)}
    if method == "save":
        return {**merged, "bytes": sum(result["bytes"] for result in results)}
    if method == "validate":
        merged["loss"] = mean([result["loss"] for result in results])
        if any("metrics" in result for result in results):
            merged["metrics"] = _mean_metrics([result.get("metrics", {}) for result in results])
    return merged


def mean(values: Iterable[float | None]) -> float | None:
    """Their mean; None, which stands for what is not finite, if one of them is that."""
    known = [math.nan if value is None else value for value in values]
    return finite_or_none(sum(known) / len(known))


def _abilities(results: Sequence[Result]) -> Result:
    can = [dict(result["can"]) for result in results]
    rewinds = [own.pop("rewind") for own in can]
    can_rewind = all(rewinds)
    holds = [[name for name in result["holds"] if name != "data"] for result in results]
    has_data = can_rewind and all("data" in result["holds"] for result in results)
    _must_agree("what it can do", can)
    _must_agree("what a checkpoint holds", holds)
    return {
        "can": {**can[0], "rewind": can_rewind},
        "holds": [*holds[0], *(["data"] if has_data else [])],
    }


def _mean_metrics(metrics: Sequence[Result]) -> Result:
    _must_agree("the names of the metrics", [sorted(own) for own in metrics])
    return {name: mean([own[name] for own in metrics]) for name in metrics[0]}


def _must_agree(name: str, values: Sequence[Any]) -> None:
    for rank, value in enumerate(values):
        if value != values[0]:
            raise RanksError(
                f"the ranks disagree: {name} is {_said(values[0])} on rank 0 and {_said(value)} "
                f"on rank {rank}; let every rank attach the same model, optimizer and loop"
            )


def _said(value: Any) -> str:
    return "not given" if value is None else str(value)
