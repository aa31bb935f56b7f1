"""Every file here is a workload, and has it as `workload`."""

from __future__ import annotations

import ast
import hashlib
import importlib
from pathlib import Path

from parts.workload import Workload

_HERE = Path(__file__).parent


def names() -> list[str]:
    """All workloads, by name."""
    return sorted(path.stem.replace("_", "-") for path in _HERE.glob("[!_]*.py"))


def load(name: str) -> Workload:
    """The workload of that name.

    Raises:
        ValueError: There is none; the message lists those that there are.
    """
    if name not in names():
        raise ValueError(f'there is no workload "{name}"; there are {", ".join(names())}')
    workload: Workload = importlib.import_module(f"workloads.{name.replace('-', '_')}").workload
    return workload


def version(name: str) -> str:
    """Eight hexadecimal digits that change with the workload's file or a part that it uses."""
    files: set[Path] = set()
    _collect(_HERE / f"{name.replace('-', '_')}.py", files)
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()[:8]


def _collect(path: Path, files: set[Path]) -> None:
    if path in files:
        return
    files.add(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("parts."):
            _collect(_HERE.parent / f"{node.module.replace('.', '/')}.py", files)
