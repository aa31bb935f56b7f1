"""What several ranks say to each other, without a framework."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from autolrs._distributed.links import (
    HANDSHAKE_SECONDS,
    Site,
    accept_all,
    connect_to_leader,
    listen,
    own_site,
)
from autolrs._distributed.merge import mean, merge
from autolrs._distributed.ranks import FollowerWire, LeaderWire
from autolrs._protocol.channel import FdChannel
from autolrs._protocol.messages import Request
from autolrs._protocol.wire import TunerGone, Wire
from autolrs.errors import RanksError

SECRET = "0123456789abcdef"
HERE = own_site()
HANDSHAKE: dict[str, Any] = {
    "step": 0,
    "lr": 0.1,
    "groups": [1.0],
    "world": 1,
    "can": {"validate": True, "disk": True, "rewind": True, "cancel": True},
    "holds": ["model", "data"],
}


def test_a_mean_is_that_of_all_ranks_and_nothing_finite_where_one_is_not() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert mean([1.0, None]) is None
    assert mean([1e308, 1e308]) is None


def test_one_hello_speaks_for_all_and_promises_what_all_can() -> None:
    can = {**HANDSHAKE["can"], "rewind": False}
    merged = merge("initialize", [HANDSHAKE, {**HANDSHAKE, "can": can, "holds": ["model"]}])
    assert merged["world"] == 2
    assert merged["can"] == can
    assert merged["holds"] == ["model"]
    assert merge("initialize", [HANDSHAKE, HANDSHAKE])["holds"] == ["model", "data"]
    assert merge("initialize", [{**HANDSHAKE, "can": can}] * 2)["can"] == can


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lr", 0.2, "lr is 0.1 on rank 0 and 0.2 on rank 1"),
        ("groups", [1.0, 0.5], "groups is [1.0] on rank 0 and [1.0, 0.5] on rank 1"),
        ("total", 7, "total is not given on rank 0 and 7 on rank 1"),
        ("holds", ["model", "extra"], "what a checkpoint holds is ['model'] on rank 0 and"),
    ],
)
def test_ranks_that_differ_are_named_with_their_values(name: str, value: Any, said: str) -> None:
    with pytest.raises(RanksError) as caught:
        merge("initialize", [HANDSHAKE, {**HANDSHAKE, name: value}])
    assert said in str(caught.value)


def test_a_validation_is_the_mean_of_all_and_takes_as_long_as_the_slowest() -> None:
    results = [
        {"loss": 1.0, "metrics": {"a": 0.0, "b": 1.0}, "seconds": 1.0},
        {"loss": 2.0, "metrics": {"b": None, "a": 1.0}, "seconds": 3.0},
    ]
    merged = merge("validate", results)
    assert merged == {"loss": 1.5, "metrics": {"a": 0.5, "b": None}, "seconds": 3.0}
    with pytest.raises(RanksError, match="names of the metrics"):
        merge("validate", [results[0], {"loss": 1.0, "seconds": 1.0}])


def test_a_checkpoint_is_as_large_as_all_its_parts() -> None:
    parts = [{"id": "a", "step": 3, "bytes": size, "seconds": 0.0} for size in (5, 7)]
    assert merge("save", parts)["bytes"] == 12


def test_who_does_not_know_the_secret_is_turned_away() -> None:
    listener, address = listen([HERE, HERE])
    assert address.startswith("tcp:127.0.0.1:")
    at = listener.getsockname()
    strangers = [socket.create_connection(at) for _ in range(3)]
    strangers[0].sendall(b"0" * len(SECRET) + b"        1")
    strangers[1].sendall(b"GET / HTTP/1.1\r\n\r\n and more than that")
    strangers[2].close()
    follower = connect_to_leader(address, SECRET, 1)
    [link] = accept_all(listener, SECRET, 2)
    assert link.rank == 1
    follower.send({"id": 1})
    assert link.receive() == b'{"jsonrpc":"2.0","id":1}'
    for stranger in strangers[:2]:
        try:
            assert stranger.recv(1) == b""
        except ConnectionResetError:
            pass  # it had more to say
        stranger.close()


def test_rank_0_listens_where_another_machine_reaches_it() -> None:
    # The other's address decides: ::1 stands for a network that only the two of them share.
    try:
        listener, address = listen([HERE, HERE, Site("there", "::1")])
    except RanksError:
        pytest.skip("this machine has no IPv6")
    assert address == f"tcp:[::1]:{listener.getsockname()[1]}"
    connect_to_leader(address, SECRET, 1)
    connect_to_leader(address, SECRET, 2)
    assert [link.rank for link in accept_all(listener, SECRET, 3)] == [1, 2]


def test_no_address_for_another_machine_is_one_sentence() -> None:
    for unknown in (None, "a" * 300):
        with pytest.raises(RanksError, match="no address by which rank 2 on another machine"):
            listen([HERE, HERE, Site("there", unknown)])


def test_who_shares_the_name_of_a_machine_shares_its_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    site = own_site()
    assert site.machine == HERE.machine
    assert site.address == "127.0.0.1"
    if os.path.exists("/proc/self/ns/net"):
        assert os.readlink("/proc/self/ns/net") in site.machine


def test_a_stranger_that_says_little_does_not_keep_all_waiting() -> None:
    listener, _ = listen([HERE, HERE])
    with socket.create_connection(listener.getsockname()) as stranger:
        stranger.sendall(b"0")
        began = time.monotonic()
        with pytest.raises(RanksError, match="for rank 1 to connect"):
            accept_all(listener, SECRET, 2, seconds=0.2)
        assert time.monotonic() - began < HANDSHAKE_SECONDS / 2
    assert listener.fileno() == -1


HELLO_BYTES = len(SECRET) + 9


def bytes_said_until_turned_away(stranger: socket.socket) -> int:
    """Says a hello byte by byte, and waits for a hang-up after each."""
    stranger.settimeout(0.1)
    for said in range(1, HELLO_BYTES + 1):
        try:
            stranger.sendall(b"0")
            stranger.recv(1)
        except socket.timeout:
            continue
        except OSError:
            pass
        return said
    return HELLO_BYTES


def test_a_stranger_that_speaks_slowly_does_not_keep_all_waiting() -> None:
    listener, _ = listen([HERE, HERE])
    stranger = socket.create_connection(listener.getsockname())
    with stranger, ThreadPoolExecutor() as threads:
        said = threads.submit(bytes_said_until_turned_away, stranger)
        with pytest.raises(RanksError, match="for rank 1 to connect"):
            accept_all(listener, SECRET, 2, seconds=0.3)
        assert said.result() < HELLO_BYTES


def test_a_rank_is_let_in_behind_a_stranger_that_speaks_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autolrs._distributed.links.HANDSHAKE_SECONDS", 0.3)
    listener, address = listen([HERE, HERE])
    stranger = socket.create_connection(listener.getsockname())
    with stranger, ThreadPoolExecutor() as threads:
        said = threads.submit(bytes_said_until_turned_away, stranger)
        connect_to_leader(address, SECRET, 1)
        assert [link.rank for link in accept_all(listener, SECRET, 2)] == [1]
        assert said.result() < HELLO_BYTES


def test_silent_strangers_hold_no_rank_up() -> None:
    listener, address = listen([HERE, HERE])
    silent = [socket.create_connection(listener.getsockname()) for _ in range(7)]
    connect_to_leader(address, SECRET, 1)
    began = time.monotonic()
    assert [link.rank for link in accept_all(listener, SECRET, 2)] == [1]
    assert time.monotonic() - began < HANDSHAKE_SECONDS / 2
    for stranger in silent:
        stranger.close()


class LoopSession:
    """Rank 0, one other rank, and the tuner's end of the wire."""

    def __init__(self) -> None:
        to, self.tuner = socket.socketpair()
        self.tuner.settimeout(10)
        listener, address = listen([HERE, HERE])
        self.follower: FollowerWire = connect_to_leader(address, SECRET, 1)
        fd = to.detach()
        self.leader = LeaderWire(Wire(FdChannel(fd, os.dup(fd))), accept_all(listener, SECRET, 2))

    def heard(self) -> str:
        return self.tuner.recv(65536).decode()


