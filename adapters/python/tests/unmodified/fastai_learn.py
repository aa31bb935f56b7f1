"""A Learner as in fastai's own examples: one cycle, a file of the best, and its table."""

import torch
from fastai.basics import *
from fastai.callback.schedule import *
from fastai.callback.tracker import EarlyStoppingCallback, SaveModelCallback
from torch.utils.data import TensorDataset

set_seed(0, reproducible=True)
x = torch.randn(256, 8)
y = x[:, :4].argmax(1)
dls = DataLoaders.from_dsets(
    TensorDataset(x[:192], y[:192]), TensorDataset(x[192:], y[192:]), bs=16, num_workers=0
)
model = nn.Sequential(
    nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 4)
)
learn = Learner(
    dls,
    model,
    loss_func=nn.CrossEntropyLoss(),
    metrics=accuracy,
    path=Path("."),
    cbs=[SaveModelCallback(), EarlyStoppingCallback(patience=3)],
)
with learn.no_bar():
    learn.fit_one_cycle(4, 1e-2)
print("losses", [loss.item() for loss in learn.recorder.losses], learn.recorder.lrs)
torch.save(learn.model.state_dict(), "model.pt")
