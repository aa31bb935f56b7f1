"""The connections between rank 0 and the other ranks."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Sequence

from autolrs._carrier import connection_to
from autolrs._ranks import FollowerWire, Link
from autolrs.errors import RanksError

ACCEPT_SECONDS = 60.0
"""All ranks have just met: who does not come by then is kept off by a firewall."""

HELLO_SECONDS = 10.0


def listen(hosts: Sequence[str]) -> tuple[socket.socket, str]:
    """Waits for the other ranks; returns the listener and its address.

    Args:
        hosts: The name of each rank's machine; rank 0's first. On one machine nobody else can
            connect.
    """
    host = "127.0.0.1" if len(set(hosts)) == 1 else socket.gethostbyname(hosts[0])
    listener = socket.create_server((host, 0), backlog=max(len(hosts), 16))
    return listener, f"tcp:{host}:{listener.getsockname()[1]}"


def accept_all(listener: socket.socket, secret: str, world: int) -> list[Link]:
    """The lines to all other ranks, in their order. Who does not know the secret is turned away.

    Raises:
        RanksError: One did not come.
    """
    found: dict[int, Link] = {}
    listener.settimeout(ACCEPT_SECONDS)
    while len(found) < world - 1:
        try:
            connection, _ = listener.accept()
        except socket.timeout as error:
            missing = sorted({*range(1, world)} - {*found})
            raise RanksError(
                f"rank 0 waited {ACCEPT_SECONDS:.0f} s for rank {missing[0]} to connect; let the "
                "machines reach each other on all ports"
            ) from error
        rank = _rank_of(connection, secret)
        if rank is None or rank in found:
            connection.close()
            continue
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found[rank] = Link(connection.detach(), rank)
    listener.close()
    return [found[rank] for rank in sorted(found)]


def connect_to_leader(address: str, secret: str, rank: int) -> FollowerWire:
    """The line to rank 0.

    Raises:
        RanksError: It cannot be reached.
    """
    try:
        connection = connection_to(address)
        connection.sendall(f"{secret} {rank:>8}".encode())
    except OSError as error:
        raise RanksError(f"rank {rank} cannot reach rank 0 at {address}: {error}") from error
    connection.settimeout(None)
    return FollowerWire(connection.detach(), rank)


def _rank_of(connection: socket.socket, secret: str) -> int | None:
    expected = len(secret) + 9
    hello = b""
    connection.settimeout(HELLO_SECONDS)
    try:
        while len(hello) < expected:
            piece = connection.recv(expected - len(hello))
            if piece == b"":
                return None
            hello += piece
    except OSError:
        return None
    is_known = hmac.compare_digest(hello[: len(secret)], secret.encode())
    return int(hello[len(secret) :]) if is_known else None