ERROR = {"code": -32003, "message": "ValueError: no", "data": {"traceback": "there"}}
TOLD = (
    '{"jsonrpc":"2.0","id":7,"error":{"code":-32003,"message":"rank 1: ValueError: no",'
    '"data":{"traceback":"there"}}}\n'
)


def test_trouble_is_told_at_once_and_is_the_only_answer() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "validate", {}))
    ranks.follower.send({"id": 7, "error": ERROR})
    assert ranks.heard() == TOLD  # rank 0 is busy: nobody has asked it
    ranks.leader.send({"id": 7, "result": {}})
    ranks.leader.begin(Request(8, "validate", {}))
    ranks.leader.send({"id": 8, "result": {}})
    assert ranks.heard() == '{"jsonrpc":"2.0","id":8,"result":{}}\n'


def test_trouble_after_the_answer_is_not_told() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "validate", {}))
    ranks.leader.send({"id": 7, "error": ERROR})
    ranks.heard()
    ranks.follower.send({"id": 7, "error": ERROR})
    ranks.leader.begin(Request(8, "validate", {}))
    ranks.follower.send({"id": 8, "result": {"loss": 1}})
    assert list(ranks.leader.results()) == [{"loss": 1}]
    ranks.leader.send({"id": 8, "result": {}})
    assert ranks.heard() == '{"jsonrpc":"2.0","id":8,"result":{}}\n'


