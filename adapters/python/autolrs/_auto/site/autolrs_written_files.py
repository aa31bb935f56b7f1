"""Has a script begin where it began: not at what an earlier process of the same run has saved.

A script may look for a checkpoint and go on from it. What the search has saved by then is no place
to begin, and no result would show it. So each process notes in the run directory what it writes
from its first update on, and one that opens such a file before its own first update is refused.
Nothing is removed: a file may be another's, and a script can be told to write elsewhere. Nothing
of autolrs is imported here: see `autolrs_door`.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
from typing import Any

_FILE = "written-files.jsonl"

MOST = 10_000
"""So many files are noted."""

_IN_WORDS = {
    "search": (
        "the script goes on from {path}, which the search has written: remove it, and resume; to "
        "keep what the search writes apart, run it with --scout-dir DIR, or with {{phase}} in the "
        "argument that names the folder"
    ),
    "commit": (
        "the script goes on from {path}, which an earlier process of this run has written, and "
        "autolrs starts it again from its own first step: move that file away, and resume"
    ),
}

_WRITING = os.O_WRONLY | os.O_RDWR


class WrittenFiles:
    """Notes the files that are written, and knows those of earlier processes.

    Args:
        folder: Of the run.
        phase: What this process is for.
    """

    def __init__(self, folder: str, phase: str) -> None:
        self.has_begun = False
        """This process has made its first update."""
        self._folder = folder
        self._phase = phase
        self._here = os.path.join(os.getcwd(), "")
        self._elsewhere = tuple(
            os.path.join(os.path.realpath(each), "")
            for each in (tempfile.gettempdir(), sys.prefix, os.path.expanduser("~/.cache"))
        )
        self._noted: set[str] = set()
        self._earlier = self._read()
        self._is_within = False

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """Python's word of all that it does; see `sys.addaudithook`."""
        if event == "open" and not self._is_within:
            path, mode, flags = args
            # Of `os.open` the flags tell, of `open` the mode.
            is_written = bool(flags & _WRITING) if mode is None else not mode.startswith("r")
            self.note(path, is_written or (mode is not None and "+" in mode))

    def note(self, path: Any, is_written: bool) -> None:
        """A file is opened.

        Raises:
            NotServedError: An earlier process of this run has written it.
        """
        is_of_interest = is_written if self.has_begun else bool(self._earlier)
        if not is_of_interest or not isinstance(path, (str, os.PathLike)):
            return
        self._is_within = True
        try:
            self._judge(os.path.realpath(os.fspath(path)), is_written)
        except OSError:  # what cannot be noted is not known of later
            pass
        finally:
            self._is_within = False

    def _judge(self, path: Any, is_written: bool) -> None:
        if not isinstance(path, str):
            return
        if self.has_begun:
            self._write(path)
        elif is_written:
            self._earlier.pop(path, None)  # from here on it is this process's own
        else:
            phase, stat = self._earlier.pop(path, ("", None))
            if phase and stat == _stat_of(path) is not None:
                _refuse(_IN_WORDS[phase].format(path=path), phase)

    def _write(self, path: str) -> None:
        if path in self._noted or len(self._noted) >= MOST or not self._is_of_script(path):
            return
        self._noted.add(path)
        with open(os.path.join(self._folder, _FILE), "a", encoding="utf-8") as file:
            file.write(json.dumps({"phase": self._phase, "path": path}) + "\n")

    def _is_of_script(self, path: str) -> bool:
        """Not a cache, nor anything of the run's own."""
        if path.startswith(os.path.join(os.path.realpath(self._folder), "")):
            return False
        if "__pycache__" in path or path.startswith("/dev/"):
            return False
        return path.startswith(self._here) or not path.startswith(self._elsewhere)

    def _read(self) -> dict[str, tuple[str, Any]]:
        """Phase and state of each file that earlier processes have noted."""
        noted: dict[str, tuple[str, Any]] = {}
        path = os.path.join(self._folder, _FILE)
        try:
            with open(path, encoding="utf-8") as file:
                lines = [*map(_parsed, file)]
        except OSError:  # there is none
            return {}
        for line in lines:
            if line.get("phase") in _IN_WORDS:
                noted[str(line["path"])] = (line["phase"], line.get("stat"))
        # Who wrote them is gone. What is there now is that, and not what a user puts there later.
        fresh = {name: phase for name, (phase, stat) in noted.items() if stat is None}
        noted.update((name, (phase, _stat_of(name))) for name, phase in fresh.items())
        with open(path, "a", encoding="utf-8") as file:
            for name, phase in fresh.items():
                stat = noted[name][1] or []
                file.write(json.dumps({"phase": phase, "path": name, "stat": stat}) + "\n")
        return noted


def _parsed(line: str) -> dict[str, Any]:
    try:
        noted = json.loads(line)
    except ValueError:  # torn by a kill
        return {}
    return noted if isinstance(noted, dict) and "path" in noted else {}


def _stat_of(path: str) -> list[int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


_files: dict[str, WrittenFiles] = {}
"""Of this process, while a tuner is to be heard of."""


def watch_files(environ: Any) -> None:
    """From here on files are noted, where the search is apart from the run."""
    folder, phase = environ.get("AUTOLRS_RUN_DIR"), environ.get("AUTOLRS_PHASE")
    if folder and phase in _IN_WORDS and hasattr(sys, "addaudithook"):
        files = _files["files"] = WrittenFiles(folder, phase)
        sys.addaudithook(files.audit)


def note_first_update() -> None:
    """What is written from here on is this training's."""
    if "files" in _files:
        _files["files"].has_begun = True


def watch_functions(module: Any, names: dict[str, tuple[int, bool]]) -> None:
    """Notes files that a module opens in other languages than Python's.

    Args:
        module: It has the functions.
        names: Of each, where among its arguments the path is, and whether it is written.
    """
    for name, (at, is_written) in names.items():
        function = getattr(module, name, None)
        if function is not None and "files" in _files:
            setattr(module, name, _noted(function, at, is_written))


def _noted(function: Any, at: int, is_written: bool) -> Any:
    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        path = args[at] if at < len(args) else kwargs.get("f", kwargs.get("filename"))
        _files["files"].note(path, is_written)
        return function(*args, **kwargs)

    return noted


def _refuse(sentence: str, phase: str) -> None:
    from autolrs_door import attaches

    # A loop that attaches goes on from a checkpoint of the tuner's, whatever it has loaded.
    if phase == "search" or not attaches():
        from autolrs._auto.not_served import refuse

        refuse(sentence)
