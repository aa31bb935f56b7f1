"""How many updates a script means to make: by its framework, by its loops, by its scheduler."""

from __future__ import annotations

import ast
import math
import os
import sys
from collections.abc import Sequence
from functools import partial
from types import CodeType, FrameType, FunctionType
from typing import Any

from autolrs._auto.counted_loop import updates_by_counter
from autolrs._auto.early_exits import open_exits
from autolrs._auto.frameworks import total_of_framework
from autolrs._auto.periodic import periodic_test, rounds_where
from autolrs._auto.session import Total
from autolrs._data.loop_detection import loops_around, script_frames
from autolrs._data.loop_length import UncountableError, length_of_loop, loops_in, name_of
from autolrs._data.static_value import Scope
from autolrs._torch.session import updates_in
from autolrs._torch_lr.schedulers import schedulers_of

Places = dict[tuple[tuple[CodeType, int], ...], int]
"""How often `backward` was called before the first update, by where the script stood: code and
instruction of each frame, innermost first."""


def total_of(optimizers: Sequence[Any], places: Places) -> Total:
    """How many updates the script means to make. To be called from within the first one.

    Args:
        optimizers: What the script knows them by, too.
        places: Of the first update's `backward`.
    """
    try:
        by_framework = total_of_framework()
        if by_framework is not None:
            return Total(by_framework)
        by_loops, uncounted = _by_loops(places), None
    except UncountableError as error:
        by_loops, uncounted = None, error.what
    except Exception:  # a stranger's source may be anything; then nothing is known of it
        by_loops, uncounted = None, None
    updates = by_loops or _by_schedulers(schedulers_of(optimizers))
    return Total(updates, uncounted if updates is None else None)


def _by_loops(places: Places) -> int | None:
    """What the loops around the present update come to.

    Raises:
        UncountableError: One of them cannot be counted.
    """
    updates: int | None = None
    for frame in script_frames():
        heads = loops_around(frame.f_code, frame.f_lasti)
        if not heads:
            continue
        loops = loops_in(frame, heads, through_choices=True)
        if updates is None and _is_over_optimizers(loops[-1], frame.f_lineno):
            loops = loops[:-1]
        if not loops:
            continue
        if updates is None:
            updates = _innermost(loops, frame, _batches_per_update(frame, heads, places))
        else:
            updates *= math.prod(length_of_loop(loop, frame) for loop in loops)
    return updates


def _innermost(loops: Sequence[ast.stmt], frame: FrameType, batches: int) -> int:
    """The updates that the loops of the innermost function make.

    Raises:
        UncountableError: It cannot be known.
    """
    last = loops[-1]
    assert isinstance(last, (ast.For, ast.While))
    tests = [loop.test for loop in loops if isinstance(loop, ast.While)]
    scope = Scope(frame.f_locals, frame.f_globals)
    by_body, by_tests = updates_by_counter(loops[0], last.body, tests, frame.f_lineno, scope)
    if batches == 1 and by_body is not None:
        rounds = None if tests else _product(loops, frame)
        return min(each for each in (by_body, by_tests, rounds) if each is not None)
    exits = open_exits(last, scope)
    if exits:
        where = os.path.basename(frame.f_code.co_filename)
        raise UncountableError(f'"{_word_of(exits[0])}" in {where}, line {exits[0].lineno}')
    if tests and by_tests is not None and batches == 1:
        if last in loops and isinstance(last, ast.While):
            return by_tests
        inner = length_of_loop(last, frame)
        return math.ceil(by_tests / inner) * inner
    rounds = length_of_loop(last, frame)
    outer = math.prod(length_of_loop(loop, frame) for loop in loops[:-1])
    return outer * _updates_in(rounds, batches, last, frame)


def _word_of(item: ast.stmt) -> str:
    return "break" if isinstance(item, ast.Break) else "return"


def _product(loops: Sequence[ast.stmt], frame: FrameType) -> int | None:
    """The rounds of all of them, if they can be counted."""
    try:
        return math.prod(length_of_loop(loop, frame) for loop in loops)
    except UncountableError:
        return None


def _updates_in(rounds: int, batches: int, loop: ast.For | ast.While, frame: FrameType) -> int:
    """The updates in one round of the innermost loop.

    Raises:
        UncountableError: An update may take more batches than the first one took.
    """
    by_accelerate = updates_in(rounds)
    if by_accelerate != rounds:
        return by_accelerate
    test = periodic_test(loop, frame.f_lineno)
    if test is not None:
        made = rounds_where(test, loop, rounds, Scope(frame.f_locals, frame.f_globals))
        if made is not None and made[:1] == [batches - 1]:
            return len(made)
    if rounds % batches != 0 or (batches == 1 and test is not None):
        named = None if test is None else name_of(ast.unparse(test), test, frame)
        raise UncountableError(named)
    return rounds // batches


def _is_over_optimizers(loop: ast.stmt, line: int) -> bool:
    """Whether a loop goes through what steps: `for optimizer in optimizers: optimizer.step()`."""
    return (
        isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Name)
        and any(
            isinstance(part, ast.Attribute)
            and part.attr == "step"
            and part.lineno <= line <= (part.end_lineno or 0)
            and isinstance(part.value, ast.Name)
            and part.value.id == loop.target.id
            for part in ast.walk(loop)
        )
    )


def _batches_per_update(frame: FrameType, heads: frozenset[int], places: Places) -> int:
    """How many rounds of the innermost loop the first update has taken."""
    counts = [1]
    for stack, count in places.items():
        depth = next((i for i, (code, _) in enumerate(stack) if code is frame.f_code), None)
        if depth is None:
            continue
        # A loop of its own, between two updates, makes no round of those around the update: here,
        # or in what is called from here.
        is_inner = any(loops_around(code, at) for code, at in _of_script(stack[:depth]))
        if loops_around(*stack[depth]) == heads and not is_inner:
            counts.append(count)
    return max(counts)


def _of_script(stack: Sequence[tuple[CodeType, int]]) -> list[tuple[CodeType, int]]:
    return [(code, at) for code, at in stack if "-packages" not in code.co_filename]


def _by_schedulers(schedulers: Sequence[Any]) -> int | None:
    """The run's length, where a scheduler goes by updates for sure and knows it."""
    for item in schedulers:
        own = getattr(item, "__dict__", {})
        if type(item).__name__ == "OneCycleLR":
            return int(own["total_steps"])
        if type(item).__name__ == "LambdaLR" and own.get("lr_lambdas"):
            steps = _training_steps(own["lr_lambdas"][0])
            if steps is not None:
                return steps
    return None


def _training_steps(function: Any) -> int | None:
    """The `num_training_steps` that a schedule of transformers was made with."""
    value = None
    if isinstance(function, partial):
        value = function.keywords.get("num_training_steps")
    elif isinstance(function, FunctionType) and function.__closure__:
        names = function.__code__.co_freevars
        cells = dict(zip(names, function.__closure__))
        if "num_training_steps" in cells:
            value = cells["num_training_steps"].cell_contents
    world = sys.modules.get("torch.distributed")
    is_alone = world is None or not (world.is_available() and world.is_initialized())
    # Accelerate steps it once for each rank.
    return int(value) if isinstance(value, int) and is_alone else None
