"""What carries the bytes of a wire: file descriptors, or TLS (`tls_channel.py`)."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Protocol

CHUNK_BYTES = 65536


class Channel(Protocol):
    """Bytes in both directions. One thread reads; any may write, one at a time."""

    def read(self) -> bytes:
        """Waits for bytes. Returns b"" once no more come; may raise OSError instead."""

    def write(self, data: bytes) -> None:
        """Sends all of it.

        Raises:
            OSError: The other end reads no more.
        """

    def is_closed(self) -> bool:
        """Whether the other end has closed it. A first write would succeed all the same."""

    def hang_up(self) -> None:
        """Ends both directions, in whichever process has it. The other end learns of it."""

    def close(self) -> None:
        """Lets go of it in this process alone. May be called again."""

    def fileno(self) -> int:
        """Where it writes."""


class FdChannel:
    """File descriptors, which belong to the channel from here.

    Args:
        read_fd: Where bytes come from.
        write_fd: Where they go to; it may be the same.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._is_open = True

    def read(self) -> bytes:
        """See `Channel`."""
        # Plain os.read: a buffered file would hold a lock that the interpreter's exit trips over.
        return os.read(self._read_fd, CHUNK_BYTES)

    def write(self, data: bytes) -> None:
        """See `Channel`."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._write_fd, rest) :]

    def is_closed(self) -> bool:
        """See `Channel`."""
        with socket.socket(fileno=os.dup(self._write_fd)) as connection:
            return has_ended(connection)

    def hang_up(self) -> None:
        """See `Channel`. Pipes stay as they are."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._read_fd)) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See `Channel`."""
        if not self._is_open:
            return  # another file may have the number by now
        self._is_open = False
        for fd in {self._read_fd, self._write_fd}:
            with suppress(OSError):
                os.close(fd)

    def fileno(self) -> int:
        """See `Channel`."""
        return self._write_fd


def has_ended(connection: socket.socket) -> bool:
    """Whether the other end of a connection has closed it, and all that it sent is read."""
    try:
        # Not by setblocking, which would hold for the thread that reads as well.
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
