"""A worker is thrown away, so it need not outlive the process that has started it."""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_tuner() -> None:
    """Has the kernel end a worker once its tuner is gone, whatever the worker does then.

    It would notice at its next step by itself. A step may be long, and a stopped process has none.
    Only where the tuner is the parent: a launcher between them may end before the script does.
    """
    tuner = os.environ.get("AUTOLRS_TUNER_PID", "")
    if sys.platform != "linux" or not os.environ.get("AUTOLRS_WORKER") or not tuner.isdecimal():
        return
    if os.getppid() != int(tuner):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(tuner):  # it ended in between
        os._exit(1)
