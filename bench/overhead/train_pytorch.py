"""A PyTorch loop, bare or tuned."""

import torch

import autolrs
import autolrs.torch
from common import DEVICE
from torch_net import loader, net

model, batches = net().to(DEVICE), loader()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
criterion = torch.nn.CrossEntropyLoss()


def update(x, y):
    loss = criterion(model(x.to(DEVICE)), y.to(DEVICE))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


if autolrs.is_driven():
    tuner = autolrs.torch.attach(model, optimizer)
    for x, y in tuner.cycle(batches, epochs=10**6):
        tuner.step(update(x, y))
else:
    from common import Gate

    gate = Gate()
    while True:
        if DEVICE != "cpu":
            torch.cuda.synchronize()
        gate.wait()
        for x, y in batches:
            update(x, y)
