"""Read by every Python that has this folder in PYTHONPATH: `inject.mjs` for a trainer in Python.

Makes one thing fail at one moment, as AUTOLRS_FAULT says: `trainer KIND N`, with N counted from 1.
It fires once a run: AUTOLRS_FAULT_FIRED names the file that says that it has.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from typing import Any, Callable

_open, _read, _write = os.open, os.read, os.write


def _arm(kind: str, at: int, fired: str) -> None:
    count = 0

    def is_due() -> bool:
        nonlocal count
        count += 1
        return count == at

    def fire() -> None:
        os.close(_open(fired, os.O_CREAT | os.O_WRONLY))

    def die() -> None:
        fire()
        os.kill(os.getpid(), signal.SIGKILL)

    def read(fd: int, length: int) -> bytes:
        chunk = _read(fd, length)
        if chunk.startswith(b'{"jsonrpc"') and is_due():
            die()
        return chunk

    def write(fd: int, data: Any) -> int:
        line = bytes(data)
        if line.startswith(b'{"jsonrpc":"2.0","id"') and is_due():
            _write(fd, line[: len(line) // 2])
            die()
        return _write(fd, data)

    def refuse_if_due() -> None:
        if is_due():
            fire()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def on_full_disk(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            refuse_if_due()
            return real(*args, **kwargs)

        return call

    class File(io.BufferedWriter):
        def write(self, data: Any) -> int:
            refuse_if_due()
            return super().write(data)

    real_open = builtins.open

    def open_file(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if mode != "xb":  # all that the adapter writes is a checkpoint, and that is how it does it
            return real_open(path, mode, *args, **kwargs)
        refuse_if_due()
        return File(real_open(path, mode, 0, **kwargs))

    if kind == "kill-at-request":
        os.read = read
    elif kind == "kill-in-reply":
        os.write = write
    elif kind == "disk-full":
        builtins.open = open_file
        os.fsync = on_full_disk(os.fsync)
        os.replace = on_full_disk(os.replace)


_who, _, _rest = os.environ.get("AUTOLRS_FAULT", "").partition(" ")
_fired = os.environ.get("AUTOLRS_FAULT_FIRED")
if (
    _who == "trainer"
    and _fired
    and not os.path.exists(_fired)
    and os.environ.get("AUTOLRS") == "1"
):
    _kind, _, _at = _rest.partition(" ")
    _arm(_kind, int(_at), _fired)
