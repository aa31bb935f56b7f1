"""What decides which batches the next epoch of a loader brings, as plain values."""

from __future__ import annotations

from typing import Any

from torch import Generator, tensor, uint8

from autolrs._rng import RngStream


def data_state(stream: RngStream, loader: Any) -> dict[str, Any]:
    """The random numbers that `stream` and the loader's own generators stand before.

    Lists and not tensors, so that two states can be compared with `==`.
    """
    rng = stream.state
    return {
        "rng": {**rng, "torch": rng["torch"].tolist()},
        "generators": [own.get_state().tolist() for own in _generators_of(loader)],
        "has_workers": getattr(loader, "_iterator", None) is not None,
    }


def set_data_state(stream: RngStream, loader: Any, state: dict[str, Any]) -> None:
    """Puts both where `data_state` found them."""
    if hasattr(loader, "_iterator"):
        _match_workers(stream, loader, state["has_workers"])
    rng = state["rng"]
    stream.state = {**rng, "torch": tensor(rng["torch"], dtype=uint8)}
    for own, words in zip(_generators_of(loader), state["generators"]):
        own.set_state(tensor(words, dtype=uint8))


def _match_workers(stream: RngStream, loader: Any, has_workers: bool) -> None:
    # A DataLoader with persistent workers draws one number more where it starts them: in the first
    # epoch of a process. So they are started before, or started again.
    if not has_workers:
        loader._iterator = None
    elif loader._iterator is None:
        with stream.entered():
            iter(loader)


def _generators_of(loader: Any) -> list[Generator]:
    sampler, batch_sampler = (getattr(loader, name, None) for name in ("sampler", "batch_sampler"))
    owners = (loader, sampler, batch_sampler, getattr(batch_sampler, "sampler", None))
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(own): own for own in found if isinstance(own, Generator)}.values())
