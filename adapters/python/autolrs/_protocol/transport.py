"""What carries the lines: the script's stdin and stdout, or a socket its environment names."""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
import time
from typing import Any

from autolrs._protocol.channel import Channel, FdChannel
from autolrs.errors import AddressError

fcntl: Any
try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

CONNECT_SECONDS = 10
"""The tuner listens before it starts the script: who is not there by then does not come."""

CROWDED_SECONDS = 15.0
"""A tuner with too many strangers at its port makes room within ten seconds."""

PAUSE_SECONDS = 0.2

_PORT = re.compile(
    r"(?P<kind>tcp|tls):(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^\[\]:]+)):(?P<port>[0-9]{1,5})"
    r"(?:#(?P<fingerprint>[0-9a-f]{64}))?"
)


def take_stdio() -> Channel:
    """Private copies of stdin and stdout; fd 0 becomes the null device and fd 1 stderr.

    So neither a print, nor a child process, nor a DataLoader worker can tear a message or swallow
    a request.

    Raises:
        AddressError: The tuner would not hear what is written to stdout.
    """
    elsewhere = _elsewhere(1)
    if elsewhere is not None:
        raise AddressError(
            f"give autolrs run --transport unix: the script's stdout leads to {elsewhere}, and "
            "its answers would go there"
        )
    read_fd, write_fd = os.dup(0), os.dup(1)  # os.dup's copies do not pass to child processes
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    # Text that waits in Python's buffer follows fd 1 to stderr, and later prints show at once.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    return FdChannel(read_fd, write_fd)


def _elsewhere(fd: int) -> str | None:
    """Where it leads, if not to the tuner; None if it may."""
    try:
        status = os.fstat(fd)
    except OSError:  # it is closed, which is told elsewhere
        return None
    # The null device is a file too.
    if stat.S_ISREG(status.st_mode) or (stat.S_ISCHR(status.st_mode) and not os.isatty(fd)):
        return "a file"
    first = os.environ.get("AUTOLRS_STDOUT", "")
    return "another process" if first not in ("", f"{status.st_dev}:{status.st_ino}") else None


def holds_alone(fd: int) -> bool:
    """Locks what a file descriptor writes to for this process; False if another has done it.

    A lock is of one process: one that it forks has none. Closing any descriptor of the same end
    gives it up, so that this comes after all that is done to stdin and stdout.
    """
    if fcntl is None:
        return True
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # what cannot be locked is not shared out
        return True
    return True


def connect(address: str) -> Channel:
    """A channel to `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT#SHA256`.

    Stdin and stdout stay the user's own.

    Raises:
        AddressError: It has another form, nothing listens there, or it is not the tuner.
    """
    at = _PORT.fullmatch(address)
    try:
        if at is not None and at["kind"] == "tls":
            return _connect_by_tls(address, at["fingerprint"])
        connection = connection_to(address)
    except (OSError, ValueError) as error:  # ValueError: a host name that no resolver takes
        raise AddressError(
            f"nothing listens at AUTOLRS_ADDRESS {address!r}: {error}; the tuner is gone, or is "
            "done with another process of this script, for it steers one training"
        ) from error
    connection.settimeout(None)
    fd = connection.detach()  # not inheritable, as all that Python opens
    return FdChannel(fd, fd)


def _connect_by_tls(address: str, fingerprint: str) -> Channel:
    """Again, where the other end hangs up amid the handshake: it has no room yet."""
    # OpenSSL is loaded by who needs it.
    from autolrs._protocol.tls_channel import NotTheTunerError, TlsChannel

    until = time.monotonic() + CROWDED_SECONDS
    while True:
        connection = connection_to(address)
        try:
            return TlsChannel(connection, fingerprint)
        except NotTheTunerError as error:
            raise AddressError(f"AUTOLRS_ADDRESS is {address!r}: {error}") from error
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)


def connection_to(address: str) -> socket.socket:
    """As `connect`, and may raise OSError or ValueError too."""
    kind, _, path = address.partition(":")
    if kind == "unix" and path:
        return _connection_to_path(path)
    at = _PORT.fullmatch(address)
    is_pinned = at is not None and at["fingerprint"] is not None
    if at is None or not 0 < int(at["port"]) < 65536 or is_pinned != (kind == "tls"):
        raise AddressError(
            f"AUTOLRS_ADDRESS is {address!r}; it must be unix:PATH, tcp:HOST:PORT or "
            "tls:HOST:PORT#SHA256, with an IPv6 address in brackets"
        )
    connection = socket.create_connection(
        (at["ipv6"] or at["host"], int(at["port"])), CONNECT_SECONDS
    )
    # An answer that follows a notification must not wait for the other end to confirm that one.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _connection_to_path(path: str) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this system has no Unix sockets; use tcp:HOST:PORT")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
