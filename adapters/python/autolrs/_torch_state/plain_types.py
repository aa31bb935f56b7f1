"""A state in types that `torch.load` reads without running code, and the way back, exactly."""

from __future__ import annotations

import ctypes
from collections import OrderedDict, deque
from collections.abc import Sequence
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from autolrs.errors import NotHeldError

KIND = "autolrs:kind"
"""Marks a dict that stands for a value of another type."""

_PLAIN = (str, int, float, bool, type(None))
_NAMED = (torch.device, torch.dtype, torch.layout, torch.memory_format)
"""PyTorch 2.3 reads none of them."""
_READABLE = (*_PLAIN, Tensor, nn.Parameter, torch.Size)
_MADE = {each.__name__: each for each in (OrderedDict, bytearray, bytes, dict, frozenset, set)}
_OF_NUMPY = "biufcmMSU"
"""Kinds of NumPy's types whose bytes are all that there is to them."""


def plain_of(value: Any, where: str = "checkpoint", any_tensor: bool = False) -> Any:
    """The same in types that can be read: a config library has its own of lists.

    Args:
        value: A state, or a part of it.
        where: What that part is called.
        any_tensor: Tensors of any kind will do: sharded ones are put together before a write.

    Raises:
        NotHeldError: There is something else in it. It is found out now, and not when the
            checkpoint is needed.
    """

    def part(item: Any, key: Any) -> Any:
        return plain_of(item, f"{where}[{key!r}]", any_tensor)

    def parts(items: Any) -> list[Any]:
        return [part(item, index) for index, item in enumerate(items)]

    if isinstance(value, dict):
        made = OrderedDict if type(value) is OrderedDict else dict
        items = [(_key(key, where), part(item, key)) for key, item in value.items()]
        if all(_is_readable_key(key) for key, _ in items):
            return made(items)
        return {KIND: made.__name__, "value": items}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        if type(value) is torch.Size:
            return value
        return tuple(parts(value)) if isinstance(value, tuple) else parts(value)
    if type(value) in _READABLE or (any_tensor and isinstance(value, Tensor)):
        return value
    marked = _marked(value)
    if marked is not None:
        kind, content = marked
        return {KIND: kind, "value": part(content, kind)}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, tuple)):
        return parts(value)
    for kind_of in (str, bool, int, float):
        if isinstance(value, kind_of) and not isinstance(value, Enum):
            return kind_of(value)
    raise NotHeldError(
        f"let state_dict return numbers, strings, tensors, and lists and dicts of them: {where} "
        f"is a {type(value).__name__}, which a checkpoint on disk cannot hold"
    )


def value_of(plain: Any) -> Any:
    """What `plain_of` was given."""
    kind = type(plain)
    if kind is dict and plain.keys() == {KIND, "value"}:
        return _unmarked(plain[KIND], value_of(plain["value"]))
    if kind in (dict, OrderedDict):
        return kind((key, value_of(item)) for key, item in plain.items())
    return kind(map(value_of, plain)) if kind in (list, tuple) else plain


def _is_readable_key(key: Any) -> bool:
    return type(key) in _PLAIN or (
        type(key) is tuple and all(type(item) in _PLAIN for item in key)
    )


def _key(key: Any, where: str) -> Any:
    """The same in types that can be read, though not as a key, where it is a dict or has one."""
    if _is_readable_key(key):
        return key
    if type(key) is tuple:
        return tuple(_key(item, where) for item in key)
    if _marked(key) is not None:
        return plain_of(key, where)
    if isinstance(key, str) and not isinstance(key, Enum):
        return str(key)
    raise NotHeldError(
        f"let state_dict return dicts by strings and numbers: {where} has the key {key!r}, a "
        f"{type(key).__name__}, which a checkpoint on disk cannot hold"
    )


def _marked(value: Any) -> tuple[str, Any] | None:
    """The kind of what is no plain value, and a plain value that says it exactly."""
    kind = type(value)
    if kind in (bytes, bytearray):
        return kind.__name__, _tensor_of(value)
    if kind in (set, frozenset):
        return kind.__name__, [*value]
    if kind is complex:
        return "complex", [value.real, value.imag]
    if kind is deque:
        return "deque", [[*value], value.maxlen]
    if kind is range:
        return "range", [value.start, value.stop, value.step]
    if kind in _NAMED:
        return kind.__name__, str(value)
    if kind.__module__ == "numpy" and getattr(value, "dtype", None) is not None:
        return _marked_of_numpy(value)
    return None


def _marked_of_numpy(value: Any) -> tuple[str, Any] | None:
    import numpy  # it is there: this is a value of it

    kinds = {numpy.ndarray: "array", numpy.matrix: "matrix"}
    kind = "scalar" if isinstance(value, numpy.generic) else kinds.get(type(value))
    if kind is None or value.dtype.kind not in _OF_NUMPY:
        return None
    return kind, [value.dtype.str, [*value.shape], _tensor_of(value.tobytes())]


def _unmarked(kind: str, content: Any) -> Any:
    if kind in ("array", "matrix", "scalar"):
        import numpy  # PyTorch does without; who saved it has it

        name, shape, numbers = content
        array = numpy.frombuffer(_bytes_of(numbers), numpy.dtype(name)).reshape(shape)
        if kind == "scalar":
            return array[()]
        return array.copy() if kind == "array" else array.copy().view(numpy.matrix)
    if kind == "complex":
        return complex(*content)
    if kind == "deque":
        return deque(*content)
    if kind == "range":
        return range(*content)
    if kind == "device":
        return torch.device(content)
    if kind in ("dtype", "layout", "memory_format"):
        return getattr(torch, content.replace("torch.", ""))
    made: Any = _MADE[kind]
    return made(_bytes_of(content) if kind.startswith("byte") else content)


def _tensor_of(data: bytes | bytearray) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(0)


def _bytes_of(numbers: Tensor) -> bytes:
    # Not by a list of them, which takes eight bytes for each.
    numbers = numbers.to(torch.uint8).contiguous()
    return ctypes.string_at(numbers.data_ptr(), numbers.numel()) if numbers.numel() else b""
