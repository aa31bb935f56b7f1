"""Writes workloads.json: what the report must know of the workloads, so that it needs no Python.

python bench/training/describe.py
"""

from __future__ import annotations

import json
from pathlib import Path

import workloads

DESCRIPTIONS = Path(__file__).parent / "workloads.json"


def describe() -> str:
    """The file's content."""
    descriptions = []
    for name in workloads.names():
        workload = workloads.load(name)
        descriptions.append(
            {
                "name": name,
                "version": workloads.version(name),
                "about": workload.about,
                "optimizer": workload.optimizer,
                "total": workload.total,
                "defaultLr": workload.default_lr,
                "isHeldOut": workload.is_held_out,
            }
        )
    return json.dumps(descriptions, indent=2) + "\n"


if __name__ == "__main__":
    DESCRIPTIONS.write_text(describe())
