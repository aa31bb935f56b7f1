"""What changes as training goes on and is in no checkpoint: told of at the first rollbacks."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import Any, Callable
from weakref import ref

import torch
from torch import Tensor, nn

FEW = 8
"""Numbers of a module that are compared."""


class Bystanders:
    """Looks, at the first rollbacks, whether averages of the weights or the like have moved on.

    Args:
        model: What is trained.
        held: Modules whose state is kept too.
        warn: Tells a person something.
    """

    def __init__(self, model: nn.Module, held: Sequence[Any], warn: Callable[[str], None]) -> None:
        self._model = model
        self._warn = warn
        self._looks = 3
        inside = {id(part) for each in [model, *held] for part in _parts(each)}
        alike = [each for each in _alike(model) if id(each) not in inside]
        covered = {id(part) for each in alike for part in each.modules() if part is not each}
        # Weak references: a copy that the script gives up later is to leave its memory.
        self._alike = [(ref(each), _sample(each)) for each in alike if id(each) not in covered]
        self._trains = _trains(model)

    def look(self) -> None:
        """A rollback has been made: what should have come back with it?"""
        if self._looks == 0:
            return
        self._looks -= 1
        for reference, was in self._alike:
            item = reference()
            if item is not None and was is not None and _sample(item) != was:
                self._looks = 0
                self._warn(
                    f"hand over attach(..., extra=[...]) with the {type(item).__name__} that "
                    "follows the model's weights: it changes as training goes on, and a rollback "
                    "does not take it back"
                )
                return
        if _trains(self._model) != self._trains:
            self._looks = 0
            self._warn(
                "let which parameters train follow tuner.step_count: requires_grad of some has "
                "changed since the loop began, and a rollback does not take that back"
            )


def _alike(model: nn.Module) -> Iterator[nn.Module]:
    """Modules of the same make: an average of the model, or its copy. Not what wraps it."""
    shapes, own = _shapes(model), {id(each) for each in model.parameters()}
    kinds: dict[type, bool] = {}
    for item in gc.get_objects() if shapes else ():
        kind = type(item)
        is_module = kinds.get(kind)
        if is_module is None:
            is_module = kinds[kind] = issubclass(kind, nn.Module)
        if is_module and _shapes(item) == shapes and id(next(item.parameters())) not in own:
            yield item


def _parts(item: Any) -> Iterator[Any]:
    if isinstance(item, nn.Module):
        yield from item.modules()


def _shapes(module: nn.Module) -> list[Any]:
    # What is left uninitialised on purpose has no parameters to ask for.
    if "_parameters" not in module.__dict__:
        return []
    return [each.shape for each in module.parameters()]


def _trains(model: nn.Module) -> list[bool]:
    return [each.requires_grad for each in model.parameters()]


@torch.no_grad()
def _sample(module: nn.Module) -> list[float] | None:
    """Some of its numbers, of the first and the last parameter; None where they are elsewhere."""
    parameters: list[Tensor] = list(module.parameters())
    ends = [parameters[0], parameters[-1]]
    if any(each.device.type == "meta" or type(each.data) is not Tensor for each in ends):
        return None
    return [x for each in ends for x in each.detach().reshape(-1)[:FEW].float().tolist()]
