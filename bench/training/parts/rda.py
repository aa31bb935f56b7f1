"""Reads data frames that R saved: an .rda file in R's XDR serialisation, versions 2 and 3.

The format is described in "R Internals", section 1.8. Only what data frames are made of is read.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np

_SYMBOL, _PAIRLIST, _CHARS, _LOGICAL, _INTEGER, _REAL, _STRINGS, _LIST = (
    1,
    2,
    9,
    10,
    13,
    14,
    16,
    19,
)
_END, _REFERENCE = 254, 255
_HAS_ATTRIBUTES, _HAS_TAG = 1 << 9, 1 << 10
_MISSING = -1  # the length of a missing string


def read_data_frame(path: Path, name: str) -> dict[str, Any]:
    """Columns of the data frame `name`: arrays of numbers, and lists of strings for factors.

    Raises:
        ValueError: The file is another format, or holds what a data frame does not.
        KeyError: It holds no such object.
    """
    reader = _Reader(_unpack(path.read_bytes()))
    columns, attributes = reader.read_file()[name]
    return {key: _plain(column) for key, column in zip(attributes["names"][0], columns)}


def _unpack(content: bytes) -> bytes:
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress)):
        if content.startswith(magic):
            return unpack(content)
    return lzma.decompress(content) if content.startswith(b"\xfd7zXZ") else content


def _plain(column: tuple[Any, dict[str, Any]]) -> Any:
    values, attributes = column
    if "levels" not in attributes:
        return values
    levels = attributes["levels"][0]
    return [levels[code - 1] for code in values]


class _Reader:
    """Every value is a pair: what it holds, and its attributes by name."""

    def __init__(self, content: bytes) -> None:
        if content[:7] not in (b"RDX2\nX\n", b"RDX3\nX\n"):
            raise ValueError("no .rda file in XDR serialisation")
        self._content = content
        self._at = 7
        self._symbols: list[str] = []

    def read_file(self) -> dict[str, Any]:
        version = self._int()
        self._at += 8  # by which R it was written, and which R can read it
        if version == 3:
            self._take(self._int())  # the encoding
        return self._item()[0]

    def _item(self) -> Any:
        flags = self._int()
        kind = flags & 255
        if kind == _END:
            return {}, {}
        if kind == _REFERENCE:
            return self._symbols[(flags >> 8) - 1], {}
        if kind == _SYMBOL:
            self._symbols.append(self._item()[0])
            return self._symbols[-1], {}
        if kind == _PAIRLIST:
            return self._pairs(flags), {}
        if kind == _CHARS:
            length = self._int()
            return (None if length == _MISSING else self._take(length).decode("latin-1")), {}
        values = self._values(kind)
        return values, self._item()[0] if flags & _HAS_ATTRIBUTES else {}

    def _pairs(self, flags: int) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while flags & 255 == _PAIRLIST:
            if flags & _HAS_ATTRIBUTES:
                self._item()
            tag = self._item()[0] if flags & _HAS_TAG else ""
            pairs[tag] = self._item()
            flags = self._int()
        return pairs

    def _values(self, kind: int) -> Any:
        if kind in (_LOGICAL, _INTEGER):
            return np.frombuffer(self._take(4 * (length := self._int())), ">i4", length).astype(
                int
            )
        if kind == _REAL:
            return np.frombuffer(self._take(8 * (length := self._int())), ">f8", length).astype(
                float
            )
        if kind == _STRINGS:
            return [self._item()[0] for _ in range(self._int())]
        if kind == _LIST:
            return [self._item() for _ in range(self._int())]
        raise ValueError(
            f"an object of R's type {kind} is in the file, and this reader knows none"
        )

    def _int(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._content[self._at - size : self._at]
