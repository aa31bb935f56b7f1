"""Runs scripts that start their own run, with the real tuner as their child."""

from __future__ import annotations

import json
import os
import select
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

CLI = Path(__file__).parents[3] / "bin" / "autolrs.js"
COMMAND = shlex.join(["node", str(CLI)])


class Folder:
    """Where scripts run.

    Args:
        path: It.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def start(self, script: str, **env: str) -> subprocess.Popen[str]:
        """Starts a script."""
        (self.path / "train.py").write_text(script)
        tests = Path(__file__).parent
        own = {name: os.environ[name] for name in os.environ if not name.startswith("AUTOLRS")}
        paths = os.pathsep.join([str(tests), str(tests.parent)])
        return subprocess.Popen(
            [sys.executable, "train.py"],
            cwd=self.path,
            env={**own, "PYTHONPATH": paths, "AUTOLRS_COMMAND": COMMAND, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a script to its end."""
        child = self.start(script, **env)
        try:
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def run_until_killed(self, script: str) -> None:
        """Kills a script that prints its tuner's process and waits; awaits the tuner's end.

        Needs `os.pidfd_open`.
        """
        child = self.start(script)
        assert child.stdout is not None
        tuner = os.pidfd_open(int(child.stdout.readline()))
        child.kill()
        child.communicate(timeout=60)
        assert select.select([tuner], [], [], 60)[0] == [tuner]
        os.close(tuner)

    def cli(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Runs the command."""
        return subprocess.run(
            ["node", str(CLI), *args], cwd=self.path, capture_output=True, text=True, check=False
        )

    def result(self) -> dict[str, Any]:
        """What the run came to."""
        document: dict[str, Any] = json.loads((self.path / "run" / "result.json").read_text())
        return document
