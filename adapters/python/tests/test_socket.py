"""The wire over a socket: the same conversation, and the user's own stdin and stdout."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from conftest import Drive
from driver import Driver, python_env
from tls_listener import TlsListener

LOOP = """
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0, 0.1, 0.2, 0.3]):
    tuner.step(model.update(batch))
"""


class Place(NamedTuple):
    """Where a tuner listens, and what it calls that."""

    listener: socket.socket
    address: str


def listen(kind: str, folder: Path) -> Place:
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "wire"))
        address = f"unix:{folder / 'wire'}"
    else:
        host = {"tcp": "127.0.0.1", "tls": "127.0.0.1", "tcp6": "::1"}[kind]
        listener = socket.socket(socket.AF_INET6 if kind == "tcp6" else socket.AF_INET)
        try:
            listener.bind((host, 0))
        except OSError as error:
            pytest.skip(f"this machine has no {host}: {error}")
        port = listener.getsockname()[1]
        address = f"tcp:[{host}]:{port}" if kind == "tcp6" else f"tcp:{host}:{port}"
    listener.listen()
    if kind == "tls":
        secured = TlsListener(listener, folder)
        return Place(cast(socket.socket, secured), f"tls:{host}:{port}#{secured.fingerprint}")
    return Place(listener, address)


@pytest.fixture(params=["unix", "tcp", "tcp6", "tls"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = listen(request.param, tmp_path)
    yield place
    place.listener.close()


@pytest.fixture
def unix(tmp_path: Path) -> Iterator[Place]:
    place = listen("unix", tmp_path)
    yield place
    place.listener.close()


def start(drive: Drive, place: Place, script: str = LOOP) -> Driver:
    return drive(script, place.listener, AUTOLRS_ADDRESS=place.address, AUTOLRS_TOKEN="s3cret")


def test_the_conversation_is_that_over_pipes(drive: Drive, place: Place) -> None:
    driver = start(drive, place)
    assert driver.ask("initialize", protocol=1)["token"] == "s3cret"
    driver.ask("save", id="a")
    first = driver.ask("train", steps=6, lr=0.1)
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=6, lr=0.1)["losses"] == first["losses"]
    assert driver.shutdown() == 0


def test_an_error_in_place_of_the_hello_has_the_token_and_no_later_one(
    drive: Drive, unix: Place
) -> None:
    driver = start(drive, unix)
    for data in ({"token": "s3cret"}, None):
        id = driver.send("dance")
        answer = driver.receive()
        assert (answer["id"], answer["error"].get("data")) == (id, data)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_ranks_that_share_stdin_are_told_to_use_a_socket(drive: Drive, rank: str) -> None:
    script = "import autolrs; print(autolrs.is_driven(), file=__import__('sys').stderr)"
    driver = drive(script, RANK=rank, WORLD_SIZE="2")
    assert driver.wait() == (1 if rank == "0" else 0)
    expected = {
        "0": "autolrs: 2 processes train here, and the tuner talks over a stdin and stdout that "
        "all of them share; give autolrs --transport unix\n",
        "1": "True\n",
    }
    assert driver.stderr == expected[rank]


def test_stdin_and_stdout_stay_the_users_own(drive: Drive, unix: Place) -> None:
    driver = start(drive, unix, LOOP + "print('hello', input())\n")
    driver.ask("train", steps=1, lr=0.1)
    driver.ask("shutdown")
    driver.type("world\n")
    assert driver.wait() == 0
    assert driver.printed() == "hello world\n"


@pytest.mark.parametrize("tells", [True, False])
def test_children_see_neither_address_nor_token(drive: Drive, unix: Place, tells: bool) -> None:
    show = "print({k: v for k, v in os.environ.items() if k.startswith('AUTOLRS')})"
    script = f"""{LOOP}
import subprocess, sys
subprocess.run([sys.executable, "-c", "import os; {show}"], stdout=2)
"""
    driver = start(drive, unix, script) if tells else drive(script, AUTOLRS_TOKEN="s3cret")
    assert driver.ask("initialize")["token"] == "s3cret"
    assert driver.shutdown() == 0
    assert re.fullmatch(r"{'AUTOLRS': '0', 'AUTOLRS_HOLDER': '\d+'}\n", driver.stderr)


def test_a_forked_child_never_answers_nor_holds_the_wire_open(drive: Drive, unix: Place) -> None:
    script = """
