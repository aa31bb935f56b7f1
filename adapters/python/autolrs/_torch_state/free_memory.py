"""Memory that the allocator holds and no tensor uses.

Copies of a model come and go between the temporary tensors of the updates. In the heap of glibc
they leave holes, which no later tensor fits: 50 million parameters took 10 GB for 3 GB of tensors.
"""

from __future__ import annotations

import ctypes
from typing import Any

LEAST_BYTES = 256 * 1024 * 1024
"""Less than this is not worth the time: a tenth of a second for each 400 MB."""


class _Mallinfo2(ctypes.Structure):
    """See mallinfo(3): `uordblks` is in use, and `fordblks` is free."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks"),
            *("uordblks", "fordblks", "keepcost"),
        )
    ]


def _glibc() -> Any:
    try:
        library = ctypes.CDLL(None)
        library.mallinfo2.restype = _Mallinfo2  # glibc 2.33
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, AttributeError, TypeError):  # another C library, or no Linux
        return None
    return library


_LIBRARY = _glibc()


def give_back_free_memory() -> None:
    """Gives it to the system, where it is a quarter of what is in use, and `LEAST_BYTES` or more.

    Does nothing where the C library is not glibc.
    """
    if _LIBRARY is None:
        return
    info = _LIBRARY.mallinfo2()
    if info.fordblks >= max(LEAST_BYTES, info.uordblks // 4):
        _LIBRARY.malloc_trim(0)
