"""Starts a command in an actor of Ray, and ends with its exit status.

`autolrs run --workers ray:4` puts this before the command of each worker. It is run as a file:
a process that imports autolrs takes the wire, and that is for the command.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

WAIT_SECONDS = 10.0
"""How long Ray may take to place the actor before that is said."""

REACH_SECONDS = 10.0

_OWN = ("num_cpus", "num_gpus", "memory")


def main(words: list[str]) -> int:
    """Returns the command's exit status; 2 for bad arguments, 1 where there is no cluster."""
    split = words.index("--") if "--" in words else len(words)
    command = words[split + 1 :]
    if not command:
        return _fail(
            "give the command after --, as in: python start.py num_gpus=1 -- python train.py", 2
        )
    try:
        resources = dict(_resource(word) for word in words[:split])
    except ValueError as error:
        return _fail(str(error), 2)
    import seat

    # A tuner that is killed tells nothing, and what waits for room would do so for ever.
    end_with_tuner = seat.ending_with_parent(signal.SIGTERM)
    if end_with_tuner is not None:
        end_with_tuner()
    # Ray drops lines that repeat, and a log is not the place for that.
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray
    except ImportError:
        return _fail(f"{sys.executable} has no ray; install it there, or leave out ray:", 1)
    # Where the actor is placed there may be no autolrs.
    ray.cloudpickle.register_pickle_by_value(seat)
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        _reach(address)
        ray.init(address=address, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        return _fail(
            f"no cluster of Ray at RAY_ADDRESS={address} ({why}); start one by: ray start --head",
            1,
        )
    # Ray's own handler writes a stack trace. Leaving in order frees what was reserved at once.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    actor = ray.remote(max_restarts=0, **_options(resources))(seat.Seat).remote()
    if not ray.wait([actor.is_there.remote()], timeout=WAIT_SECONDS)[0]:
        wanted = ", ".join(words[:split]) or "num_cpus=1"
        sys.stderr.write(f"autolrs: waiting until Ray has room for {wanted}\n")
        sys.stderr.flush()
    try:
        status: int = ray.get(actor.run.remote(command, dict(os.environ), os.getcwd()))
    except ray.exceptions.RayActorError as error:
        return _fail(
            f"Ray ended the process that ran the command: {str(error).splitlines()[0]}", 1
        )
    except ray.exceptions.RayTaskError as error:
        return _fail(f"the command was not started: {error.cause}", 1)
    return status


def _reach(address: str) -> None:
    """Raises OSError where nothing listens; Ray itself waits for half a minute."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()


def _resource(word: str) -> tuple[str, float]:
    name, _, value = word.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not name or not number >= 0:
        raise ValueError(f'"{word}" is no resource; give a name and a number, as in num_gpus=1')
    return name, number


def _options(resources: dict[str, float]) -> dict[str, object]:
    """As `ray.remote` takes them: its own words by name, others as custom resources."""
    own: dict[str, object] = {}
    others: dict[str, float] = {}
    for name, number in resources.items():
        (own if name in _OWN else others)[name] = number
    return {"num_cpus": 1, **own, **({"resources": others} if others else {})}


def _fail(sentence: str, status: int) -> int:
    sys.stderr.write(f"autolrs: {sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
