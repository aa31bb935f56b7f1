"""A data frame written by hand, byte for byte as R would."""

from __future__ import annotations

import gzip
import lzma
import struct
from pathlib import Path

import pytest

from parts.rda import read_data_frame

HAS_ATTRIBUTES, HAS_TAG = 1 << 9, 1 << 10


def integers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def text(value: str) -> bytes:
    return integers(9, len(value)) + value.encode()


def texts(*values: str) -> bytes:
    return integers(16, len(values)) + b"".join(map(text, values))


def symbol(name: str) -> bytes:
    return integers(1) + text(name)


END = integers(254)
FRAME = b"".join(
    [
        integers(3, 0x00040300, 0x00030500, 5),
        b"UTF-8",
        integers(2 | HAS_TAG),
        symbol("frame"),
        # A list of two columns: a factor, and numbers.
        integers(19 | HAS_ATTRIBUTES, 2),
        integers(13 | HAS_ATTRIBUTES, 3, 2, 1, 2),
        integers(2 | HAS_TAG) + symbol("levels") + texts("no", "yes") + END,
        integers(14, 3) + struct.pack(">3d", 0.5, -1.0, 1e300),
        integers(2 | HAS_TAG) + symbol("names") + texts("answer", "size"),
        # "levels" again, as a reference to the second symbol of the file.
        integers(2 | HAS_TAG) + integers(255 | 2 << 8) + texts("unused") + END,
        END,
    ]
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_a_data_frame_is_read_with_its_factors_as_text(tmp_path: Path, pack: type[bytes]) -> None:
    path = tmp_path / "frame.rda"
    path.write_bytes(pack(b"RDX3\nX\n" + FRAME))
    frame = read_data_frame(path, "frame")
    assert frame["answer"] == ["yes", "no", "yes"]
    assert frame["size"].tolist() == [0.5, -1.0, 1e300]
    with pytest.raises(KeyError):
        read_data_frame(path, "another")


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "frame.rda"
    path.write_bytes(b"RDA2\nA\n")
    with pytest.raises(ValueError, match="XDR"):
        read_data_frame(path, "frame")
