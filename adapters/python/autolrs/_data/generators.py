"""Random generators of a loader's own, also where it is wrapped, and their states as plain values.

A loader, its samplers, a progress bar around it: what they hold is looked through, not far.
"""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

DEPTH = 6
"""How far attributes of attributes are followed."""

MOST = 2000
"""So many objects are looked at."""

FEW = 32
"""A longer list holds data."""

_PLAIN = (str, bytes, bytearray, int, float, complex, bool, type(None), type, types.ModuleType)


def generators_of(loader: Any) -> list[Any]:
    """Those of Python, NumPy and PyTorch, each once, in an order that a new process has too."""
    kinds = _kinds()
    return [item for item in _objects_in(loader) if isinstance(item, kinds)]


def has_lasting_workers(loader: Any) -> bool:
    """True if processes load the data that outlive an epoch, with random numbers of their own."""
    return any(
        getattr(item, "persistent_workers", False) is True and getattr(item, "num_workers", 0) > 0
        for item in _objects_in(loader)
    )


def _objects_in(loader: Any) -> list[Any]:
    """A loader and what it holds, near things first."""
    kinds = _kinds()
    seen = {id(loader): loader}  # kept, so that no other gets an id
    level = [loader]
    for _ in range(DEPTH):
        following: list[Any] = []
        for item in level:
            for part in () if isinstance(item, kinds) else _parts(item):
                if id(part) not in seen and not isinstance(part, _PLAIN) and len(seen) < MOST:
                    seen[id(part)] = part
                    following.append(part)
        level = following
    return list(seen.values())


def state_of(generator: Any) -> Any:
    """Its state, as numbers, strings, and lists and dicts of them."""
    if isinstance(generator, random.Random):
        version, words, gauss = generator.getstate()
        return {"python": [version, list(words), gauss]}
    if hasattr(generator, "bit_generator"):
        return {"numpy": _plain(generator.bit_generator.state)}
    state = generator.get_state()
    if isinstance(state, tuple):
        return {"numpy legacy": _plain(list(state))}
    return state.tolist()  # PyTorch's


def set_state(generator: Any, state: Any) -> None:
    """Puts it where `state_of` found it. Another kind of generator is left alone."""
    if isinstance(state, list):
        if hasattr(generator, "initial_seed"):
            torch = sys.modules["torch"]
            generator.set_state(torch.tensor(state, dtype=torch.uint8))
    elif "python" in state and isinstance(generator, random.Random):
        version, words, gauss = state["python"]
        generator.setstate((version, tuple(words), gauss))
    elif "numpy" in state and hasattr(generator, "bit_generator"):
        generator.bit_generator.state = _arrays(state["numpy"])
    elif "numpy legacy" in state and hasattr(generator, "randint"):
        name, keys, *rest = state["numpy legacy"]
        generator.set_state((name, sys.modules["numpy"].array(keys, dtype="uint32"), *rest))


def _kinds() -> tuple[type, ...]:
    kinds: list[type] = [random.Random]
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        kinds += [numpy.random.Generator, numpy.random.RandomState]
    if torch is not None:
        kinds.append(torch.Generator)
    return tuple(kinds)


def _parts(item: Any) -> Iterator[Any]:
    if isinstance(item, (list, tuple)):
        if len(item) <= FEW:
            yield from item
    elif isinstance(item, dict):
        if len(item) <= FEW:
            yield from item.values()
    elif isinstance(item, types.MethodType):
        yield item.__self__
    elif isinstance(item, partial):
        yield from (item.func, *item.args, *item.keywords.values())
    elif isinstance(item, types.FunctionType):
        for cell in item.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # it is empty
                pass
    elif not hasattr(item, "__array__") and not hasattr(type(item), "named_parameters"):
        attributes = getattr(item, "__dict__", None)
        if isinstance(attributes, dict):
            # Iterators of workers come and go.
            yield from (value for name, value in attributes.items() if name != "_iterator")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _arrays(value: Any) -> Any:
    """A bit generator takes its words as an array."""
    if isinstance(value, dict):
        return {key: _arrays(item) for key, item in value.items()}
    numpy = sys.modules["numpy"]
    return numpy.array(value, dtype="uint64") if isinstance(value, list) else value
