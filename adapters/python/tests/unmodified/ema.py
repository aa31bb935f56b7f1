"""In timm's manner: a scheduler of its own class, an average of the weights, accumulation."""

import copy
import math

import torch
from torch import nn


class CosineLRScheduler:
    """As timm's, by epochs, with a warm-up that it sets from the start."""

    def __init__(self, optimizer, t_initial, warmup_t, warmup_lr_init):
        self.optimizer = optimizer
        self.base_values = [group["lr"] for group in optimizer.param_groups]
        self.t_initial, self.warmup_t, self.warmup_lr_init = t_initial, warmup_t, warmup_lr_init
        for group in optimizer.param_groups:
            group["lr"] = warmup_lr_init

    def step(self, epoch):
        for base, group in zip(self.base_values, self.optimizer.param_groups):
            if epoch < self.warmup_t:
                step = (base - self.warmup_lr_init) / self.warmup_t
                group["lr"] = self.warmup_lr_init + epoch * step
            else:
                group["lr"] = base * 0.5 * (1 + math.cos(math.pi * epoch / self.t_initial))


class ModelEma(nn.Module):
    def __init__(self, model, decay=0.9):
        super().__init__()
        self.module = copy.deepcopy(model).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for ema_v, model_v in zip(self.module.state_dict().values(), model.state_dict().values()):
            ema_v.copy_(self.decay * ema_v + (1.0 - self.decay) * model_v)


class NativeScaler:
    def __call__(self, loss, optimizer, parameters, need_update=True):
        loss.backward()
        if need_update:
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()


def train_one_epoch(epoch, model, loader, optimizer, loss_scaler, model_ema, accum_steps):
    update_idx = 0
    optimizer.zero_grad()
    for batch_idx, (inputs, target) in enumerate(loader):
        need_update = (batch_idx + 1) % accum_steps == 0
        loss = nn.functional.cross_entropy(model(inputs), target) / accum_steps
        if loss_scaler is not None:
            loss_scaler(loss, optimizer, model.parameters(), need_update)
        if not need_update:
            continue
        optimizer.zero_grad()
        model_ema.update(model)
        update_idx += 1
        print(f"epoch {epoch} [{update_idx}] {loss.item():.9f} {optimizer.param_groups[0]['lr']}")


def main():
    torch.manual_seed(42)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 3))
    x = torch.randn(96, 6)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, x[:, :3].argmax(1)), batch_size=8, shuffle=True
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    lr_scheduler = CosineLRScheduler(optimizer, t_initial=4, warmup_t=1, warmup_lr_init=1e-4)
    model_ema = ModelEma(model)
    for epoch in range(4):
        train_one_epoch(epoch, model, loader, optimizer, NativeScaler(), model_ema, accum_steps=2)
        lr_scheduler.step(epoch + 1)
        with torch.no_grad():
            print("ema", model_ema.module(x).square().mean().item())
    torch.save(model_ema.module.state_dict(), "model.pt")


main()
