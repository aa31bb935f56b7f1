"""Training that goes on in another process, bit for bit as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Drive, require
from driver import Driver

require("torch")

SCRIPT = """
import torch, autolrs.torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
data = torch.arange(256.).reshape(64, 4).sin()
dataset = TensorDataset(data, data.sum(1, keepdim=True))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
tuner = autolrs.torch.attach(model, optimizer)
loader = DataLoader(dataset, batch_size=8, shuffle=True)
for x, y in tuner.cycle(loader):
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    tuner.step(loss)
print([p.tolist() for p in model.parameters()], torch.rand(3).tolist())
"""
LOADER = "loader = DataLoader(dataset, batch_size=8, shuffle=True)\n"
OPTIONS = {
    "workers": "shuffle=True, num_workers=2",
    "persistent workers": "shuffle=True, num_workers=2, persistent_workers=True",
    "a generator of its own": "shuffle=True, generator=torch.Generator().manual_seed(0)",
}
LOADERS = {
    **{kind: LOADER.replace("shuffle=True", options) for kind, options in OPTIONS.items()},
    "an iterator": LOADER
    + """
def once(loader):
    yield from list(loader) * 20
loader = once(loader)
""",
    "a stream": """
class Stream(IterableDataset):
    def __iter__(self):
        yield from (dataset[i] for i in torch.randperm(64))
