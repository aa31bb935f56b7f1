"""What an adapter adds to a training loop: the loop alone and under a tuner, in turn.

    python bench/overhead.py ADAPTER [--net cnn|mlp] [--pairs 3] [--slices 15] [--averages]

The tuner is played over real pipes: it asks for 100 steps, again and again, and between two of
them for a snapshot in memory. Two processes at a time, one bare and one tuned, do slices of 100
steps in turn, so that both meet the same machine; a ratio is that of two neighbours. The ratio of
processor time shows the work that is added, even where the machine has other work to do; that of
the clock also shows what waits, and the other work. With --averages both loops are under a tuner,
and one keeps the two averages of the weights that `horizon` asks for, with a sample an update.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ADAPTERS = ["pytorch", "unattached", "lightning", "transformers", "keras", "tensorflow", "jax"]
PACKAGES = HERE.parent / "adapters" / "python"
SITE = PACKAGES / "autolrs" / "_auto" / "site"
"""What a tuner puts before it, for scripts that do not attach."""
STEPS = 100
AVERAGES = {"powers": [20, 1], "every": 1, "since": 0}
WARM_UP = 3
"""Slices that do not count: code is compiled and caches fill."""


class Script:
    """A process that trains when it is asked to."""

    def __init__(self, adapter: str, net: str, is_tuned: bool, *args: str) -> None:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, [*([SITE] if is_tuned else []), PACKAGES])),
            "OVERHEAD_NET": net,
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "AUTOLRS": "1" if is_tuned else "0",
        }
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "overhead" / f"train_{adapter}.py"), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("OVERHEAD_DEBUG") else subprocess.DEVNULL,
            env=env,
            text=True,
        )

    def write(self, line: str) -> None:
        """Sends a line."""
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def read(self) -> str:
        """Waits for a line.

        Raises:
            EOFError: The script has ended.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise EOFError("a script of the benchmark ended; OVERHEAD_DEBUG=1 shows what it said")
        return line

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far (Linux: the clock of another process)."""
        return time.clock_gettime(~self._process.pid << 3 | 2)

    def end(self) -> None:
        """Ends it."""
        self._process.kill()
        self.wait()

    def wait(self) -> None:
        """Waits for its own end."""
        self._process.wait()


class Bare(Script):
    """The loop alone."""

    def begin(self) -> None:
        """Waits until it is ready to train."""
        self.read()

    def slice(self) -> float:
        """Seconds of 100 steps, as the script itself measures them: the gate is not counted."""
        self.write("go")
        return float(self.read())


class Tuned(Script):
    """The loop under a tuner."""

    averages: dict[str, object] | None = None
    """What each request asks for."""

    def begin(self) -> None:
        """Waits until it is ready to train."""
        self.ask("initialize", protocol=1)

    def slice(self) -> float:
        """Seconds of 100 steps, from the request to the reply."""
        started = time.perf_counter()
        more = {} if self.averages is None else {"average": self.averages}
        self.ask("train", steps=STEPS, lr=1e-3, **more)
        return time.perf_counter() - started

    def save(self) -> float:
        """Seconds of a snapshot in memory, which replaces the one before."""
        return float(self.ask("save", id="a")["seconds"])

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Sends a request and waits for its result."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.write(json.dumps(request))
        while True:
            message = json.loads(self.read())
            if "id" in message:
                result: dict[str, Any] = message["result"]
                return result


def measure(adapter: str, net: str, slices: int, averages: bool = False) -> dict[str, float]:
    """One pair of processes: median milliseconds a step bare, and of a save; the median ratios."""
    bare = Tuned(adapter, net, True) if averages else Bare(adapter, net, False)
    tuned = Tuned(adapter, net, True)
    tuned.averages = AVERAGES if averages else None
    try:
        bare.begin()
        tuned.begin()
        alone, clock, cpu, saves = [], [], [], []
        for index in range(WARM_UP + slices):
            save = tuned.save()
            # First one and then the other, so that a drift favours neither.
            order = [bare, tuned] if index % 2 == 0 else [tuned, bare]
            seconds, work = {}, {}
            for script in order:
                before = script.cpu_seconds()
                seconds[script] = script.slice()
                work[script] = script.cpu_seconds() - before
            if index >= WARM_UP:
                alone.append(seconds[bare])
                saves.append(save)
                clock.append(seconds[tuned] / seconds[bare])
                cpu.append(work[tuned] / work[bare])
        return {
            "step_ms": statistics.median(alone) / STEPS * 1e3,
            "save_ms": statistics.median(saves) * 1e3,
            "clock": statistics.median(clock),
            "cpu": statistics.median(cpu),
        }
    finally:
        bare.end()
        tuned.end()


def main() -> None:
    """Measures one adapter after the other, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("adapters", nargs="+", choices=ADAPTERS)
    parser.add_argument("--net", choices=["cnn", "mlp"], default="cnn")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of processes")
    parser.add_argument("--slices", type=int, default=15, help="slices of 100 steps in each")
    parser.add_argument("--averages", action="store_true", help="what averages cost")
    args = parser.parse_args()
    without = "without averages" if args.averages else "bare"
    columns = ["processor time over it", "clock over it", "save, ms"]
    print("|", " | ".join(["adapter", "net", f"ms a step, {without}", *columns]), "|")
    print("| --- | --- | --- | --- | --- | --- |")
    for adapter in args.adapters:
        backend = f" on {os.environ['KERAS_BACKEND']}" if adapter == "keras" else ""
        runs = [measure(adapter, args.net, args.slices, args.averages) for _ in range(args.pairs)]
        step, save = (
            statistics.median(run[key] for run in runs) for key in ("step_ms", "save_ms")
        )
        cpu, clock = (shown([run[key] for run in runs]) for key in ("cpu", "clock"))
        print(f"| {adapter}{backend} | {args.net} | {step:.2f} | {cpu} | {clock} | {save:.1f} |")
        sys.stdout.flush()


def shown(ratios: list[float]) -> str:
    """The median over the pairs of processes, and the range."""
    low, middle, high = (
        f"{100 * (value - 1):+.1f}"
        for value in (min(ratios), statistics.median(ratios), max(ratios))
    )
    return f"{middle} % ({low} to {high})"


if __name__ == "__main__":
    main()
