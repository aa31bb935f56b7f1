"""How many updates a script means to make, as it is read from where its first one stands."""

from __future__ import annotations

import gc
import pickle
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import Drive, require

torch = require("torch")

from auto import SITE  # noqa: E402

sys.path.append(str(SITE))

from autolrs._auto.own_code import assigns_lr  # noqa: E402
from autolrs._auto.schedule import schedule_of  # noqa: E402
from autolrs._auto.site.autolrs_door import Door  # noqa: E402
from autolrs._auto.total import total_of  # noqa: E402

HEAD = """
import torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.zeros(40, 1)), batch_size=4)
epochs, step, max_steps = 3, 0, 50
"""

LOOPS: dict[str, tuple[str, int | None]] = {
    "epochs over a loader": (
        """
for epoch in range(epochs):
    for x, in loader:
        backward(); update()
""",
        30,
    ),
    "in functions": (
        """
def train(loader, optimizer):
    for i, (x,) in enumerate(loader):
        backward()
        update()
def main():
    for epoch in range(1, epochs + 1):
        train(loader, None)
main()
""",
        30,
    ),
    "a counter and a break after it": (
        """
while True:
    for micro in range(2):
        backward()
    update()
    step += 1
    if step > max_steps:
        break
""",
        51,
    ),
    "a counter that a while asks": (
        """
while step < max_steps:
    backward()
    update()
    step += 1
""",
        50,
    ),
    "a counter that goes on before the update": (
        """
while step < max_steps:
    step = step + 1
    backward()
    update()
""",
        50,
    ),
    "a break before the update": (
        """
while True:
    if step == max_steps and epochs:
        break
    if step >= max_steps or epochs == 7:
        break
    backward()
    update()
    step += 1
""",
        50,
    ),
    "epochs without end, and a break in the inner loop": (
        """
while step < max_steps:
    for x, in loader:
        backward()
        update()
        step += 1
        if step == 44:
            break
""",
        44,
    ),
    "epochs that end where an outer loop asks": (
        """
max_steps = 44
while step < max_steps:
    for x, in loader:
        backward()
        update()
        step += 1
""",
        50,
    ),
    "a counter that an object has, and a limit that may be left out": (
        """
class Config:
    max_iters = 50
class Trainer:
    def __init__(self, config):
        self.config, self.iter_num = config, 0
    def run(self):
        config = self.config
        while True:
            backward()
            update()
            self.iter_num += 1
            if config.max_iters is not None and self.iter_num >= config.max_iters:
                break
Trainer(Config()).run()
""",
        50,
    ),
    "a counter of an object that a while asks": (
        """
class Trainer:
    def __init__(self, steps):
        self.step, self.train_num_steps = 0, steps
    def train(self):
        with torch.no_grad():
            while self.step < self.train_num_steps:
                for _ in range(2):
                    backward()
                update()
                self.step += 1
Trainer(50).train()
""",
        50,
    ),
    "a limit that is turned off beside one that is not": (
        """
is_endless = False
while is_endless or step < max_steps:
    backward()
    update()
    step += 1
""",
        50,
    ),
    "a limit that is asked for together with another": (
        """
losses = [3]
while True:
    backward()
    update()
    step += 1
    if step >= max_steps and losses[-1] < 1:
        break
""",
        None,
    ),
    "a limit that the loop itself lets go of": (
        """
limit = 50
while True:
    backward()
    update()
    step += 1
    if limit is not None and step >= max_steps:
        break
    limit = None
""",
        None,
    ),
    "a counter of an object that the loop replaces": (
        """
from types import SimpleNamespace
state = SimpleNamespace(step=0)
while True:
    state = SimpleNamespace(step=state.step)
    backward()
    update()
    state.step += 1
    if state.step >= max_steps:
        break
""",
        None,
    ),
    "slices of a tensor, by its size": (
        """
data = torch.zeros(41, 2)
for epoch in range(epochs):
    for i in range(0, data.size(0) - 1, 4 * data.shape[1]):
        backward()
        update()
""",
        15,
    ),
    "accumulation of two batches": (
        """
for epoch in range(epochs):
    for i, (x,) in enumerate(loader):
        backward()
        if (i + 1) % 2 == 0:
            update()
""",
        15,
    ),
    "accumulation that does not come out even": (
        """
for epoch in range(epochs):
    for i, (x,) in enumerate(loader):
        backward()
        if (i + 1) % 3 == 0:
            update()
""",
        9,
    ),
    "accumulation with an update at the end of an epoch": (
        """
for epoch in range(epochs):
    for i, (x,) in enumerate(loader, start=1):
        backward()
        if i % 3 == 0 or i == len(loader):
            update()
""",
        12,
    ),
    "accumulation that begins with an update": (
        """
for epoch in range(epochs):
    for i, (x,) in enumerate(loader):
        backward()
        if i % 2 == 0:
            update()
""",
        15,
    ),
    "accumulation of one batch": (
        """
accum = 1
for epoch in range(epochs):
    for i, (x,) in enumerate(loader):
        backward()
        if not (i + 1) % accum == 0:
            pass
        else:
            update()
""",
        30,
    ),
    "accumulation by a count of the script's own": (
        """
n = 0
for epoch in range(epochs):
    for x, in loader:
        backward()
        n += 1
        if n % 3 == 0:
            update()
""",
        None,
    ),
    "accumulation by a count that nothing tells": (
        """
for epoch in range(epochs):
    for i, (x,) in enumerate(loader):
        backward()
        if (i + 1) % hash(1) == 0:
            update()
""",
        None,
    ),
    "a loader of a kind of its own": (
        """
class Own(DataLoader): pass
own = Own(loader.dataset, batch_size=8)
for epoch in range(epochs):
    for x, in own:
        backward(); update()
""",
        15,
    ),
    "a loader whose length is the script's own affair": (
        """
class Own(DataLoader):
    def __len__(self): return super().__len__()
own = Own(loader.dataset, batch_size=8)
for epoch in range(epochs):
    for x, in own:
        backward(); update()
""",
        None,
    ),
    "two loaders side by side": (
        """
from itertools import cycle
other = DataLoader(loader.dataset, batch_size=8)
for epoch in range(epochs):
    for i, ((x,), y, _) in enumerate(zip(loader, other, cycle([1]))):
        backward(); update()
""",
        15,
    ),
    "a bar around it all": (
        """
def tqdm(items, **_): return items
for epoch in range(epochs):
    for i, (x,) in enumerate(tqdm(loader, desc="x")):
        backward(); update()
""",
        30,
    ),
    "two losses an update": (
        """
for epoch in range(epochs):
    for x, in loader:
        backward()
        backward()
        update()
""",
        30,
    ),
    "a choice of two steps": (
        """
for epoch in range(epochs):
    for x, in loader:
        backward()
        if epochs == 4:
            pass
        else:
            update()
""",
        30,
    ),
    "one update after the other for each optimizer": (
        """
class Optimizer:
    def step(self): update()
for epoch in range(epochs):
    for x, in loader:
        backward()
        for optimizer in [Optimizer(), Optimizer()]:
            optimizer.step()
""",
        30,
    ),
    "a counter that begins anew": (
        """
for epoch in range(epochs):
    n = 0
    for x, in loader:
        backward()
        update()
        n += 1
        if n >= 5:
            break
""",
        None,
    ),
    "a limit that is never met": (
        """
never = -1
for epoch in range(epochs):
    for x, in loader:
        backward()
        update()
        step += 1
        if step == never:
            break
""",
        30,
    ),
    "a limit beyond the loops": (
        """
far = 100000
for epoch in range(epochs):
    for x, in loader:
        backward()
        update()
        step += 1
        if step >= far:
            break
""",
        30,
    ),
    "a switch that is off": (
        """
dry_run = False
for epoch in range(epochs):
    for at, (x,) in enumerate(loader):
        backward()
        update()
        if at % 10 == 0:
            print(at)
            if dry_run:
                break
""",
        30,
    ),
    "an early stop that nothing tells beforehand": (
        """
for epoch in range(epochs):
    for x, in loader:
        backward()
        update()
        if max_steps > hash(x):
            break
""",
        None,
    ),
    "an early stop after an epoch": (
        """
for epoch in range(epochs):
    for x, in loader:
        backward()
        update()
    if max_steps > hash(x):
        break
""",
        30,
    ),
    "micro-batches in a function": (
        """
def work():
    backward()
for at in range(50):
    for micro in range(5):
        work()
    update()
""",
        50,
    ),
    "a function that is called twice": (
        """
def work():
    backward()
for at in range(30):
    work()
    work()
    update()
""",
        30,
    ),
    "no end": (
        """
while True:
    backward()
    update()
""",
        None,
    ),
}