import os, signal, toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0]):
    child = os.fork()
    if child == 0:
        try:
            tuner.step(0.5)  # a child that knows no better
        finally:
            signal.pause()
    tuner.step(model.update(batch))
    os.kill(child, signal.SIGKILL)
    os.wait()
"""
    driver = start(drive, unix, script)
    driver.ask("initialize")
    assert driver.ask("train", steps=1, lr=0.1)["step"] == 1
    assert driver.shutdown() == 0
    with pytest.raises(EOFError):
        driver.receive()


def test_child_processes_do_not_hold_the_wire_open(drive: Drive, unix: Place) -> None:
    script = f"""{LOOP}
import subprocess
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
print(child.pid)
"""
    driver = start(drive, unix, script)
    assert driver.shutdown() == 0
    with pytest.raises(EOFError):
        driver.receive()
    os.kill(int(driver.printed()), signal.SIGTERM)


def test_cancel_is_noticed_while_training(drive: Drive, place: Place) -> None:
    driver = start(drive, place)
    id = driver.send("train", steps=100_000_000, lr=0.1)
    driver.notifications.append(driver.receive())
    driver.cancel()
    assert driver.answer_to(id)["end"] == "cancel"
    assert driver.shutdown() == 0


def test_long_messages_arrive_whole(drive: Drive, place: Place) -> None:
    result = start(drive, place).ask("train", steps=100_000, lr=[0.01] * 100_000)
    assert len(result["losses"]) == 100_000


@pytest.mark.parametrize("is_training", [True, False])
def test_a_tuner_that_goes_away_ends_the_script_with_one_sentence(
    drive: Drive, place: Place, is_training: bool
) -> None:
    driver = start(drive, place)
    driver.ask("initialize")
    if is_training:
        driver.send("train", steps=100_000_000, lr=0.1)
    assert driver.end_of_input() == 1
    assert driver.stderr.count("\n") == 1
    assert "the tuner went away" in driver.stderr


@pytest.mark.parametrize(
    "address",
    [
        "nowhere",
        "unix:",
        "tcp:",
        "tcp:localhost",
        "tcp::80",
        "tcp:localhost:http",
        "tcp:localhost:0",
        "tcp:localhost:65536",
        "tcp:::1:80",
        "tcp:[::1]",
        "tcp:[]:80",
        "udp:localhost:80",
        "tls:localhost:80",
        "tls:localhost:80#cafe",
        f"tcp:localhost:80#{64 * '0'}",
    ],
)
def test_an_address_of_another_form_is_refused_in_one_sentence(drive: Drive, address: str) -> None:
    driver = drive("import autolrs", AUTOLRS_ADDRESS=address)
    assert driver.wait() == 1
    assert driver.stderr == (
        f"autolrs: AUTOLRS_ADDRESS is '{address}'; it must be unix:PATH, tcp:HOST:PORT or "
        "tls:HOST:PORT#SHA256, with an IPv6 address in brackets\n"
    )


@pytest.mark.parametrize("kind", ["unix", "tcp", "long"])
def test_an_address_where_nobody_listens_is_told_in_one_sentence(
    drive: Drive, tmp_path: Path, kind: str
) -> None:
    if kind == "tcp":
        place = listen("tcp", tmp_path)
        place.listener.close()
        address = place.address
    else:
        address = f"unix:{tmp_path / 'wire'}" + ("x" * 200 if kind == "long" else "")
    driver = drive("import autolrs", AUTOLRS_ADDRESS=address)
    assert driver.wait() == 1
    assert driver.stderr.startswith(f"autolrs: nothing listens at AUTOLRS_ADDRESS '{address}'")
    assert driver.stderr.count("\n") == 1


def test_an_adapter_for_one_process_refuses_to_be_one_of_several(
    drive: Drive, tmp_path: Path
) -> None:
    place = listen("unix", tmp_path)
    script = 'from autolrs._protocol.claim import claim_alone\nclaim_alone("autolrs.jax")'
    of_two = {"RANK": "0", "WORLD_SIZE": "2", "AUTOLRS_ADDRESS": place.address}
    driver = drive(script, place.listener, **of_two)
    assert driver.wait() == 1
    place.listener.close()
    assert "2 processes train here, and autolrs.jax steers one" in driver.stderr


GREETING = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n'

LOADS_FIRST = """
import toy
model, tuner = toy.attach()
open("loaded").close()  # a pipe: waits for whoever writes to it
for batch in tuner.cycle([0.0, 0.1, 0.2, 0.3]):
    tuner.step(model.update(batch))
