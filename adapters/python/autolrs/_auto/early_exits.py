"""Ways out of a loop before its end, and whether they are shut."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autolrs._data.static_value import Scope, UnknownError, value_of

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def open_exits(loop: ast.stmt, scope: Scope) -> list[ast.stmt]:
    """The `break` and `return` of a loop that may come before its end.

    One is shut where an `if` around it asks for a switch that is off, as `if args.dry_run`, or for
    a number that none is, as `if step == args.max_steps` where that is -1.

    Args:
        loop: The innermost around the update.
        scope: The present values.
    """
    assert isinstance(loop, _LOOPS)
    return [leave for leave, tests in _exits(loop.body, ()) if not _is_shut(tests, scope)]


def _exits(
    body: list[ast.stmt], tests: tuple[ast.expr, ...]
) -> Iterator[tuple[ast.stmt, tuple[ast.expr, ...]]]:
    """Each, with what the `if`s around it ask."""
    for item in body:
        if isinstance(item, (ast.Break, ast.Return)):
            yield item, tests
        elif isinstance(item, ast.If):
            yield from _exits(item.body, (*tests, item.test))
            yield from _exits(item.orelse, tests)
        elif isinstance(item, (ast.With, ast.AsyncWith)):
            yield from _exits(item.body, tests)
        elif not isinstance(item, (*_LOOPS, *_APART)):
            for name in ("body", "orelse", "finalbody"):
                yield from _exits(getattr(item, name, []), tests)


def _is_shut(tests: tuple[ast.expr, ...], scope: Scope) -> bool:
    return any(_is_off(test, scope) or _is_never_met(test, scope) for test in tests)


def _is_off(test: ast.expr, scope: Scope) -> bool:
    parts = (
        test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    )
    for part in parts:
        if isinstance(part, (ast.Name, ast.Attribute, ast.Constant, ast.Subscript)):
            try:
                value = value_of(part, scope)
            except UnknownError:
                continue
            if value is None or (type(value) in (bool, int) and not value):
                return True
    return False


def _is_never_met(test: ast.expr, scope: Scope) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return False
    if not isinstance(test.ops[0], ast.Eq):
        return False
    for side in (test.left, test.comparators[0]):
        try:
            value = value_of(side, scope)
        except UnknownError:
            continue
        if type(value) is int and value < 0:
            return True
    return False
