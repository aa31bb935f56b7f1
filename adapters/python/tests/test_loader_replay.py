"""A search of a script that does not attach: the batches of one probe come in the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from auto import Place, repeats_itself, text_of
from conftest import Drive

torch = pytest.importorskip("torch")

SCRIPT = """
import random
import torch
from torch.utils.data import DataLoader, Dataset
{before}
class Data(Dataset):
    def __len__(self): return 40
    def __getitem__(self, at):
        x = torch.full((3,), float(at)) / 40
        {augment}
        return {{"x": x, "y": float(at % 3)}}
torch.manual_seed(1)
loader = DataLoader(Data(), batch_size=4, shuffle=True{options})
model = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(3, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(6):
    {loop}
        loss = (model(batch["x"])[:, 0] - batch["y"]).square().mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        {after}
"""


def script(
    before: str = "",
    augment: str = "",
    options: str = "",
    loop: str = "for batch in loader:",
    after: str = "",
) -> str:
    return SCRIPT.format(before=before, augment=augment, options=options, loop=loop, after=after)


@pytest.fixture
def place(drive: Drive, tmp_path: Path) -> Place:
    return Place(drive, tmp_path)


def test_batches_of_a_loader_come_again_beyond_the_end_of_an_epoch(place: Place) -> None:
    # Eight updates an epoch, and an evaluation after each.
    longer = text_of("epochs").replace("range(1, 4)", "range(1, 6)")
    losses = repeats_itself(place.start(longer, AUTOLRS_PHASE="search"), 11, 0.01)
    assert len(set(losses)) == 11


@pytest.mark.parametrize(
    "text",
    [
        script(augment="x = x + torch.rand(3)"),
        script(augment="x = x * random.random()"),
        script(before="import numpy", augment="x = x * float(numpy.random.rand())"),
        script(options=", num_workers=2, persistent_workers=True"),
        script(
            before="sizes = DataLoader(range(40), 4, shuffle=True)",
            loop="for batch, size in zip(loader, sizes):",
        ),
        script(loop="for _, batch in zip(range(7), loader):"),
        script(after="batch['x'].zero_(); batch.clear()"),
    ],
    ids=["torch", "python", "numpy", "workers", "two loaders", "left early", "changed in place"],
)
def test_a_search_repeats_its_losses_however_batches_are_drawn(place: Place, text: str) -> None:
    losses = repeats_itself(place.start(text, AUTOLRS_PHASE="search"), 12, 0.01)
    assert len(set(losses)) == 12


def test_a_loader_in_two_loops_at_a_time_gives_each_what_it_would(place: Place) -> None:
    seen = "seen = []"
    loop = "for batch, other in zip(loader, loader):"
    after = "seen.append(sorted([*batch['y'].tolist(), *other['y'].tolist()]))"
    text = script(seen, options=", drop_last=True", loop=loop, after=after)
    text = text.replace("shuffle=True", "shuffle=False")
    driver = place.start(f"{text}\nprint(seen[:10] * 6 == seen)", AUTOLRS_PHASE="search")
    driver.ask("initialize", protocol=1)
    driver.ask("save", id="a")
    driver.train(12, 0.01)
    driver.ask("restore", id="a")
    driver.train(12, 0.01)
    driver.ask("discard", id="a")
    driver.train(35, 0.01)
    assert driver.shutdown() == 0
    assert driver.printed().strip() == "True"


def test_the_loaders_of_the_run_itself_are_the_scripts_own(place: Place) -> None:
    text = f"{script()}\nprint(type(iter(loader)).__name__)"
    for phase, name in (("commit", "_SingleProcessDataLoaderIter"), ("search", "Batches")):
        driver = place.start(text, AUTOLRS_PHASE=phase)
        driver.ask("initialize", protocol=1)
        driver.ask("train", steps=60, lr=0.01)
        assert driver.shutdown() == 0
        assert driver.printed().strip() == name


class Counted:
    """A loader of three batches, and a stream of it."""

    def __init__(self, limit: int = 100) -> None:
        import sys

        from auto import SITE

        sys.path.insert(0, str(SITE))
        import autolrs_loaders

        from autolrs._data.loader_replay import LoaderReplay

        self.epochs = 0
        self.batches: Any = None
        loaders: Any = autolrs_loaders
        loaders.streams.clear()
        self.replay = LoaderReplay(limit, lambda item: item)
        self.stream = loaders.streams[self] = loaders.Stream(self._epoch)

    def _epoch(self) -> Any:
        self.epochs += 1
        return iter([bytes([self.epochs, at]) for at in range(3)])

    def go(self, count: int) -> list[tuple[int, int]]:
        """The next batches, epoch after epoch, as a script's loops go through them."""
        seen: list[tuple[int, int]] = []
        batches = self.batches or self.stream.begin()
        while len(seen) < count:
            batch = next(batches, None)
            if batch is None:
                batches = self.stream.begin()
            else:
                seen.append((batch[0], batch[1]))
        self.batches = batches
        return seen


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    return Counted()


def test_what_follows_a_checkpoint_comes_again_and_then_what_was_not_seen_yet(
    counted: Counted,
) -> None:
    assert counted.go(1) == [(1, 0)]
    counted.replay.pin("a")
    first = counted.go(6)
    assert first == [(1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 0)]
    counted.replay.rewind("a")
    assert counted.go(2) == first[:2]
    counted.replay.pin("b")
    counted.replay.rewind("a")
    assert counted.go(8) == [*first, (3, 1), (3, 2)]
    counted.replay.rewind("b")
    counted.replay.unpin("a")
    assert counted.go(8) == [*first[2:], (3, 1), (3, 2), (4, 0), (4, 1)]
    counted.replay.unpin("b")
    assert counted.go(3) == [(4, 2), (5, 0), (5, 1)]
    assert counted.stream._kept == []


def test_batches_beyond_the_limit_are_given_up_and_new_ones_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    counted = Counted(limit=10)
    counted.go(1)
    counted.replay.pin("a")
    assert counted.go(7)[-1] == (3, 1)
    counted.replay.rewind("a")
    assert counted.go(1) == [(3, 2)]
    counted.replay.pin("b")
    assert counted.go(2) == [(4, 0), (4, 1)]
    counted.replay.rewind("b")
    assert counted.go(1) == [(4, 0)]
