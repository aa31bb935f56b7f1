"""Finds what trains among all that is alive: optimizers, modules above their weights, scalers."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer


class Found(NamedTuple):
    """What is alive."""

    optimizers: list[Optimizer]
    modules: list[nn.Module]
    scalers: list[GradScaler]
    """Those that scale."""


def find_alive() -> Found:
    """All optimizers, modules and scalers of this process."""
    found: dict[type, list[Any]] = {Optimizer: [], nn.Module: [], GradScaler: []}
    kinds: dict[type, list[Any] | None] = {}
    for item in gc.get_objects():
        kind = type(item)  # isinstance may wake lazy proxies
        if kind not in kinds:
            kinds[kind] = next((found[own] for own in found if issubclass(kind, own)), None)
        place = kinds[kind]
        if place is not None:
            place.append(item)
    scalers = [item for item in found[GradScaler] if item.is_enabled()]
    return Found(found[Optimizer], found[nn.Module], scalers)


def together_with(first: Optimizer, alive: Sequence[Optimizer]) -> list[Optimizer]:
    """The optimizers that make an update together with the first, which is about to step.

    Those that have gradients by now, as where there is one for each kind of layer. One whose
    parameters are the first's too is an old one, or a shell around it.
    """
    own = {id(each) for each in _parameters(first)}
    others = [
        item
        for item in alive
        if item is not first
        and "_optimizer_step_pre_hooks" in item.__dict__
        and any(each.grad is not None for each in _parameters(item))
        and own.isdisjoint({id(each) for each in _parameters(item)})
    ]
    seen: set[frozenset[int]] = set()
    distinct = []
    for item in others:
        key = frozenset(id(each) for each in _parameters(item))
        if key not in seen:
            seen.add(key)
            distinct.append(item)
    return [first, *distinct]


def outermost(optimizer: Optimizer, alive: Sequence[Optimizer]) -> Any:
    """The optimizer around this one around which there is no other; itself, if there is none."""
    for item in alive:
        if item is not optimizer and any(each is optimizer for each in item.__dict__.values()):
            return outermost(item, [each for each in alive if each is not optimizer])
    return optimizer


def roots_of(optimizers: Sequence[Optimizer], modules: Sequence[nn.Module]) -> list[nn.Module]:
    """The modules that own the parameters of these optimizers, and are in no other."""
    trained = {id(each) for item in optimizers for each in _parameters(item)}
    parents: dict[int, list[nn.Module]] = {}
    for module in modules:
        for child in module.__dict__.get("_modules", {}).values():
            if child is not None:
                parents.setdefault(id(child), []).append(module)
    roots: dict[int, nn.Module] = {}
    seen: set[int] = set()
    waiting = [module for module in modules if _owns(module, trained)]
    while waiting:
        module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        above = parents.get(id(module), [])
        waiting += above
        if not above:
            roots[id(module)] = module
    return [module for module in modules if id(module) in roots]


def _owns(module: nn.Module, trained: set[int]) -> bool:
    own = module.__dict__.get("_parameters", {})
    return any(id(each) in trained for each in own.values())


def _parameters(optimizer: Optimizer) -> list[Any]:
    groups = optimizer.__dict__.get("param_groups", ())
    return [each for group in groups for each in group["params"]]
