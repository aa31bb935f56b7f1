"""What one `tuner.step` costs away from boundaries, under a tuner that asks for many steps.

    python bench/tuner_step.py

Plays the tuner over real pipes against a loop that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

STEPS = 200_000
ROUNDS = 7


def train() -> None:
    """The script: a loop of steps with a ready-made loss."""
    import torch

    import autolrs.torch

    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    model = torch.nn.ParameterList([parameter])
    loss = 0.5 if sys.argv[2] == "float" else torch.tensor(0.5)
    tuner = autolrs.torch.attach(model, optimizer)
    step = tuner.step
    while not tuner.done:
        step(loss)


def measure(kind: str) -> float:
    """Median microseconds a step, less those of the same loop without the step."""
    adapters = os.path.join(os.path.dirname(__file__), "..", "adapters", "python")
    env = {**os.environ, "AUTOLRS": "1", "PYTHONPATH": os.path.abspath(adapters)}
    child = subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "train", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        text=True,
    )

    def ask(method: str, **params: object) -> dict[str, object]:
        assert child.stdin
        assert child.stdout
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
        while True:
            message = json.loads(child.stdout.readline())
            if "id" in message:
                result: dict[str, object] = message["result"]
                return result

    ask("initialize", protocol=1)
    seconds = [float(str(ask("train", steps=STEPS, lr=0.1)["seconds"])) for _ in range(ROUNDS)]
    ask("shutdown")
    child.wait()
    empty = time_empty_loop()
    return (sorted(seconds)[ROUNDS // 2] - empty) / STEPS * 1e6


def time_empty_loop() -> float:
    """Seconds of the loop around the step alone."""

    class Nothing:
        @property
        def done(self) -> bool:
            return False

        def step(self, loss: object) -> None:
            pass

    nothing = Nothing()
    step = nothing.step
    started = time.perf_counter()
    for _ in range(STEPS):
        if nothing.done:
            break
        step(0.5)
    return time.perf_counter() - started


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "train":
        train()
    else:
        for kind in ("float", "tensor"):
            print(f"tuner.step with a {kind} loss: {measure(kind):.2f} us over an empty call")
