"""Errors of Python that no learning rate provokes: the script has to be fixed, whatever is tried.

Careful on purpose: what a guard against losses that are not finite may lead to is none of them.
"""

from __future__ import annotations

import dis
import os
import re
import traceback
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

_KINDS = (
    AttributeError,
    ImportError,
    IndentationError,
    ModuleNotFoundError,
    NameError,
    SyntaxError,
    TypeError,
)

_OF_A_SIGNATURE = re.compile(
    r"missing \d+ required|unexpected keyword|(takes|expected) .*(positional )?argument|"
    r"is an invalid keyword|got multiple values"
)
"""A call that no argument's value could make right. Other type errors may come of what was left
out because it was not finite."""

_OF_A_MISSING_MODULE = re.compile(r"^cannot import name|^No module named")

_OF_A_GUARD = re.compile(r"None|float|\bint\b|complex|bool|nan\b|inf\b|shutting down")
"""What a function returns, or a sum still is, where it has left out all that was not finite; and
what a root of a negative number is."""

_HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_PACKAGES = re.compile(r"[\\/](site|dist)-packages[\\/]")


def bug_in(error: BaseException) -> str | None:
    """A sentence about a plain bug of the script, and where it is; None if it may be another.

    By the type itself: a library's own is made on purpose, and may mean anything.
    """
    first: BaseException | None = error
    while first is not None:
        if type(first) not in _KINDS or not _is_plain(first):
            return None
        # One raised while another was handled: that one may have been provoked.
        first = first.__cause__ or first.__context__
    words = traceback.format_exception_only(type(error), error)[-1].strip()
    return f"fix the script{_place(error)}: {words} (no learning rate provokes that)"


def _is_plain(error: BaseException) -> bool:
    said = str(error)
    if _OF_A_GUARD.search(said) or _is_ours(error):
        return False
    if isinstance(error, TypeError):
        return _OF_A_SIGNATURE.search(said) is not None
    if isinstance(error, ImportError):
        return _OF_A_MISSING_MODULE.search(said) is not None
    if isinstance(error, (NameError, AttributeError)):
        return not _may_be_set(error)
    return True


def _is_ours(error: BaseException) -> bool:
    """Raised by the adapter: then it says itself what it means."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(_HERE)


def _may_be_set(error: BaseException) -> bool:
    """Whether a name is set somewhere: in a loop, say, that has left out all its batches."""
    name = re.search(r"(?:name|attribute) '(\w+)'", str(error))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if name is None or not frames:
        return True
    frame: FrameType = frames[-1]
    codes = [each.f_code for each in frames if each.f_globals is frame.f_globals]
    kinds = type(getattr(error, "obj", None)).__mro__  # Python 3.10 and newer
    codes += [each.__code__ for kind in kinds for each in vars(kind).values() if _has_code(each)]
    return any(
        item.opname.startswith(("STORE_", "DELETE_")) and item.argval == name[1]
        for outer in codes
        for code in _within(outer)
        for item in dis.get_instructions(code)
    )


def _has_code(value: Any) -> bool:
    return isinstance(getattr(value, "__code__", None), CodeType)


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _within(item)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        each
        for each in frames
        if not each.filename.startswith((_HERE, "<")) and not _PACKAGES.search(each.filename)
    ]
    return f" in {own[-1].filename}, line {own[-1].lineno}" if own else ""
