"""A PyTorch script that starts its runs itself, one after another, on the same model."""

from __future__ import annotations

from conftest import require
from own_run import Folder

require("torch")

SCRIPT = """
import torch
import autolrs.torch

torch.manual_seed(0)
x = torch.randn(64, 4)
batches = list(zip(x.split(16), (x @ torch.randn(4, 1)).split(16)))
model = torch.nn.Linear(4, 1)

def train(optimizer, **options):
    loss_of = lambda x, y: torch.nn.functional.mse_loss(model(x), y)
    validate = lambda: loss_of(*batches[0])
    run = autolrs.Run(min_lr=1e-4, max_lr=1e-2, **options)
    tuner = autolrs.torch.attach(model, optimizer, validate, run=run)
    for x, y in tuner.cycle(batches, epochs=10):
        loss = loss_of(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)
    return run.result["status"], run.result["steps"]["committed"] == tuner.step_count

adam = torch.optim.Adam(model.parameters(), lr=1e-3)
print(*train(adam, steps=120))
print(*train(adam, steps=120))
print(*train(torch.optim.SGD(model.parameters(), lr=1e-3), steps=120))
print(*train(torch.optim.SGD(model.parameters(), lr=1e-3), steps=120, keep_schedule=True))
print(*train(torch.optim.SGD(model.parameters(), lr=1e-3), steps=120))
"""


def test_the_model_and_the_optimizer_of_one_run_can_be_trained_by_the_next(
    folder: Folder,
) -> None:
    ended = folder.run(SCRIPT)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["finished True"] * 5
