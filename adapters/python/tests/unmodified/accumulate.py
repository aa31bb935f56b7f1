"""Accelerate with gradient accumulation, and a scheduler that it steps."""

import torch
from accelerate import Accelerator
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset


def training_function():
    accelerator = Accelerator(gradient_accumulation_steps=3, cpu=True)
    torch.manual_seed(42)
    x = torch.randn(64, 6)
    train_dataloader = DataLoader(
        TensorDataset(x, (x.sum(1) > 0).long()), shuffle=True, batch_size=8
    )
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(16, 2)
    )
    num_epochs = 6
    optimizer = torch.optim.Adam(params=model.parameters(), lr=3e-2 / 25)
    lr_scheduler = OneCycleLR(
        optimizer=optimizer, max_lr=3e-2, epochs=num_epochs, steps_per_epoch=len(train_dataloader)
    )
    model, optimizer, train_dataloader, lr_scheduler = accelerator.prepare(
        model, optimizer, train_dataloader, lr_scheduler
    )
    for epoch in range(num_epochs):
        model.train()
        for _step, batch in enumerate(train_dataloader):
            with accelerator.accumulate(model):
                inputs, labels = batch
                outputs = model(inputs)
                loss = torch.nn.functional.cross_entropy(outputs, labels)
                accelerator.backward(loss)
                optimizer.step()
                lr_scheduler.step()
                optimizer.zero_grad()
            accelerator.print(f"epoch {epoch}: {loss.item():.9f} {lr_scheduler.get_last_lr()}")
    accelerator.wait_for_everyone()
    accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")


if __name__ == "__main__":
    training_function()