def test_a_rank_that_ends_without_an_answer_is_told_of() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "train", {}))
    ranks.follower.channel.close()
    assert '"message":"rank 1: it ended; read its last lines"' in ranks.heard()
    with pytest.raises(TunerGone, match="rank 1 went away"):
        list(ranks.leader.results())


def test_a_rank_that_ended_between_two_requests_is_told_of() -> None:
    ranks = LoopSession()
    ranks.follower.channel.close()
    with pytest.raises(TunerGone):
        ranks.leader.links[0].receive()
    with pytest.raises(TunerGone, match="rank 1 went away"):
        ranks.leader.begin(Request(7, "train", {}))
    assert '"id":7,"error"' in ranks.heard()


@pytest.mark.parametrize(
    "said", [b'{"jsonrpc":"2.0","id":7,"error":{"message":"no"}}', b'{"jsonrpc":"2.0","id":']
)
def test_what_cannot_be_passed_on_is_heard_by_rank_0_all_the_same(said: bytes) -> None:
    ranks = LoopSession()
    [link] = ranks.leader.links
    ranks.leader.begin(Request(7, "train", {}))
    ranks.tuner.close()
    ranks.follower.channel.write(said + b"\n")
    ranks.follower.channel.close()
    assert link._reader is not None
    link._reader.join(10)
    assert link.receive_if_any() == said
    with pytest.raises(TunerGone):
        link.receive_if_any()


def test_a_rank_that_ends_after_its_answer_is_not_missed() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "shutdown", {}))
    ranks.follower.send({"id": 7, "result": {"step": 3}})
    ranks.follower.channel.close()
    assert list(ranks.leader.results()) == [{"step": 3}]
    for link in ranks.leader.links:
        with pytest.raises(TunerGone):
            link.receive()
    ranks.leader.send({"id": 7, "result": {"step": 3}})
    assert ranks.heard() == '{"jsonrpc":"2.0","id":7,"result":{"step":3}}\n'


def test_what_several_ranks_warn_of_is_said_once() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "restore", {}))
    for text in ("gone", "slow"):
        ranks.follower.send({"method": "log", "params": {"level": "warn", "message": text}})
    ranks.follower.send({"id": 7, "result": {}})
    ranks.leader.send({"method": "log", "params": {"level": "warn", "message": "gone"}})
    list(ranks.leader.results())
    said = ranks.heard()
    while said.count("\n") < 2:
        said += ranks.heard()
    assert [line.split('"message":')[1] for line in said.splitlines()] == [
        '"gone"}}',
        '"rank 1: slow"}}',
    ]


def test_unequal_counts_of_steps_are_refused() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "train", {}))
    ranks.follower.send({"of": 7, "count": 3, "losses": [1.0, 1.0, 1.0]})
    with pytest.raises(RanksError, match="rank 0 has done 4 steps of this request, and rank 1 3"):
        list(ranks.leader.shares(4))


def test_a_follower_leaves_progress_to_rank_0() -> None:
    ranks = LoopSession()
    ranks.leader.begin(Request(7, "train", {}))
    ranks.follower.send({"method": "progress", "params": {"step": 1, "losses": []}})
    ranks.follower.send({"of": 7, "count": 1, "losses": [1.0]})
    assert list(ranks.leader.shares(1)) == [[1.0]]
