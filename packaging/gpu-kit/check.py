"""Measures autolrs with PyTorch on this machine, which needs no network.

    python check.py [--device cuda|cpu]

Needs a Python with PyTorch and NumPy. Installs the wheels beside this file into a virtual
environment of its own that sees that PyTorch, and prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

KIT = Path(__file__).resolve().parent
SYNC_STEPS = 1000
REPEATS = 5


def main() -> None:
    """Installs, and goes on with what is installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--pairs", type=int, default=3, help="pairs of processes, bare and tuned")
    parser.add_argument("--slices", type=int, default=15, help="slices of 100 steps in each")
    parser.add_argument("--home", help=argparse.SUPPRESS)  # where it is installed already
    args = parser.parse_args()
    if args.home is None:
        with tempfile.TemporaryDirectory() as home:
            python = install(Path(home))
            command = [python, str(KIT / "check.py"), *sys.argv[1:], "--home", home]
            sys.exit(subprocess.run(command, check=False).returncode)
    check(args, Path(args.home))


def install(home: Path) -> str:
    """A virtual environment with the wheels and this Python's packages; returns its Python."""
    folder = home / "venv"
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    # Not `system_site_packages`: where this Python is of an environment itself, it means another.
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True)
    mine = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    Path(packages.stdout.strip(), "python_of_check.pth").write_text("\n".join(mine) + "\n")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheels = str(KIT / "wheels")
    offline = ["--no-index", "--find-links", wheels, "--force-reinstall"]
    subprocess.run([*pip, *offline, "autolrs"], check=True)
    return python


def check(args: argparse.Namespace, home: Path) -> None:
    """Measures and prints.

    Args:
        args: What was asked for.
        home: An empty folder but for the virtual environment.
    """
    try:
        import numpy  # noqa: F401
        import torch
    except ImportError as error:
        sys.exit(f"this Python has no {error.name}; start check.py with one that has")
    is_cuda = args.device == "cuda"
    if is_cuda and not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA device here; pass --device cpu to try the kit without one")
    os.environ["OVERHEAD_DEVICE"] = args.device
    device = torch.cuda.get_device_name() if is_cuda else "CPU"
    print(f"PyTorch {torch.__version__} on {device}, Python {platform.python_version()}.\n")
    print("| what | measured |\n| --- | --- |")
    for what, measured in rows(args, home):
        print(f"| {what} | {measured} |", flush=True)


def rows(args: argparse.Namespace, home: Path) -> Any:
    """The rows of the table, as they are measured."""
    import overhead

    runs = [overhead.measure("pytorch", "cnn", args.slices) for _ in range(args.pairs)]
    bare = 1000 / statistics.median(run["step_ms"] for run in runs)
    ratio = statistics.median(run["clock"] for run in runs)
    yield "steps/s, bare", f"{bare:.0f}"
    yield "steps/s, tuned", f"{bare / ratio:.0f}"
    yield (
        "the loop under the tuner over the bare loop",
        overhead.shown([run["clock"] for run in runs]),
    )
    for name, is_tuned in (("bare", False), ("tuned", True)):
        what = f"synchronisations a step, {name}, of {SYNC_STEPS} steps between two replies"
        is_cuda = args.device == "cuda"
        count = count_syncs(home, is_tuned)
        yield what, f"{count / SYNC_STEPS:g}" if is_cuda else "no device"
    for what, seconds in times_of_snapshots(home):
        yield what, f"{1000 * seconds:.1f} ms"
    yield "`autolrs doctor`", doctors_verdict(home, args.device)


def count_syncs(home: Path, is_tuned: bool) -> int:
    """How often the host waited for the device, the reply included."""
    import overhead

    path = home / "syncs"
    kind = overhead.Tuned if is_tuned else overhead.Bare
    script = kind("syncs", "cnn", is_tuned, str(SYNC_STEPS), str(path))
    try:
        if isinstance(script, overhead.Tuned):
            script.begin()
            script.ask("train", steps=SYNC_STEPS, lr=1e-3)
            script.ask("shutdown")
        script.wait()
    finally:
        script.end()
    return int(path.read_text())


def times_of_snapshots(home: Path) -> Any:
    """Median seconds of saves and restores, after some training."""
    import overhead

    script = overhead.Tuned("pytorch", "cnn", True)
    try:
        script.begin()
        script.ask("train", steps=50, lr=1e-3)
        for where, params in (("memory", {}), ("disk", {"path": str(home / "checkpoint")})):
            for method in ("save", "restore"):
                answers = [script.ask(method, id="a", **params) for _ in range(REPEATS)]
                yield f"{method}, {where}", statistics.median(each["seconds"] for each in answers)
    finally:
        script.end()


def doctors_verdict(home: Path, device: str) -> str:
    """What `autolrs doctor` says of the example."""
    example = [sys.executable, str(KIT / "fashion_mnist.py"), "--data", str(KIT / "data")]
    command = [str(home / "venv" / "bin" / "autolrs"), "doctor", "--json", "--", *example]
    small = ["--train-size", "6400", "--validation-size", "500", "--device", device]
    end = subprocess.run([*command, *small], check=False, capture_output=True, text=True)
    try:
        report = json.loads(end.stdout)
    except ValueError:
        return f"ended with {end.returncode}: {end.stderr.strip().splitlines()[-1:]}"
    wrong = [
        f"{each['check']}: {each['message']}"
        for each in report["findings"]
        if each["verdict"] != "ok"
    ]
    return "; ".join([f"{'fit' if report['fit'] else 'not fit'} to be tuned", *wrong])


if __name__ == "__main__":
    main()
