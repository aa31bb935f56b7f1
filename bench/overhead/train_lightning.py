"""A Lightning fit, bare or tuned."""

import logging
import warnings

import lightning
import torch

import autolrs
import autolrs.lightning
from torch_net import loader, net

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = net()

    def training_step(self, batch, index):
        x, y = batch
        return torch.nn.functional.cross_entropy(self.net(x), y)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3, momentum=0.9)


class Turns(lightning.Callback):
    def __init__(self):
        from common import Gate

        self.gate = Gate()

    def on_train_epoch_start(self, trainer, module):
        self.gate.wait()


callback = autolrs.lightning.TunerCallback() if autolrs.is_driven() else Turns()
trainer = lightning.Trainer(
    max_epochs=10**6,
    callbacks=[callback],
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(Module(), loader())
