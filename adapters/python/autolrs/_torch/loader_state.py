"""What decides which batches the next epoch of a loader brings, as plain values."""

from __future__ import annotations

from typing import Any

from torch import tensor, uint8

from autolrs._data.generators import generators_of, set_state, state_of
from autolrs._state.rng import RngStream


def data_state(stream: RngStream, loader: Any) -> dict[str, Any]:
    """The random numbers that `stream` and the loader's own generators stand before.

    Lists and not tensors, so that two states can be compared with `==`.
    """
    rng = stream.state
    return {
        "rng": {**rng, "torch": rng["torch"].tolist()},
        "generators": [state_of(own) for own in generators_of(loader)],
        "has_workers": getattr(loader, "_iterator", None) is not None,
    }


def set_data_state(stream: RngStream, loader: Any, state: dict[str, Any]) -> None:
    """Puts both where `data_state` found them."""
    if hasattr(loader, "_iterator"):
        _match_workers(stream, loader, state["has_workers"])
    rng = state["rng"]
    stream.state = {**rng, "torch": tensor(rng["torch"], dtype=uint8)}
    for own, words in zip(generators_of(loader), state["generators"]):
        set_state(own, words)


def _match_workers(stream: RngStream, loader: Any, has_workers: bool) -> None:
    # A DataLoader with persistent workers draws one number more where it starts them: in the first
    # epoch of a process. So they are started before, or started again.
    if not has_workers:
        loader._iterator = None
    elif loader._iterator is None:
        with stream.entered():
            iter(loader)
