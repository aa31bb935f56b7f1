"""How often a script fits one model: by the loops around its `fit`."""

from __future__ import annotations

import ast
import math
from types import FrameType, ModuleType
from typing import Any

from autolrs._data.loop_detection import loops_around, script_frames
from autolrs._data.loop_length import UncountableError, length_of_loop, loops_in


def fits_ahead(model: Any) -> int | None:
    """How often the present `fit` comes, for this model; None where a loop cannot be counted.

    A loop that makes its model anew in each round trains another one each time.
    """
    fits = 1
    is_made_inside = False
    for frame in script_frames():
        named, held = _names_of(model, frame)
        heads = loops_around(frame.f_code, frame.f_lasti)
        if heads:
            try:
                loops = loops_in(frame, heads, through_choices=True)
                kept = [
                    loop
                    for loop in loops
                    if not (
                        _makes_anew(loop, named or held, frame)
                        if named or held
                        else is_made_inside
                    )
                ]
                fits *= math.prod(length_of_loop(loop, frame) for loop in kept)
            except UncountableError:
                return None
        is_made_inside = is_made_inside or _makes_it(frame, named, held)
    return fits


def _names_of(model: Any, frame: FrameType) -> tuple[dict[str, str], dict[str, str]]:
    """The variables of a function that are the model, and those that hold it.

    Returns:
        Of both, by name, what in the source is the model: `model`; `self.model`, `nets['a']`.
    """
    named: dict[str, str] = {}
    held: dict[str, str] = {}
    for name, value in [*frame.f_globals.items(), *frame.f_locals.items()]:
        places: list[str] = []
        parts: Any
        if value is model:
            named[name] = name
        elif isinstance(value, (dict, list, tuple)):
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            places = [f"{name}[{key!r}]" for key, part in parts if part is model]
        elif not isinstance(value, (ModuleType, type)):
            parts = [*_attributes_of(value).items()]
            places = [f"{name}.{key}" for key, part in parts if part is model]
        if places:
            held[name] = places[0]
    return named, held


def _attributes_of(value: Any) -> dict[str, Any]:
    try:
        own = value.__dict__
    except Exception:  # it may be anything, as what stands for an object that is not there yet
        return {}
    return own if isinstance(own, dict) else {}


def _makes_it(frame: FrameType, named: dict[str, str], held: dict[str, str]) -> bool:
    """Whether a function has the model from nowhere but its own body."""
    code = frame.f_code
    if code.co_name == "<module>":
        return False
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    inner = set(code.co_varnames) - set(arguments)
    return bool(named) and {*named, *held} <= inner


def _makes_anew(loop: ast.stmt, names: dict[str, str], frame: FrameType) -> bool:
    """Whether each round of a loop has a model of its own, or compiles the one that there is.

    Args:
        loop: Around the fit.
        names: What is the model, or else holds it.
        frame: Of the loop.
    """
    parts: list[Any] = [*ast.walk(loop)]
    own: set[str] = set()
    for part in parts:
        is_place = isinstance(part, (ast.Name, ast.Attribute, ast.Subscript))
        if is_place and not isinstance(part.ctx, ast.Load):
            own.add(ast.unparse(part))
        is_compile = isinstance(part, ast.Attribute) and part.attr == "compile"
        if is_compile and not _is_module(part.value, frame):
            return True
    for part in parts:  # `nets[i]`, another one in each round
        if isinstance(part, ast.Subscript) and own & _names_in(part.slice):
            own.add(ast.unparse(part.value))
    return all(name in own or place in own for name, place in names.items())


def _is_module(node: ast.expr, frame: FrameType) -> bool:
    """Whether a name is that of a module: `re.compile` is no model's."""
    if not isinstance(node, ast.Name):
        return False
    value = frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    return isinstance(value, ModuleType)


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
