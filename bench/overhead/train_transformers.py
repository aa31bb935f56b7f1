"""A fit of the Hugging Face Trainer, bare or tuned."""

import tempfile

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

import autolrs
import autolrs.transformers
from common import BATCH
from torch_net import loader, net


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net()

    def forward(self, x, labels):
        outputs = self.net(x)
        return {"loss": torch.nn.functional.cross_entropy(outputs, labels), "logits": outputs}


class Turns(TrainerCallback):
    def __init__(self):
        from common import Gate

        self.gate = Gate()

    def on_epoch_begin(self, *args, **kwargs):
        self.gate.wait()


x, y = loader().dataset.tensors
rows = [{"x": image, "labels": label} for image, label in zip(x, y)]
args = TrainingArguments(
    tempfile.mkdtemp(),
    num_train_epochs=10**5,
    per_device_train_batch_size=BATCH,
    use_cpu=True,
    save_strategy="no",
    logging_strategy="no",
    report_to=[],
    disable_tqdm=True,
)
is_driven = autolrs.is_driven()
trainer = Trainer(Model(), args, train_dataset=rows, callbacks=[] if is_driven else [Turns()])
if is_driven:
    autolrs.transformers.attach(trainer)
trainer.train()
