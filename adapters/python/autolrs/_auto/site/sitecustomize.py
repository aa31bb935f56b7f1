"""Runs in every Python process under a tuner, before its script, and has PyTorch watched for.

A process that never imports PyTorch pays for a few lines here. The user's own `sitecustomize`,
which this one stands in front of, runs as it would have.
"""

from __future__ import annotations

import builtins
import os
import sys
from os import environ, path

_TOLD_IN = "AUTOLRS_STARTED_IN"


def _watch_imports() -> None:
    if environ.get("AUTOLRS") != "1":
        return
    _tell_of_start()
    if "AUTOLRS_ADDRESS" not in environ:
        _answer_no_question()
    from autolrs_imports import Watch  # it lies beside this file

    Watch.install()
    if environ.get("AUTOLRS_PHASE"):
        from autolrs_written_files import watch_files

        watch_files(environ)
    if environ.get("AUTOLRS_PHASE") == "search":
        from autolrs_trackers import silence

        silence(environ)


def _tell_of_start() -> None:
    """Python has begun and knows of the tuner, which finds a file in its folder."""
    folder = environ.get("AUTOLRS_RUN_DIR", "")
    if environ.get(_TOLD_IN) == folder:
        return
    environ[_TOLD_IN] = folder  # so that processes of this one need not
    # They find out whether their streams are still those of the tuner.
    environ["AUTOLRS_STDIN"], environ["AUTOLRS_STDOUT"] = _name_of(0), _name_of(1)
    if not folder:
        return
    try:
        mark = path.join(folder, "python-started")
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:  # it is there, or nothing can be written
        pass


def _name_of(fd: int) -> str:
    """What it leads to; empty where that has no name, or it is closed."""
    try:
        status = os.fstat(fd)
    except OSError:
        return ""
    return f"{status.st_dev}:{status.st_ino}" if status.st_ino else ""


def _answer_no_question() -> None:
    """Gives `input` with a question the end of file: what comes there is the first request.

    A script that asks a person something before it trains would take that for the answer, and the
    tuner would wait for ever. Who reads without a question may speak with the tuner itself. A
    process that the script feeds has another stdin.
    """
    own = builtins.input

    def ask(prompt: object = "") -> str:
        if prompt and _name_of(0) and _name_of(0) == environ.get("AUTOLRS_STDIN"):
            raise EOFError("EOF when reading a line")
        return own(prompt)

    builtins.input = ask


def _run_own() -> None:
    """Runs the `sitecustomize` that this one hides, if there is one."""
    here = path.dirname(path.abspath(__file__))
    others = [each for each in sys.path if path.abspath(each or ".") != here]
    for finder in sys.meta_path:
        if getattr(finder, "__name__", "") != "PathFinder":
            continue
        spec = finder.find_spec("sitecustomize", others)
        if spec is not None and spec.loader is not None:
            from importlib.util import module_from_spec

            module = sys.modules["sitecustomize"] = module_from_spec(spec)
            spec.loader.exec_module(module)
        return


_watch_imports()
_run_own()
