"""The connections between rank 0 and the other ranks."""

from __future__ import annotations

import hmac
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from autolrs._carrier import connection_to
from autolrs._ranks import FollowerWire, Link
from autolrs.errors import RanksError

ACCEPT_SECONDS = 60.0
"""All ranks have just met: who does not come by then is kept off by a firewall."""

HELLO_SECONDS = 10.0


class Site(NamedTuple):
    """Where a rank is, as it sees it itself."""

    machine: str
    """The same for those that share a loopback device: not so two containers on one machine."""
    address: str | None
    """Its own address on the way to MASTER_ADDR; None if it finds no way."""


def own_site() -> Site:
    """Where this process is."""
    names = [socket.gethostname()]  # which clones of one image share
    with suppress(OSError):  # where there is no such thing the name must do
        names.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        names.append(os.readlink("/proc/self/ns/net"))
    return Site(" ".join(names), _own_address_towards(os.environ.get("MASTER_ADDR", "")))


def listen(sites: Sequence[Site]) -> tuple[socket.socket, str]:
    """Waits for the other ranks; returns the listener and its address.

    Args:
        sites: Where each rank is; rank 0, which calls this, first. On one machine nobody else can
            connect.

    Raises:
        RanksError: Rank 0 has no address that the others reach.
    """
    host = _host_for(sites)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=max(len(sites), 16))
    shown = f"[{host}]" if ":" in host else host
    return listener, f"tcp:{shown}:{listener.getsockname()[1]}"


def accept_all(
    listener: socket.socket, secret: str, world: int, seconds: float = ACCEPT_SECONDS
) -> list[Link]:
    """The lines to all other ranks, in their order. Who does not know the secret is turned away.

    Args:
        listener: Where they come; it is closed in any case.
        secret: What they say first.
        world: How many ranks there are.
        seconds: How long to wait for all of them.

    Raises:
        RanksError: One did not come.
    """
    found: dict[int, Link] = {}
    deadline = time.monotonic() + seconds
    with listener:
        while len(found) < world - 1:
            try:
                listener.settimeout(_left(deadline))
                connection, _ = listener.accept()
            except socket.timeout as error:
                missing = sorted({*range(1, world)} - {*found})
                raise RanksError(
                    f"rank 0 waited {seconds:.0f} s for rank {missing[0]} to connect; let the "
                    "machines reach each other on all ports"
                ) from error
            rank = _rank_of(connection, secret, min(deadline, time.monotonic() + HELLO_SECONDS))
            if rank is None or rank in found:
                connection.close()
                continue
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found[rank] = Link(connection.detach(), rank)
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


def _host_for(sites: Sequence[Site]) -> str:
    away = [rank for rank, site in enumerate(sites) if site.machine != sites[0].machine]
    if not away:
        return "127.0.0.1"
    # Not by rank 0's own name or MASTER_ADDR, which may be the loopback device on its machine.
    host = _own_address_towards(sites[away[0]].address or "")
    if host is None:
        raise RanksError(
            f"rank 0 finds no address by which rank {away[0]} on another machine could reach it; "
            "set MASTER_ADDR on every machine to that of rank 0's in their network"
        )
    return host


def _own_address_towards(host: str) -> str | None:
    """This machine's end of the way to a host. Sends nothing."""
    if not host:
        return None
    with suppress(OSError, UnicodeError):
        # Any port will do: for UDP, to connect is to look for the way.
        for family, kind, _, _, address in socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM):
            with suppress(OSError), socket.socket(family, kind) as probe:
                probe.connect(address)
                return str(probe.getsockname()[0])
    return None


def _left(deadline: float) -> float:
    # Not 0, which would be not to wait at all, and tells of it by another error.
    return max(1e-3, deadline - time.monotonic())


def _rank_of(connection: socket.socket, secret: str, deadline: float) -> int | None:
    expected = len(secret) + 9
    hello = b""
    try:
        while len(hello) < expected:
            connection.settimeout(_left(deadline))
            piece = connection.recv(expected - len(hello))
            if piece == b"":
                return None
            hello += piece
    except OSError:
        return None
    is_known = hmac.compare_digest(hello[: len(secret)], secret.encode())
    return int(hello[len(secret) :]) if is_known else None
