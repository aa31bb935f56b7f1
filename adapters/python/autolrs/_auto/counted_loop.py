"""How many updates a loop makes that ends by a counter: `while step < steps`, or a `break`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autolrs._data.static_value import Scope, UnknownError, value_of, whole_number

_ENDS: dict[type[ast.cmpop], str] = {ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}
_GOES_ON: dict[type[ast.cmpop], str] = {ast.Lt: ">=", ast.LtE: ">", ast.NotEq: "=="}
"""The loop goes on while this holds: so it ends by the other."""

_TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}


class _Exit(NamedTuple):
    """The loop ends where a counter stands so to a limit."""

    counter: str
    relation: str
    limit: int


def updates_by_counter(
    outer: ast.stmt, body: Sequence[ast.stmt], tests: Sequence[ast.expr], line: int, scope: Scope
) -> tuple[int | None, int | None]:
    """How many updates come, the present one among them.

    Args:
        outer: The outermost loop around the update. A counter that is set in it otherwise than by
            its own step is none: it begins anew.
        body: Of the innermost loop around the update.
        tests: What `while` loops around it ask.
        line: Where the update stands.
        scope: The present values.

    Returns:
        By what the body asks, and by what the loops ask; None where that is not a counter.
    """
    at = next((i for i, item in enumerate(body) if _holds(item, line)), None)
    if at is None:
        return None, None
    steps: dict[str, int] = {}
    inner: list[int] = []
    for item in [*body[at + 1 :], *body[: at + 1]]:
        counter = _increment(item)
        if counter is not None and _times_set(outer, counter[0]) == 1:
            steps[counter[0]] = steps.get(counter[0], 0) + counter[1]
    so_far: dict[str, int] = {}
    for item in [*body[at + 1 :], *body[:at]]:
        counter = _increment(item)
        if counter is not None:
            so_far[counter[0]] = so_far.get(counter[0], 0) + counter[1]
        inner += _rounds(_breaks(item, scope), so_far, steps, scope)
    # A `while` is asked once the body is through: all of its counters have moved on.
    after = {name: _sum(body[at + 1 :], name) for name in steps}
    by_tests = _rounds(
        (each for test in tests for each in _exits(test, _GOES_ON, scope)), after, steps, scope
    )
    return min(inner, default=None), min(by_tests, default=None)


def _rounds(
    exits: Iterator[_Exit], ahead: dict[str, int], steps: dict[str, int], scope: Scope
) -> list[int]:
    rounds = []
    for each in exits:
        step = steps.get(each.counter, 0)
        now = whole_number(scope.own.get(each.counter, scope.shared.get(each.counter)))
        if step <= 0 or now is None:
            continue
        missing = each.limit - now - ahead.get(each.counter, 0)
        if each.relation == ">":
            more = missing // step + 1
        elif each.relation == "==" and (missing < 0 or missing % step):
            continue  # it is never met
        else:
            more = -(-missing // step)
        rounds.append(max(0, more) + 1)
    return rounds


def _breaks(item: ast.stmt, scope: Scope) -> Iterator[_Exit]:
    if isinstance(item, ast.If) and any(
        isinstance(part, (ast.Break, ast.Return)) for part in item.body
    ):
        yield from _exits(item.test, _ENDS, scope)


def _exits(test: ast.expr, relations: dict[type[ast.cmpop], str], scope: Scope) -> Iterator[_Exit]:
    """Those of a test, of which either part is enough to end the loop."""
    parts = [test]
    if isinstance(test, ast.BoolOp):
        is_enough = (
            isinstance(test.op, ast.Or) if relations is _ENDS else isinstance(test.op, ast.And)
        )
        parts = test.values if is_enough else []
    for part in parts:
        if not isinstance(part, ast.Compare) or len(part.ops) != 1:
            continue
        left, right, kind = part.left, part.comparators[0], type(part.ops[0])
        if not isinstance(left, ast.Name):
            left, right, kind = right, left, _TURNED.get(kind, kind)
        if isinstance(left, ast.Name) and kind in relations:
            limit = _whole(right, scope)
            if limit is not None:
                yield _Exit(left.id, relations[kind], limit)


def _whole(node: ast.expr, scope: Scope) -> int | None:
    try:
        value: Any = value_of(node, scope)
    except UnknownError:
        return None
    if type(value) is float and value.is_integer():
        return int(value)
    return whole_number(value)


def _increment(item: ast.stmt) -> tuple[str, int] | None:
    """The counter that a statement moves on, and by how much."""
    target: ast.expr
    if isinstance(item, ast.AugAssign) and isinstance(item.op, ast.Add):
        target, amount = item.target, item.value
    elif (
        isinstance(item, ast.Assign)
        and len(item.targets) == 1
        and isinstance(item.value, ast.BinOp)
        and isinstance(item.value.op, ast.Add)
        and ast.dump(item.value.left).replace("Load", "Store") == ast.dump(item.targets[0])
    ):
        target, amount = item.targets[0], item.value.right
    else:
        return None
    if not isinstance(target, ast.Name) or not isinstance(amount, ast.Constant):
        return None
    return (target.id, amount.value) if type(amount.value) is int else None


def _times_set(loop: ast.stmt, name: str) -> int:
    """How often a name is a target within a loop."""
    return sum(
        isinstance(part, ast.Name)
        and part.id == name
        and isinstance(part.ctx, (ast.Store, ast.Del))
        for part in ast.walk(loop)
    )


def _sum(items: Sequence[ast.stmt], name: str) -> int:
    found = [each for each in map(_increment, items) if each is not None]
    return sum(amount for counter, amount in found if counter == name)


def _holds(item: ast.stmt, line: int) -> bool:
    return item.lineno <= line <= (item.end_lineno or item.lineno)