class Reached(Exception):
    """The first update."""


@pytest.mark.parametrize("name", LOOPS)
def test_loops_tell_how_many_updates_there_are(name: str, tmp_path: Path) -> None:
    text, expected = LOOPS[name]
    path = tmp_path / "train.py"
    path.write_text(HEAD + text)
    door = Door()
    backward = door.watch(lambda *_: None)
    told: list[Any] = []

    def update() -> None:
        told.append(total_of([], door.places))
        raise Reached

    names = {"backward": partial(backward, torch.zeros(())), "update": update}
    with pytest.raises(Reached):
        exec(compile(path.read_text(), str(path), "exec"), {**names, "__name__": "train"})
    assert told[0].updates == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("while True:\n    update()\n", '"while True" in train.py, line 1'),
        (
            "for i in range(9):\n    if i % hash(3) == 0:\n        update()\n",
            '"i % hash(3) == 0" in train.py, line 2',
        ),
    ],
)
def test_what_cannot_be_counted_is_named(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(text)
    told = []

    def update() -> None:
        told.append(total_of([], {}))
        raise Reached

    code = compile(path.read_text(), str(path), "exec")
    with pytest.raises(Reached):
        exec(code, {"update": update})
    assert told[0].uncounted == named


SCHEDULERS = {
    "OneCycleLR": ("OneCycleLR(optimizer, 0.3, total_steps=70)", 0.3, 70),
    "CosineAnnealingLR": ("CosineAnnealingLR(optimizer, 70)", 0.1, None),
    "StepLR": ("StepLR(optimizer, 30)", 0.1, None),
    "ReduceLROnPlateau": ("ReduceLROnPlateau(optimizer)", 0.1, None),
    "LambdaLR": ("LambdaLR(optimizer, lambda step: min(2.0, step / 5))", 0.2, None),
    "SequentialLR": (
        "SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=5),"
        " CosineAnnealingLR(optimizer, 35)], [5])",
        0.1,
        None,
    ),
    "CyclicLR": ("CyclicLR(optimizer, 0.01, 0.4)", 0.4, None),
    "MultiplicativeLR": ("MultiplicativeLR(optimizer, lambda _: 1.01)", None, None),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_tells_its_highest_lr(name: str) -> None:
    gc.collect()
    text, peak, total = SCHEDULERS[name]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    scheduler = eval(text, {**vars(torch.optim.lr_scheduler), "optimizer": optimizer})
    told = schedule_of([optimizer], optimizer.param_groups[0], None, is_search=True)
    assert told == ({"name": name} if peak is None else {"name": name, "peak": peak})
    assert total_of([optimizer], {}).updates == total
    del scheduler


@pytest.mark.parametrize(
    ("text", "falls"),
    [
        ("LinearLR(optimizer, 0.1, total_iters=5)", False),
        ("LinearLR(optimizer, 1.0, 0.1)", None),
        ("ConstantLR(optimizer, 0.1)", False),
        ("LambdaLR(optimizer, lambda step: 1.0)", None),
        ("StepLR(optimizer, 30)", None),
    ],
)
def test_a_warm_up_alone_is_told_of(text: str, falls: bool | None) -> None:
    gc.collect()
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    scheduler = eval(text, {**vars(torch.optim.lr_scheduler), "optimizer": optimizer})
    told = schedule_of([optimizer], optimizer.param_groups[0], None)
    assert told is not None
    assert told.get("falls") is falls
    del scheduler


def test_a_script_without_a_schedule_tells_none() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    assert schedule_of([optimizer], optimizer.param_groups[0], None) is None


@pytest.mark.parametrize(
    ("source", "is_own"),
    [
        ("for g in optimizer.param_groups:\n    g['lr'] = 0.1", True),
        ("for i, g in enumerate(self.opt.param_groups):\n    g['lr'] *= 0.1", True),
        ("optimizer.param_groups[0]['lr'] = 0.1", True),
        ("pg = optimizer.param_groups[0]\nwhile True: pg['lr'] = 0.1", True),
        ("groups = optimizer.param_groups\nfor g in groups: g['lr'] = 0.1", True),
        ("for o in opts:\n  for g, b in zip(o.param_groups, base): g['lr'] = b", True),
        ("self.groups = o.param_groups\nfor g in self.groups: g.update(lr=0.1)", True),
        ("(first, *_) = o.param_groups\nfirst.update({'lr': 0.1})", True),
        ("def put(gs, lr):\n  for g in gs: g['lr'] = lr\nput(o.param_groups, 0.1)", True),
        ("def put(g): g['lr'] = 1\n[put(g=each) for each in o.param_groups]", True),
        ("lr = o.param_groups[0]['lr']\nlog = {'now': lr}\nlog['lr'] = lr", False),
        ("for g in o.param_groups: log = g['lr']; log.update(lr=1)", False),
        ("for g in optimizer.param_groups:\n    print(g['lr'])", False),
        ("config['lr'] = 0.1; optimizer.param_groups", False),
        ("for g in optimizer.param_groups:\n    g['weight_decay'] = 0 # lr", False),
    ],
)
def test_a_script_that_writes_to_the_lr_of_a_group_is_found(source: str, is_own: bool) -> None:
    assert assigns_lr([source]) is is_own


def test_a_group_that_one_file_hands_to_another_is_found() -> None:
    helper = "def adjust(groups, lr):\n    for each in groups: each['lr'] = lr"
    assert assigns_lr([helper, "adjust(optimizer.param_groups, 0.1)"])
    assert not assigns_lr([helper, "adjust(config, 0.1); optimizer.param_groups"])


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("pass", False),
        ("optimizer.param_groups[0].__setitem__('lr', 0.1 * 1.0)", True),
        ("optimizer.param_groups[0]['lr'].fill_(0.2)", True),
        ("optimizer.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))", False),
    ],
)
def test_an_lr_that_was_set_since_the_optimizer_was_made_is_the_scripts_own(
    text: str, is_own: bool
) -> None:
    door = Door()
    lr: Any = torch.tensor(0.1) if "fill_" in text else 0.1
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    door.note_made(optimizer)
    exec(text, {"optimizer": optimizer, "pickle": pickle})
    told = schedule_of([optimizer], optimizer.param_groups[0], None, door.made)
    assert (told is not None) is is_own


