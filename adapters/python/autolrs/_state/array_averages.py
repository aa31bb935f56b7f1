"""Averages of the weights beside the arrays of a checkpoint."""

from __future__ import annotations

from typing import Any

from autolrs._averages.keeper import ADOPTED
from autolrs._state.array_file import ArrayState


def with_averages(training: ArrayState, averages: dict[str, Any]) -> ArrayState:
    """The state of training and the averages in one: their arrays stand last.

    Args:
        training: All that training needs.
        averages: What `KeepsAverages.averages_state` gives.
    """
    if not averages:
        return training
    kept = averages["averages"]
    values = kept.get("values", [])
    plain = kept if kept == ADOPTED else {**kept, "values": [len(each) for each in values]}
    arrays = [array for each in values for array in each]
    return ArrayState([*training.arrays, *arrays], {**training.plain, "averages": plain})


def without_averages(state: ArrayState) -> tuple[ArrayState, dict[str, Any] | None]:
    """The two that `with_averages` made one; None where there were no averages."""
    plain = {name: each for name, each in state.plain.items() if name != "averages"}
    kept = state.plain.get("averages")
    lengths = [] if kept is None else kept.get("values", [])
    arrays = iter(state.arrays)
    own = [next(arrays) for _ in range(len(state.arrays) - sum(lengths))]
    values = [[next(arrays) for _ in range(length)] for length in lengths]
    training = ArrayState(own, plain)
    return training, kept if kept is None or kept == ADOPTED else {**kept, "values": values}
