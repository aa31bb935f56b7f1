"""A file that after a power cut is the old one or the new one, whole."""

from __future__ import annotations

import os
from typing import IO, Any, Callable


def replace_durably(path: str, dump: Callable[[IO[bytes]], Any]) -> int:
    """Puts at `path` what `dump` writes, all or nothing and for its owner alone.

    Returns:
        Its bytes.

    Raises:
        OSError: It cannot be written; what was at `path` is still there.
    """
    path = os.path.abspath(path)
    temporary = f"{path}.tmp"  # one name a path: what a crash left is removed the next time
    try:
        if os.path.lexists(temporary):
            os.remove(temporary)
        with open(temporary, "xb", opener=_open_private) as file:
            dump(file)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
    _sync_folder(os.path.dirname(path))
    return size


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(path: str) -> None:
    if os.name == "nt":  # Windows cannot open a folder, and needs not
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