BY_HAND = """
import torch, autolrs.torch
from torch.utils.data import DataLoader
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(torch.ones(20, 2), batch_size=2)
every = 4
tuner = autolrs.torch.attach(model, optimizer)
LOOP
    (model(x).square().mean() / every).backward()
    if (i + 1) % every == 0:
        optimizer.step()
        optimizer.zero_grad()
    tuner.step(model(x).mean().detach())
"""
TUNER = "    tuner.step("
FLAT = "for i, x in enumerate(tuner.cycle(loader, epochs=3)):"
NESTED = "for epoch in range(3):\n  for i, x in enumerate(tuner.batches(loader)):"


@pytest.mark.parametrize(
    ("script", "total"),
    [
        (BY_HAND.replace("LOOP", FLAT), 7),  # of 30 batches
        (BY_HAND.replace("LOOP", NESTED), 6),  # of 10 each
        (BY_HAND.replace("LOOP", NESTED).replace("every == 0", "every == 0 or i == 9"), 9),
        (BY_HAND.replace("LOOP", FLAT).replace("every = 4", "every = 1"), 30),
        (BY_HAND.replace("LOOP", FLAT).replace("    if (", "    optimizer.step()\n    if ("), 30),
        (BY_HAND.replace("LOOP", FLAT).replace(TUNER, f"    else: optimizer.step()\n{TUNER}"), 30),
    ],
)
def test_a_loop_that_attaches_and_accumulates_by_hand_trains_its_own_number_of_updates(
    drive: Drive, script: str, total: int
) -> None:
    driver = drive(script)
    assert driver.ask("initialize", protocol=1)["total"] == total
    driver.train(total)
    assert driver.shutdown() == 0


def test_a_loop_whose_rounds_with_an_update_cannot_be_told_says_which_test(drive: Drive) -> None:
    counted = BY_HAND.replace("LOOP", FLAT.replace("i, x", "j, x")).replace(
        "    (model", "    i = next(counter)\n    (model"
    )
    script = counted.replace("every = 4", "every, counter = 4, iter(range(99))")
    said = drive(script).ask("initialize", protocol=1)
    assert "total" not in said
    assert said["uncounted"].startswith('"(i + 1) % every == 0" in train.py, line ')


def test_an_update_of_some_other_rounds_is_none_of_each_round(drive: Drive) -> None:
    last = "    elif i == 29: optimizer.step()\n"
    script = BY_HAND.replace("LOOP", FLAT).replace(TUNER, last + TUNER)
    said = drive(script).ask("initialize", protocol=1)
    assert "total" not in said
    assert said["uncounted"].startswith('"(i + 1) % every == 0" in train.py, line ')
