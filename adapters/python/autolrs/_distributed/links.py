"""The connections between rank 0 and the other ranks."""

from __future__ import annotations

import hmac
import os
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, cast

from autolrs._distributed.ranks import FollowerWire, RankConnection
from autolrs._protocol.transport import connection_to
from autolrs.errors import RanksError

ACCEPT_SECONDS = 60.0
"""All ranks have just met: who does not come by then is kept off by a firewall."""

HANDSHAKE_SECONDS = 10.0
"""A rank says who it is as soon as it is connected."""

MOST_UNPROVEN = 64


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
        sites: Where each rank is; rank 0, which calls this, first. Within one machine others
            cannot connect.

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
) -> list[RankConnection]:
    """The lines to all other ranks, in their order. Who does not know the secret is turned away.

    Args:
        listener: Where they come; it is closed in any case.
        secret: What they say first.
        world: How many ranks there are.
        seconds: How long to wait for all of them.

    Raises:
        RanksError: One did not come.
    """
    found: dict[int, RankConnection] = {}
    deadline = time.monotonic() + seconds
    with listener, closing(_Unproven(listener, secret)) as unproven:
        while len(found) < world - 1:
            if time.monotonic() >= deadline:
                missing = sorted({*range(1, world)} - {*found})
                raise RanksError(
                    f"rank 0 waited {seconds:.0f} s for rank {missing[0]} to connect; let the "
                    "machines reach each other on all ports"
                )
            for connection, rank in unproven.wait(_left(deadline)):
                if rank in found:
                    connection.close()
                    continue
                connection.setblocking(True)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                found[rank] = RankConnection(connection.detach(), rank)
    return [found[rank] for rank in sorted(found)]


class _Unproven:
    """Connections that have not said yet which rank they are. None keeps another waiting.

    Args:
        listener: Where they come.
        secret: What a rank says first, and its number after it.
    """

    def __init__(self, listener: socket.socket, secret: str) -> None:
        self._listener = listener
        self._secret = secret
        self._said: dict[socket.socket, bytes] = {}
        self._since: dict[socket.socket, float] = {}
        self._selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)

    def wait(self, seconds: float) -> list[tuple[socket.socket, int]]:
        """Those that have just said which rank they are, after `seconds` at the latest."""
        proven = []
        for key, _ in self._selector.select(min(seconds, HANDSHAKE_SECONDS)):
            connection = cast(socket.socket, key.fileobj)
            if connection is self._listener:
                self._accept()
            elif connection in self._said:  # not dropped in this very round
                rank = self._receive_rank(connection)
                if rank is not None:
                    proven.append((connection, rank))
        late = time.monotonic() - HANDSHAKE_SECONDS
        for connection in [one for one, since in self._since.items() if since < late]:
            self._drop(connection)
        return proven

    def close(self) -> None:
        """Closes all that are left."""
        for connection in list(self._said):
            self._drop(connection)
        self._selector.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it has gone again
            return
        connection.setblocking(False)
        if len(self._said) >= MOST_UNPROVEN:  # a rank speaks at once: it is not the oldest
            self._drop(next(iter(self._said)))
        self._said[connection] = b""
        self._since[connection] = time.monotonic()
        self._selector.register(connection, selectors.EVENT_READ)

    def _receive_rank(self, connection: socket.socket) -> int | None:
        expected = len(self._secret) + 9
        try:
            piece = connection.recv(expected - len(self._said[connection]))
        except OSError:
            piece = b""
        token_and_rank = self._said[connection] + piece
        self._said[connection] = token_and_rank
        if len(token_and_rank) == expected and hmac.compare_digest(
            token_and_rank[:-9], self._secret.encode()
        ):
            self._forget(connection)
            return int(token_and_rank[-9:])
        if piece == b"" or len(token_and_rank) == expected:
            self._drop(connection)
        return None

    def _drop(self, connection: socket.socket) -> None:
        self._forget(connection)
        connection.close()

    def _forget(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        del self._said[connection], self._since[connection]


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
        # Any port will do: for UDP, to connect is to find the way.
        for family, kind, _, _, address in socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM):
            with suppress(OSError), socket.socket(family, kind) as probe:
                probe.connect(address)
                return str(probe.getsockname()[0])
    return None


def _left(deadline: float) -> float:
    # Not 0, which would be not to wait at all, and tells of it by another error.
    return max(1e-3, deadline - time.monotonic())
