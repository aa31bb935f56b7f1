"""The random state of a process that trains with PyTorch, as values that can go to disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from autolrs._state.rng import RngState, RngStream, capture_host_rng, restore_host_rng


def capture_rng(with_devices: bool = True) -> RngState:
    """Copies the states of Python's, NumPy's and PyTorch's global generators.

    Generators that the script made for itself are its own: it can hand them over as `extra`.

    Args:
        with_devices: Also those of the CUDA devices, if CUDA is in use.
    """
    state = {**capture_host_rng(), "torch": torch.get_rng_state()}
    if with_devices and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore_rng(state: RngState) -> None:
    """Brings back what `capture_rng` gave, and never changes it."""
    restore_host_rng(state)
    torch.set_rng_state(state["torch"])
    if "cuda" in state:
        torch.cuda.set_rng_state_all(state["cuda"])


@contextmanager
def preserve_rng() -> Iterator[None]:
    """Leaves no trace in the random state of what runs inside."""
    state = capture_rng()
    try:
        yield
    finally:
        restore_rng(state)


def data_stream() -> RngStream:
    """The random numbers for the data, which do not come from a device."""
    return RngStream(lambda: capture_rng(with_devices=False), restore_rng)
