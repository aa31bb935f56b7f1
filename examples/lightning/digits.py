"""Trains a small network on handwritten digits with Lightning, with or without the tuner.

    python digits.py                                  # alone: 10 epochs at LR 0.05
    autolrs run --steps 2000 -- python digits.py      # the tuner chooses the LR

The lines that make it tunable are marked with "autolrs".
"""

import gzip
import pathlib

import lightning
import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import autolrs.lightning  # autolrs

DIGITS = pathlib.Path(__file__).parents[1] / "demo" / "digits.csv.gz"


class Classifier(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()),
            *(nn.Dropout(0.2), nn.Linear(64, 10)),
        )

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.cross_entropy(self.layers(x), y)

    def validation_step(self, batch, batch_idx):
        x, y = batch
        outputs = self.layers(x)
        self.log("val_loss", nn.functional.cross_entropy(outputs, y), prog_bar=True)
        self.log("val_accuracy", (outputs.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)]


def read_digits() -> TensorDataset:
    """Images as N x 64, about standardised, and their labels."""
    with gzip.open(DIGITS, "rt") as file:
        rows = torch.from_numpy(numpy.loadtxt(file, delimiter=",", dtype="float32"))
    return TensorDataset((rows[:, :-1] - 5) / 6, rows[:, -1].long())


def main() -> None:
    lightning.seed_everything(0)
    digits = read_digits()
    held_out, train_set = torch.utils.data.random_split(digits, [300, len(digits) - 300])
    trainer = lightning.Trainer(
        max_epochs=10,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        callbacks=[autolrs.lightning.TunerCallback(monitor="val_loss")],  # autolrs
    )
    model = Classifier()
    trainer.fit(
        model,
        DataLoader(train_set, batch_size=32, shuffle=True),
        DataLoader(held_out, batch_size=300),
    )
    [metrics] = trainer.validate(model, DataLoader(held_out, batch_size=300), verbose=False)
    print(f"validation: loss {metrics['val_loss']:.4f}, accuracy {metrics['val_accuracy']:.4f}")


if __name__ == "__main__":
    main()
