"""Batches from the RNG, a cosine written into the groups, micro-batches, and a scaler."""

import math

import torch
from torch import nn

max_iters = 23
eval_interval = 10
gradient_accumulation_steps = 2
learning_rate = 1e-2
min_lr = 1e-3
warmup_iters = 4
lr_decay_iters = 23

torch.manual_seed(1337)
data = torch.randint(0, 16, (2000,))


def get_batch():
    ix = torch.randint(len(data) - 8, (4,))
    x = torch.stack([data[i : i + 8] for i in ix])
    y = torch.stack([data[i + 1 : i + 9] for i in ix])
    return x, y


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(16, 16)
        self.drop = nn.Dropout(0.1)
        self.lm_head = nn.Linear(16, 16, bias=False)
        self.wte.weight = self.lm_head.weight

    def forward(self, x, y):
        logits = self.lm_head(self.drop(self.wte(x)))
        return nn.functional.cross_entropy(logits.view(-1, 16), y.view(-1))


model = GPT()
scaler = torch.amp.GradScaler("cpu", enabled=True)
decay = [p for p in model.parameters() if p.dim() >= 2]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}], lr=learning_rate)


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)


@torch.no_grad()
def estimate_loss():
    model.eval()
    losses = torch.stack([model(*get_batch()) for _ in range(2)])
    model.train()
    return losses.mean()


X, Y = get_batch()
iter_num = 0
while True:
    lr = get_lr(iter_num)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    if iter_num % eval_interval == 0:
        print(f"step {iter_num}: val loss {estimate_loss():.9f}")
    for _micro_step in range(gradient_accumulation_steps):
        loss = model(X, Y) / gradient_accumulation_steps
        X, Y = get_batch()
        scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    print(f"iter {iter_num}: loss {loss.item() * gradient_accumulation_steps:.9f}, lr {lr:.6f}")
    iter_num += 1
    if iter_num > max_iters:
        break
torch.save({"model": model.state_dict(), "iter_num": iter_num}, "model.pt")
