"""Runs a command on a terminal of its own, and prints how it ended.

Once a file holds a cue it does something to the terminal.

    python3 terminal.py MODE FILE CUE COMMAND...

MODE: `closed` (its window is closed, with the hang-up that brings), `disowned` (the window is
closed and nobody is told), `halted` (nobody reads the terminal from the cue on, as after Ctrl-S;
then SIGTERM), `nohup` (as `closed`, with output in files under nohup), `twice` (a shell passes the
hang-up on, so that it comes twice).
"""

import fcntl
import json
import os
import pty
import select
import signal
import sys
import termios
import time
from pathlib import Path

mode, path, cue, *command = sys.argv[1:]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    if mode != "disowned":
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    if mode == "nohup":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        slave = os.open(os.devnull, os.O_RDWR)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)
    os.execvp(command[0], command)
os.close(slave)


def has_cue() -> bool:
    return cue in (Path(path).read_text(errors="replace") if os.path.exists(path) else "")


begun = time.monotonic()
while not has_cue() and time.monotonic() - begun < 60:
    if mode in ("closed", "disowned", "twice") and select.select([master], [], [], 0.05)[0]:
        os.read(master, 65536)
asked = time.monotonic()
if mode == "halted":
    os.kill(child, signal.SIGTERM)
else:
    os.close(master)
if mode == "nohup":
    os.kill(child, signal.SIGHUP)  # the system tells the session's leader; a shell tells its jobs
if mode == "twice":
    os.kill(child, signal.SIGHUP)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"code": status, "seconds": time.monotonic() - asked}))