"""


class Reluctant:
    """A listener that turns callers away: one that has been greeted, then two more."""

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self._listener = listener
        self._loaded = folder / "loaded"
        os.mkfifo(self._loaded)
        self.settimeout = listener.settimeout
        self.greetings = [GREETING, b"", GREETING[:20]]

    def accept(self) -> tuple[socket.socket, object]:
        while self.greetings:
            connection, _ = self._listener.accept()
            connection.sendall(self.greetings.pop(0))
            connection.close()
            if self._loaded.exists():
                self._loaded.open("w").close()
                self._loaded.unlink()
        return self._listener.accept()


def test_a_connection_that_is_closed_before_the_hello_is_made_again(
    drive: Drive, place: Place, tmp_path: Path
) -> None:
    reluctant = Reluctant(place.listener, tmp_path)
    listener = cast(socket.socket, reluctant)
    driver = start(drive, place._replace(listener=listener), LOADS_FIRST)
    assert driver.ask("initialize", protocol=1)["token"] == "s3cret"
    assert reluctant.greetings == []
    assert driver.ask("train", steps=2, lr=0.1)["steps"] == 2
    assert driver.shutdown() == 0


def test_another_certificate_is_refused_in_one_sentence_and_gets_no_token(
    drive: Drive, tmp_path: Path
) -> None:
    place = listen("tls", tmp_path)
    address = re.sub("#.*", "#" + 64 * "0", place.address)
    driver = drive(LOOP, place.listener, AUTOLRS_ADDRESS=address, AUTOLRS_TOKEN="s3cret")
    assert driver.wait() == 1
    with pytest.raises(EOFError):
        driver.receive()
    assert re.fullmatch(
        r"autolrs: AUTOLRS_ADDRESS is 'tls:.*': what listens there is not the tuner of this run: "
        r"its certificate has SHA-256 \w{16}…, and not 0{16}…; .* not sent the token\n",
        driver.stderr,
    )


def test_a_listener_that_speaks_no_tls_is_refused_in_one_sentence(
    drive: Drive, tmp_path: Path
) -> None:
    place = listen("tcp", tmp_path)
    address = place.address.replace("tcp", "tls") + "#" + 64 * "0"
    driver = drive(LOOP, AUTOLRS_ADDRESS=address, AUTOLRS_TOKEN="s3cret")
    connection, _ = place.listener.accept()
    connection.sendall(GREETING)
    assert driver.wait() == 1
    connection.close()
    assert re.fullmatch(
        r"autolrs: AUTOLRS_ADDRESS is 'tls:.*': what listens there does not speak TLS as .*\n",
        driver.stderr,
    )


def test_a_connection_that_is_closed_amid_the_handshake_is_made_again(
    drive: Drive, tmp_path: Path
) -> None:
    place = listen("tls", tmp_path)
    listener = cast(TlsListener, place.listener)
    listener.hang_ups = 2
    driver = start(drive, place)
    assert driver.ask("initialize", protocol=1)["token"] == "s3cret"
    assert listener.hang_ups == 0
    assert driver.shutdown() == 0


@pytest.mark.parametrize("where", ["log.txt", os.devnull])
def test_a_script_whose_stdout_is_a_file_does_not_write_its_answers_there(
    where: str, tmp_path: Path
) -> None:
    take = "from autolrs._protocol.transport import take_stdio; take_stdio()"
    with open(tmp_path / where, "w") as out:  # an absolute path stays as it is
        script = subprocess.Popen(
            [sys.executable, "-c", take],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env=python_env(),
        )
        said = script.communicate()[1]
    assert script.returncode == 1
    assert said == (
        "autolrs: give autolrs run --transport unix: the script's stdout leads to a file, and its "
        "answers would go there\n"
    )
