"""Which loops of a script stand around a call, and how often they come round.

A loop is found in the bytecode of the frames that are being executed: the call can be reached from
itself. `loop_length` says how often it comes round.
"""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
from functools import cache
from types import CodeType, FrameType
from typing import NamedTuple

from autolrs._data.loop_length import UncountableError, rounds_of

_HERE = __file__.rpartition("_data")[0]

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
    uncounted: str | None = None
    """The expression of the script that could not be evaluated to count them, and its place."""


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
        uncounted: str | None = None
        for frame in frames:
            code, at = frame.f_code, frame.f_lasti
            if _package_of(code.co_filename) not in ("", own):
                continue
            heads = loops_around(code, at)
            if id(frame) in self._seen and self._seen[id(frame)][0] is code:
                heads = heads - loops_around(code, self._seen[id(frame)][1])
            if heads:
                count += len(heads)
                try:
                    rounds *= rounds_of(frame, heads)
                except UncountableError as error:
                    is_known = False
                    uncounted = uncounted or error.what
        site = (frames[0].f_code, frames[0].f_lasti)
        return Loops(count, rounds if is_known else None, site, uncounted)


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
    return frozenset(
        head
        for source, head in jumps
        # The loop that asks a generator for its next item does not stand around what it does. One
        # that stands beside is reached only by way of its own head, in the next round of both.
        if head < at and source in _reachable(after, at, head) and at in _reachable(after, head)
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


def _reachable(after: dict[int, list[int]], start: int, without: int = -1) -> set[int]:
    """What can come after an instruction, without another; itself, if it is in a loop."""
    found: set[int] = set()
    waiting = [*after[start]]
    while waiting:
        at = waiting.pop()
        if at not in found and at != without:
            found.add(at)
            waiting += after.get(at, ())
    return found


def script_frames() -> list[FrameType]:
    """The frames of the script, innermost first; without those of installed packages."""
    return [each for each in _frames_of_script() if not _package_of(each.f_code.co_filename)]


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
