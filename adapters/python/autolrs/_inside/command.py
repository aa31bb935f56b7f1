"""Where the command `autolrs` is, for a script that starts it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil

from autolrs.errors import NoTunerError

COMMAND = "AUTOLRS_COMMAND"


def find_command() -> list[str]:
    """The command and its first arguments: what the environment names, the wheel's, the PATH's.

    Raises:
        NoTunerError: There is none.
    """
    named = shlex.split(os.environ.get(COMMAND, ""))
    if named:
        return named
    if importlib.util.find_spec("autolrs_cli") is not None:
        from autolrs_cli import find_own

        own = find_own()
        if own is not None:
            return own
    on_path = shutil.which("autolrs")
    if on_path is None:
        raise NoTunerError(
            "no command autolrs was found, by which a run is started; install the wheel, which "
            f"has it (pip install autolrs), or name the command in {COMMAND}"
        )
    return [on_path]
