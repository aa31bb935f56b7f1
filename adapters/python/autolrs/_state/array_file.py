"""A checkpoint on disk for frameworks whose state is a list of arrays.

One line of JSON that says what follows, then the bytes of the arrays, one after the other.
"""

from __future__ import annotations

import json
from typing import IO, Any, NamedTuple

import numpy

from autolrs._state.atomic_write import replace_durably

FORMAT = 1
"""Version of the file."""


class ArrayState(NamedTuple):
    """All that training needs to repeat itself."""

    arrays: list[Any]
    """NumPy arrays, or those of a framework that `numpy.asarray` takes; in a fixed order."""
    plain: dict[str, Any]
    """Numbers, strings, and lists and dicts of them."""


def write_arrays(path: str, state: ArrayState, step: int, place: dict[str, Any] | None) -> int:
    """Writes a state to `path`, all or nothing and for its owner alone; returns its bytes.

    Raises:
        OSError: It cannot be written; what was at `path` is still there.
    """
    arrays = [numpy.asarray(array) for array in state.arrays]
    head = {
        "autolrs": FORMAT,
        "step": step,
        "data": place,
        "plain": state.plain,
        "arrays": [[array.dtype.name, array.shape] for array in arrays],
    }

    def dump(file: IO[bytes]) -> None:
        file.write(json.dumps(head).encode() + b"\n")
        for array in arrays:
            file.write(array.tobytes())

    return replace_durably(path, dump)


def read_arrays(path: str) -> tuple[ArrayState, int, dict[str, Any] | None]:
    """Reads what `write_arrays` wrote. Runs no code that the file might hold.

    Raises:
        OSError: It is not there, or it is no checkpoint.
    """
    with open(path, "rb") as file:
        try:
            head = json.loads(file.readline())
            if head["autolrs"] != FORMAT:
                raise ValueError(f"it is of format {head['autolrs']}")
            arrays = [_read_array(file, name, shape) for name, shape in head["arrays"]]
            if file.read(1):
                raise ValueError("it is longer than it says")
            return ArrayState(arrays, head["plain"]), head["step"], head["data"]
        except (ValueError, LookupError, TypeError) as error:
            raise OSError(f"{path} cannot be read as a checkpoint: {error}") from error


def _read_array(file: IO[bytes], name: str, shape: list[int]) -> Any:
    dtype = numpy.dtype(name)
    if dtype.hasobject:
        raise ValueError(f"it holds an array of {name}")
    # A bytearray, because an array over bytes cannot be written to.
    content = bytearray(file.read(dtype.itemsize * int(numpy.prod(shape))))
    return numpy.frombuffer(content, dtype).reshape(shape)
