"""Finds copies and averages of the model that no checkpoint holds, and warns at a rollback."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import Any, Callable
from weakref import ref

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

FEW = 8
"""Numbers of a module that are compared."""

SEEN = 32
"""Updates at which they are."""

OFTEN = 2
"""So many changes that make no plain copy are an average's."""


class ModelCopies:
    """Checks, at the first updates, whether averages of the weights or the like move along.

    A copy that is taken now and then, as of the best weights so far, is none of them: it is what
    the model is when it changes. What is seen is told of at a rollback.

    Args:
        model: What is trained.
        held: Modules whose state is kept too.
        leaves: The optimizers that make the updates.
        warn: Tells a person something.
    """

    def __init__(
        self,
        model: nn.Module,
        held: Sequence[Any],
        leaves: Sequence[Optimizer],
        warn: Callable[[str], None],
    ) -> None:
        self._model = model
        self._warn = warn
        self._checks_left = 3
        inside = {id(part) for each in [model, *held] for part in _parts(each)}
        alike = [each for each in _alike(model) if id(each) not in inside]
        covered = {id(part) for each in alike for part in each.modules() if part is not each}
        # Weak references: a copy that the script gives up later is to leave its memory.
        self._alike = [_Seen(ref(each)) for each in alike if id(each) not in covered]
        self._trains = _trains(model)
        self._watched = 0
        self._hook: Any = None
        if self._alike and "_optimizer_step_pre_hooks" in leaves[0].__dict__:
            self._hook = leaves[0].register_step_pre_hook(self._note)

    def sample(self) -> None:
        """A rollback is about to be made: what should come back with it?"""
        if self._hook is not None:
            self._note()
            self._tell_of_averages()
        if self._checks_left > 0 and _trains(self._model) != self._trains:
            self._checks_left = 0
            self._warn(
                "let which parameters train follow tuner.step_count: requires_grad of some has "
                "changed since the loop began, and a rollback does not take that back"
            )
        self._checks_left -= 1

    def _note(self, *_: Any) -> None:
        if self._watched >= SEEN:
            return
        self._watched += 1
        own = _sample(self._model)
        for each in self._alike:
            each.add(own)

    def _tell_of_averages(self) -> None:
        for each in self._alike:
            item = each.item()
            if item is not None and each.is_average():
                self._warn(
                    f"hand over attach(..., extra=[...]) with the {type(item).__name__} that "
                    "follows the model's weights: it changes as training goes on, and a rollback "
                    "does not take it back"
                )
                self._watched = SEEN
                break
        if self._watched >= SEEN:
            self._hook.remove()  # not by the hook itself: PyTorch goes through them then
            self._hook = None
            self._alike = []


class _Seen:
    """What was seen of a module before each update, and of the model at the same time."""

    def __init__(self, item: Callable[[], nn.Module | None]) -> None:
        self.item = item
        self._own: list[Tensor] = []
        self._models: list[Tensor] = []

    def add(self, models: Tensor | None) -> None:
        item = self.item()
        own = None if item is None else _sample(item)
        if own is not None and models is not None:
            self._own.append(own)
            self._models.append(models)

    def is_average(self) -> bool:
        if len(self._own) <= OFTEN:
            return False
        own, models = (torch.stack(each).cpu().nan_to_num() for each in (self._own, self._models))
        is_changed = (own[1:] != own[:-1]).any(1)
        is_copied = (own[1:] == models[1:]).all(1)
        return int((is_changed & ~is_copied).sum()) >= OFTEN


def _alike(model: nn.Module) -> Iterator[nn.Module]:
    """Modules of the same make: an average of the model, or its copy. Not what wraps it."""
    shapes, own = _shapes(model), {id(each) for each in model.parameters()}
    kinds: dict[type, bool] = {}
    for item in gc.get_objects() if shapes else ():
        kind = type(item)
        is_module = kinds.get(kind)
        if is_module is None:
            is_module = kinds[kind] = issubclass(kind, nn.Module)
        if is_module and _is_alike(item, shapes, own):
            yield item


def _is_alike(item: nn.Module, shapes: list[Any], own: set[int]) -> bool:
    try:
        first = next(nn.Module.parameters(item))
        return _shapes(item) == shapes and id(first) not in own
    except Exception:  # a stranger's module may answer anything; this only feeds a warning
        return False


def _parts(item: Any) -> Iterator[Any]:
    if isinstance(item, nn.Module):
        yield from item.modules()


def _shapes(module: nn.Module) -> list[Any]:
    # What is left uninitialised on purpose has no parameters to ask for.
    if "_parameters" not in module.__dict__:
        return []
    return [each.shape for each in nn.Module.parameters(module)]


def _trains(model: nn.Module) -> list[bool]:
    return [each.requires_grad for each in model.parameters()]


@torch.no_grad()
def _sample(module: nn.Module) -> Tensor | None:
    """Some of its numbers, of the first and the last parameter; None where they are elsewhere.

    They are left on their device: no update waits for it.
    """
    parameters: list[Tensor] = list(nn.Module.parameters(module))
    ends = [parameters[0], parameters[-1]]
    if any(each.device.type == "meta" or type(each.data) is not Tensor for each in ends):
        return None
    parts = [each.detach().reshape(-1)[:FEW].float().to(ends[0].device) for each in ends]
    return torch.cat(parts)
