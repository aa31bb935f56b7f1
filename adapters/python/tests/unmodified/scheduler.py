"""A scheduler of PyTorch's that is stepped at each update, and two groups of parameters."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(96, 6)
loader = DataLoader(TensorDataset(x, x.sin().sum(1, keepdim=True)), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1))
epochs = 2
optimizer = torch.optim.SGD(
    [{"params": model[0].parameters(), "lr": 0.02}, {"params": model[2].parameters()}],
    lr=0.1,
    momentum=0.9,
)
scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=[0.04, 0.2], steps_per_epoch=len(loader), epochs=epochs
)
for _epoch in range(epochs):
    for inputs, targets in loader:
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        print(f"{loss.item():.9f} {scheduler.get_last_lr()}")
torch.save(model.state_dict(), "model.pt")
