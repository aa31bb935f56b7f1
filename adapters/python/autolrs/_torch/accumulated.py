"""How many updates a loop over batches makes whose source says in which rounds one comes."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from types import FrameType
from typing import Any

from torch.amp import GradScaler

from autolrs._auto.periodic import rounds_where
from autolrs._data.loop_detection import script_frames
from autolrs._data.loop_length import UncountableError, name_of
from autolrs._data.static_value import Scope, UnknownError, value_of


def updates_by_source(optimizers: Sequence[Any], rounds: int) -> int | None:
    """The updates that the loop makes which asks for its first batch; None if all rounds make one.

    Args:
        optimizers: What the script knows them by.
        rounds: Of the loop.

    Raises:
        UncountableError: An `if` that asks for a remainder stands around the update, and in which
            rounds it holds cannot be said.
    """
    frame = next(iter(script_frames()), None)
    loop = None if frame is None else _loop_of(frame)
    if frame is None or loop is None:
        return None
    scope = Scope(frame.f_locals, frame.f_globals)
    found = _if_around_update(loop, optimizers, scope)
    if found is None:
        return None
    others = _updates_beside(found, loop, optimizers, scope)
    if others and not _is_under_comparison(others, found, loop):
        return None  # as a GAN, whose other network is updated in each round
    test = found.test
    made = None if others else rounds_where(test, loop, rounds, scope)
    if made is None:
        raise UncountableError(name_of(ast.unparse(test), test, frame))
    return len(made)


def _loop_of(frame: FrameType) -> ast.For | None:
    """The innermost `for` whose head is being executed."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    heads = [
        part
        for part in ast.walk(tree)
        if isinstance(part, ast.For)
        and part.lineno <= frame.f_lineno <= (part.iter.end_lineno or part.lineno)
    ]
    return heads[-1] if heads else None


def _if_around_update(loop: ast.For, optimizers: Sequence[Any], scope: Scope) -> ast.If | None:
    """The innermost `if` in whose body an update stands, of those that ask for a remainder."""
    found = None
    for part in ast.walk(loop):
        if not isinstance(part, ast.If) or not any(
            isinstance(each, ast.Mod) for each in ast.walk(part.test)
        ):
            continue
        if any(_is_update(each, optimizers, scope) for each in _parts_of(part.body)):
            found = part
    return found


def _updates_beside(
    found: ast.If, loop: ast.For, optimizers: Sequence[Any], scope: Scope
) -> list[ast.AST]:
    """The updates of a loop that stand elsewhere than in the body of an `if`."""
    inside = {id(each) for each in _parts_of(found.body)}
    return [
        each
        for each in ast.walk(loop)
        if id(each) not in inside and _is_update(each, optimizers, scope)
    ]


def _is_under_comparison(updates: Sequence[ast.AST], found: ast.If, loop: ast.For) -> bool:
    """Whether each of these updates is one of some rounds only, as that of the last batch is."""
    under = {
        id(each)
        for part in ast.walk(loop)
        if isinstance(part, ast.If)
        and part is not found
        and any(isinstance(each, ast.Compare) for each in ast.walk(part.test))
        for each in _parts_of([*part.body, *part.orelse])
    }
    return all(id(each) in under for each in updates)


def _parts_of(body: Sequence[ast.stmt]) -> list[ast.AST]:
    return [each for item in body for each in ast.walk(item)]


def _is_update(node: ast.AST, optimizers: Sequence[Any], scope: Scope) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    if node.func.attr != "step":
        return False
    try:
        held = value_of(node.func.value, scope)
    except UnknownError:
        return False
    return isinstance(held, GradScaler) or any(held is each for each in optimizers)
