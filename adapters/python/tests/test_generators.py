"""Random generators that a loader has for itself are found, also where it is wrapped."""

from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import require

torch = require("torch")
numpy = require("numpy")

from autolrs._data.generators import generators_of, has_lasting_workers, set_state, state_of  # noqa: E402
from autolrs._torch_state.checkpoint_file import read_durable, write_durably  # noqa: E402


class Bar:
    """Stands for a progress bar around a loader, or what prepares it for a device."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.format = "bar"
        self.itself = self

    def __iter__(self) -> Any:
        return iter(self.inner)


class Shuffled:
    """A loader of one's own."""

    def __init__(self, rng: Any) -> None:
        self._rng = rng

    def __iter__(self) -> Any:
        order = list(range(20))
        self._rng.shuffle(order)
        return iter(order)


def data_loader(**options: Any) -> Any:
    data = torch.utils.data.TensorDataset(torch.arange(20))
    generator = torch.Generator().manual_seed(7)
    return torch.utils.data.DataLoader(data, 4, shuffle=True, generator=generator, **options)


LOADERS: dict[str, Any] = {
    "torch": data_loader,
    "python": lambda: Shuffled(random.Random(7)),
    "numpy": lambda: Shuffled(numpy.random.default_rng(7)),
    "numpy philox": lambda: Shuffled(numpy.random.Generator(numpy.random.Philox(7))),
    "numpy twister": lambda: Shuffled(numpy.random.Generator(numpy.random.MT19937(7))),
    "numpy legacy": lambda: Shuffled(numpy.random.RandomState(7)),
}
WRAPPED: dict[str, Any] = {
    "bare": lambda loader: loader,
    "bar": Bar,
    "bars": lambda loader: Bar([Bar({"train": loader})]),
    "partial": lambda loader: Bar(functools.partial(iter, loader)),
    "closure": lambda loader: Bar(lambda: iter(loader)),
}


def order_of(loader: Any) -> list[Any]:
    return [getattr(each, "tolist", lambda each=each: each)() for each in _flat(loader)]


def _flat(loader: Any) -> list[Any]:
    return [each[0] if isinstance(each, list) else each for each in loader]


@pytest.mark.parametrize("kind", LOADERS)
def test_a_generator_comes_back_to_its_state_from_a_file_too(kind: str, tmp_path: Path) -> None:
    loader = LOADERS[kind]()
    order_of(loader)
    path = str(tmp_path / "checkpoint")
    write_durably(path, {"data": [state_of(own) for own in generators_of(Bar(loader))]})
    expected = order_of(loader)
    other = LOADERS[kind]()
    for own, state in zip(generators_of(other), read_durable(path)["data"]):
        set_state(own, state)
    assert order_of(other) == expected != order_of(LOADERS[kind]())


@pytest.mark.parametrize("how", WRAPPED)
def test_a_generator_is_found_behind_what_is_around_its_loader(how: str) -> None:
    loader = data_loader()
    assert generators_of(WRAPPED[how](loader))[0] is loader.generator


def test_a_long_list_and_a_model_are_not_searched() -> None:
    deep = Bar([random.Random(1) for _ in range(10_000)])
    assert generators_of(deep) == []
    assert generators_of(Bar(torch.nn.Linear(2, 2))) == []


def test_workers_that_outlive_an_epoch_are_seen_behind_a_bar() -> None:
    lasting = data_loader(num_workers=1, persistent_workers=True)
    assert has_lasting_workers(Bar(lasting))
    assert not has_lasting_workers(Bar(data_loader(num_workers=1)))
    assert not has_lasting_workers(Bar(data_loader()))
