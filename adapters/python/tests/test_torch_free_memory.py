"""The heap of glibc, with the holes that a model's copies leave there."""

from __future__ import annotations

from pathlib import Path

import pytest

from autolrs._torch_state import free_memory

BLOCKS, BLOCK_BYTES = 60, 7 << 20


def resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def make_holes() -> list[bytes]:
    """Blocks in the heap with small ones between them, of which only the small ones stay."""
    bytearray(BLOCK_BYTES + 4096)  # once freed, blocks of its size come from the heap
    blocks, between = [], []
    for _ in range(BLOCKS):
        blocks.append(bytearray(BLOCK_BYTES))
        between.append(bytes(100_000))
    return between


@pytest.mark.skipif(free_memory._LIBRARY is None, reason="the C library is not glibc")
def test_memory_in_holes_of_the_heap_is_given_back() -> None:
    between = make_holes()
    before = resident_bytes()
    free_memory.give_back_free_memory()
    assert before - resident_bytes() > BLOCKS * BLOCK_BYTES / 2
    assert len(between) == BLOCKS


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_LIBRARY", None)
    free_memory.give_back_free_memory()
