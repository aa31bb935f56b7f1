"""Digests of states, to compare them without a copy."""

from __future__ import annotations

import ctypes
import hashlib
from typing import Any

from torch import Tensor


def digest_of(value: Any) -> str:
    """The same for what has the same kind, shape and bits."""
    content = hashlib.blake2b(digest_size=16)
    _feed(content, value)
    return content.hexdigest()


def _feed(content: Any, value: Any) -> None:
    if isinstance(value, Tensor):
        data = value.detach().cpu().contiguous()
        content.update(f"{value.dtype}{tuple(value.shape)}".encode())
        # Not by NumPy, which PyTorch does without, and not by a copy of what may be large.
        size = data.numel() * data.element_size()
        if size > 0:
            content.update((ctypes.c_char * size).from_address(data.data_ptr()))
    elif isinstance(value, dict):
        for key, item in value.items():
            content.update(f"{key!r}:".encode())
            _feed(content, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            content.update(b",")
            _feed(content, item)
    else:
        content.update(repr(value).encode())
