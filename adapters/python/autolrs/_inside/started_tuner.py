"""A tuner that the script has started, from its start to what is said of its end."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import Protocol

from autolrs._inside.command import find_command
from autolrs._inside.interrupts import Interrupts
from autolrs._inside.run import Run, in_words_of_run
from autolrs._inside.tuner_process import Notice, TunerProcess, Watcher
from autolrs._notebook.shell import find_shell
from autolrs._protocol.transport import connect
from autolrs._protocol.wire import Wire
from autolrs.errors import NoTunerError, RunRefusedError

_told: dict[str, str] = {}
"""What a run has put into the environment, for the script and its children."""


class Front(Watcher, Protocol):
    """Shows the run to people."""

    def begin(self) -> None:
        """The loop begins."""

    def end(self, notice: Notice | None) -> None:
        """All is told. Without its last word the tuner was killed."""


class Lines:
    """In a script: the tuner's own lines."""

    def add(self, notice: Notice) -> None:
        """Nothing is drawn."""

    def say(self, line: str) -> None:
        """At once, between the script's own lines."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def begin(self) -> None:
        """There is nothing to prepare."""

    def end(self, notice: Notice | None) -> None:
        """The tuner has told its summary."""


class StartedTuner:
    """What the wire asks of a tuner that belongs to the script.

    Args:
        run: What the script asks for.

    Raises:
        NoTunerError: It cannot be started.
        RunRefusedError: It refuses the run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._owner = os.getpid()
        self._front = _front()
        self._has_begun = False
        self.is_over = False
        """It has ended, or was left."""
        self._status: int | None = None
        env = {name: os.environ[name] for name in os.environ if name not in _told}
        self._process = TunerProcess(find_command(), run.flags(), env, self._front)
        self._interrupts = Interrupts(self._process.interrupt)
        place = self._process.listening()
        if place is None:
            raise self._refusal()
        self._channel = connect(place["address"])
        self._token: str = place["token"]
        _tell_children(place)
        run.dir = place["run"]["dir"]
        atexit.register(self.leave)

    def wire(self) -> Wire:
        """The way to it."""
        self._wire = Wire(self._channel, self._token, started=self)
        return self._wire

    def listens(self) -> None:
        """The script is about to wait for it."""
        self._interrupts.watch()
        if not self._has_begun:
            self._has_begun = True
            self._front.begin()

    def over(self) -> None:
        """The run has ended, and the script goes on: once all is told.

        Raises:
            KeyboardInterrupt: It has ended because that was asked for.
        """
        self._see_off()
        self._raise_interrupt()

    def farewell(self) -> str:
        """What to say of a tuner that is gone.

        Raises:
            KeyboardInterrupt: It was asked to go.
        """
        self._see_off()
        self._raise_interrupt()
        end = self._process.end
        if end is None:
            return (
                f"autolrs: the tuner {self._how_it_ended()} while it steered this script; leaving "
                f"now, because the weights may be those of a probe; {self._remedy()}"
            )
        error = end.get("error", {}).get("message") or f"the run is {end.get('status')}"
        hint = f"; {self._remedy()}" if end.get("isResumable") else ""
        return f"autolrs: {in_words_of_run(error)}{hint}"

    def fails(self, error: BaseException | None) -> None:
        """The script ends by an exception, of which the tuner is told next."""
        if isinstance(error, KeyboardInterrupt):
            self.interrupt()

    def interrupt(self) -> None:
        """Asks for the end of the run. Returns once the tuner has heard that."""
        if not self.is_over:
            self._process.interrupt(wait=True)

    def leave(self) -> None:
        """The script will not train on by this run, which is ended if it goes on."""
        if self.is_over or os.getpid() != self._owner:
            return
        if not self._wire.is_known:
            self._process.interrupt()  # it would wait for the script to connect again
        self._wire.hang_up()
        self._see_off()
        end = self._process.end
        if end is not None and end.get("isResumable"):
            self._front.say(f"autolrs: {self._remedy()}")

    def _see_off(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._status = self._process.wait()
        self._interrupts.stop()
        end = self._process.end
        if end is not None:
            self._run.result = end.get("result")
        self._front.end(end)
        atexit.unregister(self.leave)

    def _raise_interrupt(self) -> None:
        if self._interrupts.is_pending:
            self._interrupts.is_pending = False
            end = self._process.end
            if end is not None and end.get("isResumable"):
                self._front.say(f"autolrs: {self._remedy()}")
            raise KeyboardInterrupt

    def _remedy(self) -> str:
        return f"go on by the same call with {self._run.again()}"

    def _how_it_ended(self) -> str:
        status = self._status
        if status is None:
            return "closed the connection"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with exit code {status}"

    def _refusal(self) -> Exception:
        self._status = self._process.wait()
        end = self._process.end
        if end is None:
            return NoTunerError(
                f"{' '.join(find_command())} {self._how_it_ended()} before it served a run; its "
                "version must be that of this package"
            )
        return RunRefusedError(in_words_of_run(end["error"]["message"]))


def _front() -> Front:
    shell = find_shell()
    if shell is None:
        return Lines()
    from autolrs._notebook.cell import Cell

    return Cell()


def _tell_children(place: Notice) -> None:
    """As a script that is wrapped finds it."""
    run = place["run"]
    _told.update(
        AUTOLRS_RUN_ID=run["id"],
        AUTOLRS_RUN_DIR=run["dir"],
        AUTOLRS_RUN_SEED=str(run["seed"]),
        AUTOLRS_CONTINUES=str(int(place["continues"])),
    )
    os.environ.update(_told)
