"""A checkpoint that several processes write: a part each, and a file that says which belong to it.

That file has the checkpoint's own name and comes last, so that a checkpoint is there whole or not
at all. The tuner reads it too: size and digest of each part stand in it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from autolrs._state.atomic_write import replace_durably

FORMAT = "autolrs-parts"
"""The first key in the file. The tuner knows it by that."""

_START = f'{{"{FORMAT}":'.encode()
_OF_PATH = re.compile(r"\.[0-9a-f]{8}\.rank-\d+(\.tmp)?")


class Part(NamedTuple):
    """What one process has written."""

    name: str
    """In the folder of the checkpoint."""
    bytes: int
    sha256: str


def part_path(path: str, write: str, rank: int) -> str:
    """Where a process puts its part.

    Args:
        path: The checkpoint.
        write: Eight hex digits that no other write has, so that none touches another's parts.
        rank: The process.
    """
    return f"{path}.{write}.rank-{rank}"


def write_index(path: str, parts: Sequence[Part]) -> int:
    """Makes a checkpoint of parts that are all there; returns the bytes of its own file.

    Raises:
        OSError: It cannot be written; what was at `path` is still there.
    """
    index = {FORMAT: 1, "parts": [part._asdict() for part in parts]}
    text = json.dumps(index, separators=(",", ":")).encode()
    size = replace_durably(path, lambda file: file.write(text))
    _remove_parts(path, {part.name for part in parts})
    return size


def read_index(path: str) -> list[Part] | None:
    """The parts of a checkpoint, by rank; None if it is one file.

    Raises:
        OSError: It is not there, cannot be read, or a part of it is missing or cut off.
    """
    with open(path, "rb") as file:
        if file.read(len(_START)) != _START:
            return None
        file.seek(0)
        text = file.read()
    try:
        parts = [Part(**part) for part in json.loads(text)["parts"]]
    except (LookupError, TypeError, ValueError) as error:
        raise OSError(f"{path} cannot be read as a checkpoint: {error}") from error
    for part in parts:
        _refuse_damaged(path, part)
    return parts


def remove_checkpoint(path: str) -> None:
    """Removes a checkpoint with its parts. One that is gone is none.

    Raises:
        OSError: It cannot be removed.
    """
    with suppress(FileNotFoundError):
        os.remove(path)
    _remove_parts(path)


def remove_parts_of(path: str, write: str) -> None:
    """Removes the parts of a write that has failed."""
    kept = {name for name in _part_names(path) if f".{write}." not in name}
    with suppress(OSError):  # what cannot be removed costs room and nothing else
        _remove_parts(path, kept)


def _refuse_damaged(path: str, part: Part) -> None:
    try:
        size = os.path.getsize(os.path.join(os.path.dirname(path), part.name))
    except FileNotFoundError:
        raise OSError(
            f"{path} cannot be read as a checkpoint: its part {part.name} is missing"
        ) from None
    if size != part.bytes:
        raise OSError(
            f"{path} cannot be read as a checkpoint: its part {part.name} has {size} bytes of "
            f"{part.bytes}"
        )


def _part_names(path: str) -> list[str]:
    folder, name = os.path.split(os.path.abspath(path))
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [
        each for each in names if each.startswith(name) and _OF_PATH.fullmatch(each[len(name) :])
    ]


def _remove_parts(path: str, kept: set[str] | None = None) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    for name in _part_names(path):
        if name not in (kept or ()):
            with suppress(FileNotFoundError):  # another process removes it too
                os.remove(os.path.join(folder, name))