loader = DataLoader(Stream(), batch_size=8)
""",
}
STEPS = 60
EPOCH = 8


class Saved(NamedTuple):
    """One process trained to the end; it wrote checkpoints on its way."""

    folder: Path
    losses: list[float]
    last: str
    """Its weights and its next random numbers."""


def start_anew(drive: Drive, script: str = SCRIPT) -> Driver:
    """With other random numbers: all that count must come from the file."""
    return drive(script.replace("seed(0)", "seed(1)"))


def end(driver: Driver) -> str:
    assert driver.shutdown() == 0
    return driver.stderr.splitlines()[-1]


def roll_back_a_probe(driver: Driver) -> None:
    driver.ask("save", id="probe")
    driver.train(12, lr=0.1)
    driver.ask("restore", id="probe")


def warnings(driver: Driver) -> list[str]:
    return [told["params"]["message"] for told in driver.notifications if told["method"] == "log"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("saved")
    driver = Driver(SCRIPT, folder)
    losses: list[float] = []
    try:
        for at in (0, 3 * EPOCH, 3 * EPOCH + 1):
            losses += driver.train(at - len(losses))
            driver.ask("save", id=f"{at}", path=str(folder / f"{at}"))
            roll_back_a_probe(driver)
            driver.ask("save", id=f"{at}-behind", path=str(folder / f"{at}-behind"))
        losses += driver.train(STEPS - len(losses))
        return Saved(folder, losses, end(driver))
    finally:
        driver.kill()


def test_checkpoints_on_disk_leave_no_trace(drive: Drive, saved: Saved) -> None:
    driver = drive(SCRIPT)
    assert (driver.train(STEPS), end(driver)) == (saved.losses, saved.last)


@pytest.mark.parametrize("name", ["0", "0-behind", "24", "24-behind", "25", "25-behind"])
def test_a_new_process_goes_on_bit_for_bit(drive: Drive, saved: Saved, name: str) -> None:
    driver = start_anew(drive)
    at = driver.ask("restore", id=name, path=str(saved.folder / name))["step"]
    assert at == int(name.split("-")[0])
    assert (driver.train(STEPS - at), end(driver)) == (saved.losses[at:], saved.last)
    assert warnings(driver) == []


@pytest.mark.parametrize("kind", LOADERS)
def test_every_kind_of_loader_goes_on_bit_for_bit(drive: Drive, tmp_path: Path, kind: str) -> None:
    script = SCRIPT.replace(LOADER, LOADERS[kind])
    first = drive(script)
    losses: list[float] = []
    paths = {at: str(tmp_path / f"{at}") for at in (3, 2 * EPOCH, 2 * EPOCH + 5)}
    for at, path in paths.items():
        losses += first.train(at - len(losses))
        first.ask("save", id=f"{at}", path=path)
    roll_back_a_probe(first)
    first.ask("save", id="behind", path=str(tmp_path / "behind"))
    losses += first.train(STEPS - at)
    last = end(first)

    second = start_anew(drive, script)
    second.ask("restore", id="behind", path=str(tmp_path / "behind"))
    assert second.train(STEPS - at) == losses[at:]
    if kind != "an iterator":  # which cannot go back
        for at, path in paths.items():
            second.ask("restore", id=f"{at}", path=path)
            assert second.train(STEPS - at) == losses[at:]
    assert end(second) == last
    # Those of persistent workers draw no random numbers here; nobody can know that.
    told = [text.split(" if ")[0] for text in warnings(second)]
    advice = "give the DataLoader persistent_workers=False"
    assert told == ([advice] if kind == "persistent workers" else [])


def test_a_process_that_went_on_is_itself_gone_on_from(
    drive: Drive, tmp_path: Path, saved: Saved
) -> None:
    path = str(tmp_path / "checkpoint")
    first = start_anew(drive)
    first.ask("restore", id="24", path=str(saved.folder / "24"))
    first.train(10)
    roll_back_a_probe(first)
    first.ask("save", id="34", path=path)
    second = start_anew(drive)
    second.ask("restore", id="34", path=path)
    assert (second.train(STEPS - 34), end(second)) == (saved.losses[34:], saved.last)


def test_a_loop_without_cycle_goes_on_with_the_model_alone(drive: Drive, tmp_path: Path) -> None:
    script = SCRIPT.replace(
        "in tuner.cycle(loader)",
        "in iter(lambda: None if tuner.done else next(iter(loader)), None)",
    )
    driver = drive(script)
    assert "data" not in driver.ask("initialize")["holds"]
    driver.train(5)
    driver.ask("save", id="a", path=str(tmp_path / "a"))
    driver.train(5)
    assert driver.ask("restore", id="a", path=str(tmp_path / "a"))["step"] == 5
    assert warnings(driver) == []


def test_a_file_without_a_place_says_that_other_batches_come(
    drive: Drive, saved: Saved, tmp_path: Path
) -> None:
    import torch

    content: dict[str, Any] = torch.load(saved.folder / "25", weights_only=True)
    assert content.pop("data")["batches"] == 1
    torch.save(content, tmp_path / "25")
    driver = drive(SCRIPT)
    assert driver.ask("restore", id="25", path=str(tmp_path / "25"))["step"] == 25
    driver.train(5)
    [told] = warnings(driver)
    assert told.endswith("training goes on with others")


EPOCHS = (
    SCRIPT.replace(
        "for x, y in tuner.cycle(loader):",
        "held_out = DataLoader(dataset, batch_size=16, shuffle=True)\n"
        "for epoch in tuner.epochs(9):\n"
        "  for x, y in tuner.batches(loader):",
    )
    .replace("\n    ", "\n      ")
    .replace(
        "print(",
        "  with torch.no_grad():\n"  # which draws random numbers, as most evaluations do
        "    told = sum((model(x) - y).square().sum().item() for x, y in held_out)\n"
        "  print('epoch', epoch, told)\nprint(",
    )
)


@pytest.mark.parametrize("at", [5, EPOCH, 2 * EPOCH + 3])
def test_a_loop_over_epochs_goes_on_as_it_would_have_with_an_evaluation_after_each(
    drive: Drive, tmp_path: Path, at: int
) -> None:
    path = str(tmp_path / "a")
    first = drive(EPOCHS)
    assert first.ask("initialize")["total"] == 9 * EPOCH
    first.train(at)
    first.ask("save", id="a", path=path)
    expected = first.train(30)
    assert first.shutdown() == 0
    told = first.stderr.splitlines()
    second = drive(EPOCHS.replace("seed(0)", "seed(1)"), AUTOLRS_CONTINUES="1")
    second.ask("restore", id="a", path=path)
    assert second.train(30) == expected
    assert second.shutdown() == 0
    assert second.stderr.splitlines() == told[at // EPOCH :]
