"""A LightningModule with a scheduler, validation, a checkpoint of the best and early stopping."""

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(16, 2)
        )

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = torch.nn.functional.cross_entropy(self.layers(x), y)
        print(f"train {batch_idx} {loss.item():.9f}")
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        loss = torch.nn.functional.cross_entropy(self.layers(x), y)
        self.log("val_loss", loss)
        print(f"val {loss.item():.9f} {self.trainer.current_epoch} {self.trainer.global_step}")

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-2)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
        return [optimizer], [scheduler]


lightning.seed_everything(0)
x = torch.randn(64, 6)
data = TensorDataset(x, (x.sum(1) > 0).long())
module = Classifier()
best = ModelCheckpoint("best", monitor="val_loss")
trainer = lightning.Trainer(
    max_epochs=4,
    accumulate_grad_batches=2,
    accelerator="cpu",
    logger=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    callbacks=[best, EarlyStopping("val_loss", patience=3)],
)
trainer.fit(module, DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=32))
print(best.best_model_path.rpartition("/")[2], best.best_model_score.item())
torch.save(module.state_dict(), "model.pt")
