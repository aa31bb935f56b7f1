"""How often the loops of a script come round, read from their source."""

from __future__ import annotations

import ast
import dis
import linecache
import math
import os
from types import FrameType, FunctionType
from typing import Any

from autolrs._data.static_value import (
    Scope,
    UnknownError,
    attribute_of,
    length_of,
    value_of,
    whole_number,
)

_WRAPPERS = {"enumerate", "list", "reversed", "sorted", "tuple", "tqdm", "track", "trange"}
"""Callables that come round as often as their first argument, or go through a range of it."""

_ENDLESS = {"count", "cycle", "repeat"}
"""Of itertools: what goes beside them ends the loop."""

_MOST_LETTERS = 60


class UncountableError(Exception):
    """How often a loop comes round cannot be known before.

    Args:
        what: The expression that could not be evaluated, and its place; None if none is to blame.
    """

    def __init__(self, what: str | None = None) -> None:
        super().__init__(what)
        self.what = what


def rounds_of(frame: FrameType, heads: frozenset[int]) -> int:
    """How often the loops that begin at `heads` come round, all together.

    Args:
        frame: The function that is in these loops.
        heads: Where they begin in its bytecode.

    Raises:
        UncountableError: It cannot be known.
    """
    return math.prod(length_of_loop(loop, frame) for loop in loops_in(frame, heads))


def loops_in(
    frame: FrameType, heads: frozenset[int], through_choices: bool = False
) -> list[ast.stmt]:
    """The loops of the source that begin at `heads` in the bytecode, outermost first.

    Args:
        frame: The function that is in these loops.
        heads: Where they begin.
        through_choices: Also where what stands between them may not come each time.

    Raises:
        UncountableError: The source does not tell.
    """
    # From 3.13 on some instructions are of no line.
    begins = {at: line for at, line in dis.findlinestarts(frame.f_code) if line is not None}
    first = min(begins, default=0)
    if any(head < first for head in heads) or not begins:
        raise UncountableError
    lines = {begins[max(at for at in begins if at <= head)] for head in heads}
    around = _loops_in_source(frame, through_choices) or []
    for ends in (_end_of_head, _end_of_endless_head):
        loops = [
            loop for loop in around if any(loop.lineno <= line <= ends(loop) for line in lines)
        ]
        if len(loops) == len(heads):
            return loops
    raise UncountableError


def length_of_loop(loop: ast.stmt, frame: FrameType) -> int:
    """How often one of them comes round.

    Raises:
        UncountableError: It cannot be known.
    """
    if not isinstance(loop, ast.For):
        head = f"while {ast.unparse(loop.test)}" if isinstance(loop, ast.While) else ""
        raise UncountableError(name_of(head, loop, frame) if head else None)
    try:
        return _length(loop.iter, Scope(frame.f_locals, frame.f_globals))
    except UnknownError as error:
        raise UncountableError(name_of(ast.unparse(error.node), error.node, frame)) from None


def name_of(text: str, node: ast.AST, frame: FrameType) -> str:
    """An expression of a script as it is quoted, with its place."""
    short = text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."
    file = os.path.basename(frame.f_code.co_filename)
    return f'"{short}" in {file}, line {getattr(node, "lineno", frame.f_lineno)}'


def _loops_in_source(frame: FrameType, through_choices: bool) -> list[ast.stmt] | None:
    """The loops whose bodies hold the present line, outermost first.

    None if the source is not there, or if what stands between them may not come each time and is
    not to be gone through.
    """
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    loops: list[ast.stmt] = []
    at = frame.f_lineno
    body: list[ast.stmt] = tree.body
    while True:
        holder = next(
            (item for item in body if _begin(item) <= at <= (item.end_lineno or 0)), None
        )
        if holder is None:
            return None
        parts = [getattr(holder, name, None) for name in ("body", "orelse", "finalbody")]
        inner = next(
            (part for part in parts if part and part[0].lineno <= at <= part[-1].end_lineno), None
        )
        if inner is None or (at == holder.lineno and not _is_one_line(holder)):
            is_chosen = loops and _is_choosing(holder) and not through_choices
            return None if is_chosen else loops
        if isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            loops = []
        elif isinstance(holder, (ast.For, ast.AsyncFor, ast.While)):
            loops.append(holder)
        elif loops and not (
            through_choices or isinstance(holder, (ast.With, ast.AsyncWith, ast.Try))
        ):
            return None
        body = inner


def _end_of_head(loop: ast.stmt) -> int:
    head = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else loop
    return head.end_lineno or head.lineno


def _end_of_endless_head(loop: ast.stmt) -> int:
    """As above; but `while True` asks nothing, and its bytecode begins with its body."""
    if isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant):
        return _begin(loop.body[0])
    return _end_of_head(loop)


def _begin(item: ast.stmt) -> int:
    decorators = getattr(item, "decorator_list", None)
    return decorators[0].lineno if decorators else item.lineno


def _is_one_line(item: ast.stmt) -> bool:
    return item.lineno == item.end_lineno


def _is_choosing(item: ast.stmt) -> bool:
    """Whether the head of a statement has a part that is not always evaluated."""
    head = item.iter if isinstance(item, (ast.For, ast.AsyncFor)) else item
    kinds = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp)
    return any(isinstance(part, kinds) for part in ast.walk(head))


def _length(node: ast.expr, scope: Scope) -> int:
    """How many items there are in what a `for` goes through."""
    if isinstance(node, (ast.List, ast.Tuple)):
        if any(isinstance(item, ast.Starred) for item in node.elts):
            raise UnknownError(node)
        return len(node.elts)
    if isinstance(node, ast.Call):
        name = _name_of(node.func)
        if name in ("range", "trange") and _is_builtin(node.func, scope):
            return _length_of_range(node, scope)
        if name in _WRAPPERS and node.args:
            return _length(node.args[0], scope)
        if name == "zip" and node.args:
            return _length_of_zip(node, scope)
    value = value_of(node, scope)
    if type(value).__module__.partition(".")[0] == "tqdm":
        value = attribute_of(value, "iterable", node)
    length = None if issubclass(type(value), str) else length_of(value)
    if length is None:
        raise UnknownError(node)
    return length


def _length_of_zip(node: ast.Call, scope: Scope) -> int:
    """As long as the shortest."""
    ending = [
        item
        for item in node.args
        if not (isinstance(item, ast.Call) and _name_of(item.func) in _ENDLESS)
    ]
    if not ending:
        raise UnknownError(node)
    return min(_length(item, scope) for item in ending)


def _length_of_range(node: ast.Call, scope: Scope) -> int:
    numbers = []
    for item in node.args:
        number = whole_number(value_of(item, scope))
        if number is None:
            raise UnknownError(item)
        numbers.append(number)
    if not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:
        raise UnknownError(node)
    return len(range(*numbers))


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_builtin(function: ast.expr, scope: Scope) -> bool:
    """False where the script has a `range` of its own."""
    if not isinstance(function, ast.Name):
        return True
    try:
        own = value_of(function, scope)
    except UnknownError:  # a name of an outer function
        return True
    return own is range or _is_trange(own)


def _is_trange(function: Any) -> bool:
    return type(function) is FunctionType and function.__name__ == "trange"
