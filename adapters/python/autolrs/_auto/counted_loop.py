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
    asked = _Asked(outer, scope)
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
        inner += _rounds(_breaks(item, asked), so_far, steps, scope)
    # A `while` is asked once the body is through: all of its counters have moved on.
    after = {name: _sum(body[at + 1 :], name) for name in steps}
    by_tests = _rounds(
        (each for test in tests for each in asked.exits(test, _GOES_ON)), after, steps, scope
    )
    return min(inner, default=None), min(by_tests, default=None)


def _rounds(
    exits: Iterator[_Exit], ahead: dict[str, int], steps: dict[str, int], scope: Scope
) -> list[int]:
    rounds = []
    for each in exits:
        step = steps.get(each.counter, 0)
        if step <= 0:
            continue
        now = _whole(ast.parse(each.counter, mode="eval").body, scope)
        if now is None:
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


def _breaks(item: ast.stmt, asked: _Asked) -> Iterator[_Exit]:
    if isinstance(item, ast.If) and any(
        isinstance(part, (ast.Break, ast.Return)) for part in item.body
    ):
        yield from asked.exits(item.test, _ENDS)


class _Asked:
    """Reads what the tests of a loop ask of counters.

    Args:
        loop: The outermost around the update.
        scope: The present values.
    """

    def __init__(self, loop: ast.stmt, scope: Scope) -> None:
        self._loop = loop
        self._scope = scope

    def exits(self, test: ast.expr, relations: dict[type[ast.cmpop], str]) -> Iterator[_Exit]:
        """Those of a test, each of which is enough to end the loop."""
        parts = [test]
        if isinstance(test, ast.BoolOp):
            is_ends = relations is _ENDS
            is_enough = isinstance(test.op, ast.Or) if is_ends else isinstance(test.op, ast.And)
            parts = test.values
            if not is_enough:
                # All of them have to hold, or to fail: a limit that is set is asked for beside.
                parts = [each for each in parts if self._stays(each) is not is_ends]
                parts = parts if len(parts) == 1 else []
        for part in parts:
            if not isinstance(part, ast.Compare) or len(part.ops) != 1:
                continue
            left, right, kind = part.left, part.comparators[0], type(part.ops[0])
            yield from self._exit(left, kind, right, relations)
            yield from self._exit(right, _TURNED.get(kind, kind), left, relations)

    def _exit(
        self,
        counter: ast.expr,
        kind: type[ast.cmpop],
        limit: ast.expr,
        relations: dict[type[ast.cmpop], str],
    ) -> Iterator[_Exit]:
        if kind in relations and _is_place(counter):
            number = _whole(limit, self._scope)
            if number is not None:
                yield _Exit(ast.unparse(counter), relations[kind], number)

    def _stays(self, test: ast.expr) -> bool | None:
        """What a test is that the loop changes nothing of; None where that is not known."""
        is_turned, asked = False, test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            against, kind = test.comparators[0], type(test.ops[0])
            if not isinstance(against, ast.Constant) or against.value is not None:
                return None
            if kind not in (ast.Is, ast.IsNot):
                return None
            is_turned, asked = kind is ast.IsNot, test.left
        if not _is_place(asked) or _times_set(self._loop, ast.unparse(asked)):
            return None
        try:
            value = value_of(asked, self._scope)
        except UnknownError:
            return None
        if asked is not test:
            return (value is None) is not is_turned
        return bool(value) if value is None or type(value) in (bool, int) else None


def _is_place(node: ast.expr) -> bool:
    """Whether it is a name, or attributes of one: `step`, `self.step`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


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
    if not _is_place(target) or not isinstance(amount, ast.Constant):
        return None
    return (ast.unparse(target), amount.value) if type(amount.value) is int else None


def _times_set(loop: ast.stmt, place: str) -> int:
    """How often a name, or an attribute by that path, is a target within a loop.

    Args:
        loop: The loop.
        place: Such as `step`, or `self.step`: then what sets `self` sets it too.
    """
    parts = place.split(".")
    wholes = {".".join(parts[: i + 1]) for i in range(len(parts))}
    return sum(
        isinstance(part, (ast.Name, ast.Attribute))
        and isinstance(part.ctx, (ast.Store, ast.Del))
        and ast.unparse(part) in wholes
        for part in ast.walk(loop)
    )


def _sum(items: Sequence[ast.stmt], name: str) -> int:
    found = [each for each in map(_increment, items) if each is not None]
    return sum(amount for counter, amount in found if counter == name)


def _holds(item: ast.stmt, line: int) -> bool:
    return item.lineno <= line <= (item.end_lineno or item.lineno)
