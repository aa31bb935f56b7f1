"""Which loops of a script stand around a call, and how often they come round.

A loop is found in the bytecode of the frames that are being executed: the call can be reached from
itself. How often a `for` comes round is read from its source, and not always known.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import linecache
import math
import os
import sys
import sysconfig
from collections import namedtuple
from functools import cache
from types import CodeType, FrameType, FunctionType, MemberDescriptorType
from typing import Any, NamedTuple

_HERE = __file__.rpartition("_data")[0]

_WRAPPERS = {"enumerate", "list", "reversed", "sorted", "tuple", "tqdm", "track", "trange"}
"""Callables that come round as often as their first argument, or go through a range of it."""

_SIZED: tuple[Any, ...] = (range, list, tuple, dict, set, frozenset, str)
"""Whose own length runs nothing of the script's."""

_FIELDS = (MemberDescriptorType, type(namedtuple("_", "x").x))  # type: ignore[attr-defined]
"""Slots, and the fields of a named tuple: computed by no code of the script's."""

_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}
_ALWAYS = {"JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_FORWARD"}
_NOT_TAKEN = {
    # To where an exception is handled: no loop goes that way.
    "SETUP_ASYNC_WITH",
    "SETUP_CLEANUP",
    "SETUP_EXCEPT",
    "SETUP_FINALLY",
    "SETUP_WITH",
    # Within an `await` or a `yield from`.
    "JUMP_BACKWARD_NO_INTERRUPT",
    "SEND",
}


class Loops(NamedTuple):
    """The loops around a call."""

    around: int
    """How many there are."""
    rounds: int | None
    """How often they come round, all together; None if it cannot be known before."""
    site: tuple[CodeType, int]
    """Where the call stands."""


class Stack:
    """Where a script stands, so that it can be told later which loops it has entered since."""

    def __init__(self) -> None:
        # By id, since to hold a frame would keep all that is in it alive.
        self._seen = {id(frame): (frame.f_code, frame.f_lasti) for frame in _frames()}

    def site(self) -> tuple[CodeType, int]:
        """Where the present call stands."""
        frame = _frames_of_script()[0]
        return frame.f_code, frame.f_lasti

    def entered(self) -> Loops:
        """The loops that stand around the present call, and stood around none at that time.

        Loops of other installed packages than the caller's do not count: they are launchers,
        notebooks and the like.
        """
        frames = _frames_of_script()
        own = _package_of(frames[0].f_code.co_filename)
        count, rounds = 0, 1
        is_known = True
        for frame in frames:
            code, at = frame.f_code, frame.f_lasti
            if _package_of(code.co_filename) not in ("", own):
                continue
            heads = loops_around(code, at)
            if id(frame) in self._seen and self._seen[id(frame)][0] is code:
                heads = heads - loops_around(code, self._seen[id(frame)][1])
            if heads:
                count += len(heads)
                times = _rounds(frame, heads)
                is_known = is_known and times is not None
                rounds *= times or 1
        site = (frames[0].f_code, frames[0].f_lasti)
        return Loops(count, rounds if is_known else None, site)


def loops_around(code: CodeType, at: int) -> frozenset[int]:
    """The loops in which an instruction stands, each by where it begins.

    Args:
        code: The function.
        at: Where the instruction stands; a `for` that asks for its next item stands around itself.
    """
    after, jumps = _flow(code)
    # In between there are caches: a call may stand at the last of its own.
    at = max((offset for offset in after if offset <= at), default=-1)
    if at < 0:  # it has not begun
        return frozenset()
    reached = _reachable(after, at)
    return frozenset(
        head
        for source, head in jumps
        # The loop that asks a generator for its next item does not stand around what it does.
        if head <= at and source in reached and head != at and at in _reachable(after, head)
    )


def _flow(code: CodeType) -> tuple[dict[int, list[int]], list[tuple[int, int]]]:
    """What may follow each instruction, and the jumps that go back."""
    after: dict[int, list[int]] = {}
    jumps: list[tuple[int, int]] = []
    instructions = list(dis.get_instructions(code))
    is_jump = set(dis.hasjrel) | set(dis.hasjabs)
    for item, following in zip(instructions, [*instructions[1:], None]):
        name = item.opname
        targets = after[item.offset] = []
        if name not in _ENDS and name not in _ALWAYS and following is not None:
            targets.append(following.offset)
        if item.opcode in is_jump and name not in _NOT_TAKEN:
            targets.append(item.argval)
            if item.argval <= item.offset:
                jumps.append((item.offset, item.argval))
    return after, jumps


def _reachable(after: dict[int, list[int]], start: int) -> set[int]:
    """What can come after an instruction; itself, if it is in a loop."""
    found: set[int] = set()
    waiting = [*after[start]]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += after.get(at, ())
    return found


