"""A PyTorch loop, bare or tuned."""

import torch
from torch_net import loader, net

import autolrs
import autolrs.torch

model, batches = net(), loader()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
criterion = torch.nn.CrossEntropyLoss()


def update(x, y):
    loss = criterion(model(x), y)
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
        gate.wait()
        for x, y in batches:
            update(x, y)
