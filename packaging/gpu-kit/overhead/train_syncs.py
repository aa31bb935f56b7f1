"""Counts how often a PyTorch loop, bare or tuned, makes the host wait for the device.

Writes the count of as many steps as its first argument says to the file that its second one names.
"""

import sys
import warnings
from pathlib import Path

import torch

import autolrs
import autolrs.torch
from common import BATCH, DEVICE
from torch_net import loader, net

STEPS = int(sys.argv[1])

model = net().to(DEVICE)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
# One batch for all steps: to bring others to the device may wait too, and is not what is counted.
x, y = (each[:BATCH].to(DEVICE) for each in loader().dataset.tensors)


def update():
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


update()
if DEVICE == "cuda":
    torch.cuda.set_sync_debug_mode("warn")
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    if autolrs.is_driven():
        tuner = autolrs.torch.attach(model, optimizer)
        while not tuner.done:
            tuner.step(update())
    else:
        for _ in range(STEPS):
            update()
count = sum("synchroniz" in str(each.message) for each in seen)
Path(sys.argv[2]).write_text(str(count))