def _rounds(frame: FrameType, heads: frozenset[int]) -> int | None:
    """How often the loops that begin at `heads` come round, all together."""
    # From 3.13 on some instructions are of no line.
    begins = {at: line for at, line in dis.findlinestarts(frame.f_code) if line is not None}
    first = min(begins, default=0)
    if any(head < first for head in heads) or not begins:
        return None
    lines = {begins[max(at for at in begins if at <= head)] for head in heads}
    loops = [
        loop
        for loop in _loops_in_source(frame) or []
        if any(loop.lineno <= line <= _end_of_head(loop) for line in lines)
    ]
    if len(loops) != len(heads):
        return None
    rounds = 1
    for loop in loops:
        times = _length(loop.iter, frame) if isinstance(loop, ast.For) else None
        if times is None:
            return None
        rounds *= times
    return rounds


def _loops_in_source(frame: FrameType) -> list[ast.stmt] | None:
    """The loops whose bodies hold the present line, outermost first.

    None if the source is not there, or if what stands between them may not come each time.
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
            return None if loops and _is_choosing(holder) else loops
        if isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            loops = []
        elif isinstance(holder, (ast.For, ast.AsyncFor, ast.While)):
            loops.append(holder)
        elif loops and not isinstance(holder, (ast.With, ast.AsyncWith, ast.Try)):
            return None
        body = inner


def _end_of_head(loop: ast.stmt) -> int:
    head = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else loop
    return head.end_lineno or head.lineno


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


def _length(node: ast.expr, frame: FrameType) -> int | None:
    """How many items there are in what a `for` goes through."""
    if isinstance(node, (ast.List, ast.Tuple)):
        is_plain = not any(isinstance(item, ast.Starred) for item in node.elts)
        return len(node.elts) if is_plain else None
    if isinstance(node, ast.Call):
        name = _name_of(node.func)
        numbers = [_value(item, frame) for item in node.args]
        if name in ("range", "trange") and _is_builtin(node.func, frame):
            are_whole = 1 <= len(numbers) <= 3 and all(type(number) is int for number in numbers)
            return len(range(*numbers)) if are_whole and numbers[2:] != [0] else None
        return _length(node.args[0], frame) if name in _WRAPPERS and node.args else None
    value = _value(node, frame)
    if type(value).__module__.partition(".")[0] == "tqdm":
        value = _attribute(value, "iterable")
    return None if issubclass(type(value), str) else _len(value)


def _value(node: ast.expr, frame: FrameType) -> Any:
    """What an expression stands for, if that can be said without running anything; else None.

    So nothing of the script's own is asked: a property or a `len` may do whatever it likes.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals):
            if node.id in names:
                return names[node.id]
        return None
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        return None if owner is None else _attribute(owner, node.attr)
    if isinstance(node, ast.Subscript):
        return _item(_value(node.value, frame), _value(node.slice, frame))
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        value, name = _value(node.args[0], frame), _name_of(node.func)
        if name == "len":
            return _len(value)
        return int(value) if name == "int" and _is_finite_number(value) else None
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, frame), _value(node.right, frame)
        if _is_finite_number(left) and _is_finite_number(right):
            try:
                return _result(node.op, left, right)
            except (ZeroDivisionError, OverflowError):
                return None
    return None


def _attribute(owner: Any, name: str) -> Any:
    """What an object, or its class, has under a name as it is; None if that would be computed."""
    value = inspect.getattr_static(owner, name, None)
    kind = type(value)
    if kind in _FIELDS and not isinstance(owner, type):
        try:
            return value.__get__(owner)
        except AttributeError:  # it is not set
            return None
    return value if inspect.getattr_static(kind, "__get__", None) is None else None


def _item(owner: Any, key: Any) -> Any:
    if issubclass(type(owner), dict):
        return dict.get(owner, key) if type(key) in (str, int) else None
    for kind in (list, tuple):
        if issubclass(type(owner), kind) and type(key) is int:
            length = kind.__len__(owner)
            return kind.__getitem__(owner, key) if -length <= key < length else None
    return None


def _len(value: Any) -> int | None:
    """The length of what is built in, or of a kind made of it."""
    return next((kind.__len__(value) for kind in _SIZED if issubclass(type(value), kind)), None)


def _is_finite_number(value: Any) -> bool:
    return type(value) in (int, float, bool) and math.isfinite(value)


def _result(operator: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.FloorDiv):
        return left // right
    return left / right if isinstance(operator, ast.Div) else None


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_builtin(function: ast.expr, frame: FrameType) -> bool:
    """False where the script has a `range` of its own."""
    own = _value(function, frame) if isinstance(function, ast.Name) else None
    return own is None or own is builtins.range or _is_trange(own)


def _is_trange(function: Any) -> bool:
    return type(function) is FunctionType and function.__name__ == "trange"


def _package_of(path: str) -> str:
    """The installed package that a file is of; empty for a script's own."""
    for folder in ("site-packages", "dist-packages"):
        before, found, after = path.replace(os.sep, "/").rpartition(f"/{folder}/")
        if found:
            return f"{before}/{after.partition('/')[0]}"
    return "python" if path.startswith(("<frozen", *_standard())) else ""


@cache
def _standard() -> tuple[str, ...]:
    return tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))


def _frames_of_script() -> list[FrameType]:
    return [frame for frame in _frames() if not frame.f_code.co_filename.startswith(_HERE)]


def _frames() -> list[FrameType]:
    frames: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames
