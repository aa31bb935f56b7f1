"""Who is driven: the one wire of a script, and the process that may use it."""

from __future__ import annotations

import os
import sys
from typing import Callable

from autolrs._inside.run import Run, asked_run, is_asked_by_env
from autolrs._notebook.shell import find_shell
from autolrs._protocol.launcher import left_out, rank_and_world
from autolrs._protocol.parent_death import end_with_tuner
from autolrs._protocol.transport import connect, holds_alone, take_stdio
from autolrs._protocol.wire import Started, Wire
from autolrs.errors import AddressError, RanksError

_HOLDER = "AUTOLRS_HOLDER"
"""Tells the children of a process that it has the wire."""

_is_driven = False
_claimed: Wire | None = None
_owner = 0
"""The process that has claimed it."""
_on_next_run: list[Callable[[], None]] = []
_is_second = False
"""Another process has stdin and stdout for its conversation already."""


def claim() -> Wire | None:
    """The wire to the tuner that drives this script, or None if there is none.

    The first call takes stdin and stdout, or connects to the address that the environment names.
    Child processes are no trainers of their own: they see AUTOLRS=0, neither address nor token,
    and train, if they do, untuned. Of several processes that a launcher has started, rank 0 alone
    has the wire.

    Raises:
        AddressError: Nothing can be reached at the address.
    """
    global _claimed, _is_driven, _is_second, _owner
    if not _is_driven and os.environ.get("AUTOLRS") == "1":
        end_with_tuner()
        _claimed = _take(os.environ.get("AUTOLRS_ADDRESS"), os.environ.get("AUTOLRS_TOKEN"))
        _is_driven = True
        _owner = os.getpid()
        _is_second = _claimed is not None and not holds_alone(_claimed.channel.fileno())
        os.environ["AUTOLRS"] = "0"
        os.environ[_HOLDER] = str(_owner)
        for name in ("AUTOLRS_ADDRESS", "AUTOLRS_TOKEN"):
            os.environ.pop(name, None)
    return _claimed


def claim_to_train(run: Run | None = None) -> Wire | None:
    """As `claim`, for who means to train by it. Starts a tuner, where the script asks for a run.

    Args:
        run: What the script asks for. It has no meaning where a tuner drives the script already.

    Raises:
        RanksError: Another process of this script has it.
        NoTunerError: A run is asked for, and no tuner can be started.
        RunRefusedError: The tuner does not take the run as it is asked for.
    """
    _start_own(asked_run(run))
    wire = claim()
    holder = _holder()
    if holder is None and not _is_driven:
        _tell_of_holder()
        sentence = left_out()
        if sentence is not None:
            sys.stderr.write(f"autolrs: {sentence}\n")
            sys.stderr.flush()
    if holder is not None:
        raise RanksError(
            f"{holder} holds the tuner, which steers one training, and process {os.getpid()} "
            "attaches too; train in one process, or have torchrun start the ranks of one "
            "training: processes that multiprocessing starts to share a model are not served"
        )
    return wire


def on_next_run(act: Callable[[], None]) -> None:
    """What to do before another run is started in this process, once."""
    _on_next_run.append(act)


def forget_on_next_run(act: Callable[[], None]) -> None:
    """It is done already."""
    if act in _on_next_run:
        _on_next_run.remove(act)


def _start_own(run: Run | None) -> None:
    """Starts a tuner for a script that is driven by none."""
    global _claimed, _is_driven, _owner
    wire = claim()
    if wire is not None and wire.started is not None and _is_to_be_replaced(wire.started, run):
        wire.started.leave()
        _claimed, _is_driven = None, False
    if run is None or _is_driven or _is_worker_of_holder():
        return
    while _on_next_run:
        _on_next_run.pop()()
    if rank_and_world()[0] == 0:
        from autolrs._inside.started_tuner import StartedTuner

        _claimed = StartedTuner(run).wire()
    _is_driven, _owner = True, os.getpid()
    os.environ.update({"AUTOLRS": "0", _HOLDER: str(_owner)})


def _is_to_be_replaced(started: Started, run: Run | None) -> bool:
    """Whether a run was over, or a notebook asks for another one amid it."""
    is_again = run is not None and _claimed is not None and _claimed.is_taken
    return started.is_over or (is_again and find_shell() is not None)


def _is_worker_of_holder() -> bool:
    process = sys.modules.get("multiprocessing.process")
    parent = None if process is None else process.parent_process()
    return parent is not None and str(parent.pid) == os.environ.get(_HOLDER)


def _holder() -> str | None:
    if _is_second:
        return "another process of this script"
    if _is_driven:
        return None if _owner == os.getpid() else f"process {_owner}"
    return None


def _tell_of_holder() -> None:
    """For a worker that is no fork: it trains untuned, as anything that a script starts."""
    if _is_worker_of_holder():
        sys.stderr.write(
            f"autolrs: process {os.getpid()} trains without the tuner, which process "
            f"{os.environ[_HOLDER]} holds\n"
        )


def claim_alone(adapter: str, run: Run | None = None) -> Wire | None:
    """As `claim`, for an adapter that steers one process.

    Args:
        adapter: Its name in the sentence.
        run: As for `claim_to_train`.

    Raises:
        NotImplementedError: A launcher has started several.
    """
    world = rank_and_world()[1]
    # No tuner is started for nothing.
    wire = None if run is not None and world > 1 else claim_to_train(run)
    if world > 1 and (run is not None or wire is not None):
        raise NotImplementedError(
            f"{world} processes train here, and {adapter} steers one; train in one process, or "
            "without the tuner"
        )
    return wire


def is_driven() -> bool:
    """True where a tuner steers this script: on every rank, if there are several.

    Where the script starts a tuner itself, by `attach(…, run=…)`, that is so from there on.

    Example:
        scheduler = None if autolrs.is_driven() else CosineAnnealingLR(optimizer, T_max=1000)
    """
    claim()
    return _is_driven or is_asked_by_env()


def _take(address: str | None, token: str | None) -> Wire | None:
    rank, world = rank_and_world()
    if rank > 0:
        return None
    if world > 1 and not address:
        raise AddressError(
            f"{world} processes train here, and the tuner talks over a stdin and stdout that all "
            "of them share; give autolrs --transport unix"
        )
    if address is None or address == "":
        return Wire(take_stdio(), token)
    return Wire(connect(address), token, connect_again=lambda: connect(address))
