"""What the scripts of this benchmark share: data, and the gate of the loop that trains alone."""

from __future__ import annotations

import os
import sys
import time

import numpy

STEPS = 100
"""Steps from one boundary to the next, and batches an epoch: all frameworks can stop there."""
BATCH = 64
NET = os.environ.get("OVERHEAD_NET", "cnn")
"""cnn: two convolutions on images of 28 by 28, as in examples/pytorch; mlp: 64 inputs, one hidden
layer of 64, as in the other examples."""
DEVICE = os.environ.get("OVERHEAD_DEVICE", "cpu")
"""What PyTorch trains on."""


def data() -> tuple[numpy.ndarray, numpy.ndarray]:
    """One epoch of images (N x 28 x 28, or N x 64) and labels: noise, because only time counts."""
    random = numpy.random.default_rng(0)
    shape = (28, 28) if NET == "cnn" else (64,)
    images = random.standard_normal((STEPS * BATCH, *shape), dtype=numpy.float32)
    return images, random.integers(0, 10, STEPS * BATCH).astype(numpy.int32)


class Gate:
    """Lets the bare loop do one slice of STEPS at a time, in turn with the tuned one."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # frameworks print
        self._started: float | None = None

    def wait(self) -> None:
        """Tells how long the slice has taken, and waits for the next; there, or at the end."""
        if self._started is not None:
            self._out.write(f"{time.perf_counter() - self._started}\n")
        else:
            self._out.write("ready\n")
        if not sys.stdin.readline():
            os._exit(0)
        self._started = time.perf_counter()
