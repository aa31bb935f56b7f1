"""In which rounds of a loop an `if` lets an update come that asks a count: `(i + 1) % n == 0`."""

from __future__ import annotations

import ast
import operator
from collections import ChainMap
from typing import Any, Callable

from autolrs._data.static_value import Scope, UnknownError, value_of, whole_number

MOST_ROUNDS = 50_000
"""Each takes some 20 µs to think through."""

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def periodic_test(loop: ast.stmt, line: int) -> ast.expr | None:
    """What an `if` within the loop and around a line asks for, if it is a remainder.

    Of several the innermost; what is written in an `else` is asked for the other way round.
    """
    tests = [
        part
        for part in ast.walk(loop)
        if isinstance(part, ast.If)
        and part.lineno <= line <= (part.end_lineno or 0)
        and any(isinstance(each, ast.Mod) for each in ast.walk(part.test))
    ]
    if not tests:
        return None
    inner = tests[-1]
    is_else = inner.orelse and inner.orelse[0].lineno <= line
    return ast.UnaryOp(ast.Not(), inner.test, **_place(inner.test)) if is_else else inner.test


def rounds_where(
    test: ast.expr, loop: ast.For | ast.While, rounds: int, scope: Scope
) -> list[int] | None:
    """The rounds, from 0 on, in which a test holds; None if that cannot be said.

    Args:
        test: What is asked for in each.
        loop: It counts by `enumerate` or by a range that begins at 0, and nothing else sets that.
        rounds: How many there are.
        scope: The present values.
    """
    counter = _counter_of(loop)
    if counter is None or rounds > MOST_ROUNDS:
        return None
    name, start = counter
    names: dict[str, Any] = {}
    here = Scope(ChainMap(names, scope.own), scope.shared)  # type: ignore[arg-type]
    found = []
    try:
        for at in range(rounds):
            names[name] = start + at
            if _holds(test, here):
                found.append(at)
    except UnknownError:
        return None
    return found


def _counter_of(loop: ast.For | ast.While) -> tuple[str, int] | None:
    """The name that counts the rounds, and its first value."""
    if not isinstance(loop, ast.For):
        return None
    target: ast.expr = loop.target
    over: Any = loop.iter
    while _is_call(over, "tqdm") and over.args:
        over = over.args[0]
    if _is_call(over, "enumerate") and isinstance(target, ast.Tuple):
        name, start = target.elts[0], _start_of(over)
    elif _is_call(over, "range") and len(over.args) == 1:
        name, start = target, 0
    else:
        return None
    if not isinstance(name, ast.Name) or start is None:
        return None
    is_set_again = any(
        isinstance(part, ast.Name) and part.id == name.id and not isinstance(part.ctx, ast.Load)
        for item in loop.body
        for part in ast.walk(item)
    )
    return None if is_set_again else (name.id, start)


def _start_of(call: Any) -> int | None:
    given = [*call.args[1:], *(each.value for each in call.keywords)]
    if not given:
        return 0
    return whole_number(given[0].value) if isinstance(given[0], ast.Constant) else None


def _is_call(node: Any, name: str) -> bool:
    return isinstance(node, ast.Call) and (
        getattr(node.func, "id", None) == name or getattr(node.func, "attr", None) == name
    )


def _holds(test: ast.expr, scope: Scope) -> bool:
    """Whether it does. Comparisons of numbers, and what is made of them.

    Raises:
        UnknownError: That cannot be said without running something.
    """
    if isinstance(test, ast.BoolOp):
        parts = [_holds(each, scope) for each in test.values]
        return all(parts) if isinstance(test.op, ast.And) else any(parts)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return not _holds(test.operand, scope)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _COMPARED:
        sides = [value_of(each, scope) for each in (test.left, test.comparators[0])]
        if all(type(each) in (int, float, bool) for each in sides):
            return _COMPARED[type(test.ops[0])](*sides)
        raise UnknownError(test)
    value = value_of(test, scope)
    if type(value) in (int, bool) or value is None:
        return bool(value)
    raise UnknownError(test)


def _place(node: ast.expr) -> dict[str, int]:
    return {"lineno": node.lineno, "col_offset": node.col_offset}
