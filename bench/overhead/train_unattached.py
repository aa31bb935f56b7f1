"""A PyTorch loop that does not know autolrs, bare or steered from outside."""

import os

import torch

from torch_net import loader, net

model, batches = net(), loader()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
criterion = torch.nn.CrossEntropyLoss()
gate = None
if os.environ["AUTOLRS"] == "0":
    from common import Gate

    gate = Gate()
for _ in range(10**6):
    if gate is not None:
        gate.wait()
    for x, y in batches:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
