"""How a trainer of one's own gets its tuner."""

from __future__ import annotations

import math
import operator
import os
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from autolrs._ask_tell.tuner import AskTell
from autolrs._inside.options import RunOptions
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_alone
from autolrs._protocol.messages import PROTOCOL_VERSION
from autolrs._version import __version__
from autolrs.errors import ArgumentError, AskTellError, NoTunerError

if TYPE_CHECKING:
    from typing_extensions import Unpack


class _AskedRun(Run):
    """A run whose options are keywords of `ask_tell`."""

    def again(self) -> str:
        return f"run_dir={self.dir!r}"


def ask_tell(
    *,
    lr: float = 0.001,
    total: int | None = None,
    epoch: int | None = None,
    can_validate: bool = False,
    can_average: bool = False,
    can_write_files: bool = False,
    **options: Unpack[RunOptions],
) -> AskTell:
    """Starts a run for a trainer of your own, which asks what to do and tells what came of it.

    The tuner is a child of this process. Journal, run directory, ledger and result are those of
    any run. Under `autolrs run` that tuner is asked instead, and `options` have no meaning.

    Args:
        lr: LR to begin with, where a range test begins as well.
        total: Steps that the trainer means to do, for options without `steps` and `budget`.
        epoch: Steps of an epoch, for a `budget` in epochs.
        can_validate: It answers `Validate`. Without it the training losses are judged.
        can_average: It keeps the averages that a `Train` asks for, and answers `Adopt`.
        can_write_files: It answers `Save` and `Restore` with a `path`. Without it a run that goes
            on in a new process trains its committed steps again, at the same LRs.
        **options: Those of `autolrs.Run` but `keep_schedule`: `strategy="horizon"`, `budget=1600`
            steps or `"30m"`, `steps`, `seed`, `run_dir`. If a run is in `run_dir`, it goes on.

    Returns:
        To be used by `with`, whose end leaves no tuner behind.

    Raises:
        ArgumentError: An argument is of another kind than it must be, or there is none such.
        NoTunerError: No tuner can be started: it needs Node, which the wheel brings.
        RunRefusedError: The tuner does not take the options.
        AskTellError: Another run of this process goes on.
        NotImplementedError: A launcher has started several processes.

    Example:
        with autolrs.ask_tell(budget=1600, lr=0.01, can_validate=True) as tuner:
            while (request := tuner.ask()) is not None:
                tuner.tell(carry_out(request))
    """
    run = _AskedRun(**_checked(dict(options)))
    handshake = {
        "protocol": PROTOCOL_VERSION,
        "trainer": {"name": os.path.basename(sys.argv[0]) or "python", "version": __version__},
        "step": 0,
        **({} if total is None else {"total": _count(total, "total")}),
        **({} if epoch is None else {"epoch": _count(epoch, "epoch")}),
        "groups": [1],
        "world": 1,
        "can": {
            "validate": bool(can_validate),
            "disk": bool(can_write_files),
            "rewind": True,
            "cancel": False,
            "average": bool(can_average),
        },
        "holds": ["state", "data"],
    }
    lr = _positive(lr)
    wire = claim_alone("autolrs.ask_tell", run)
    if wire is None:
        raise NoTunerError(
            f"process {os.getpid()} is a worker of one that a tuner steers; call ask_tell there"
        )
    if wire.is_taken:
        raise AskTellError(
            "a run of this process goes on; leave its `with` block, or close it, before the next"
        )
    if wire.token is not None:
        handshake["token"] = wire.token
    return AskTell(wire, run, lr, handshake)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    known = {each.name for each in fields(Run) if each.init} - {"keep_schedule"}
    for name in options:
        if name == "keep_schedule":
            raise ArgumentError(
                "ask_tell has no `keep_schedule`: the LR is the tuner's, and no schedule is there"
            )
        if name not in known:
            raise ArgumentError(f"ask_tell has no option `{name}`; see autolrs.Run for those")
    return options


def _count(value: object, name: str) -> int:
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if isinstance(value, bool) or count < 1:
        raise ArgumentError(f"{name} is {value!r:.60}, not a whole number of 1 or more")
    return count


def _positive(lr: object) -> float:
    try:
        number = math.nan if isinstance(lr, (bool, str)) else float(lr)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise ArgumentError(f"lr is {lr!r:.60}, not a finite number above 0")
    return number
