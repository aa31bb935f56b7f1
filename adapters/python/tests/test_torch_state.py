"""Copies of models and optimizers, and the way back, on real torch."""

from __future__ import annotations

import random
import shutil
import tracemalloc
from collections import OrderedDict, defaultdict, deque
from enum import Enum
from pathlib import Path
from typing import Any, Callable

import numpy
import pytest
from conftest import require

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch_state.checkpoint_file import read_durable, write_durably  # noqa: E402
from autolrs.errors import NotHeldError  # noqa: E402

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.1),
    "momentum": lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.9, nesterov=True),
    "adamw": lambda params: torch.optim.AdamW(params, lr=0.01, amsgrad=True),
    "tensor-lr": lambda params: torch.optim.Adam(params, lr=torch.tensor(0.01)),
    "rmsprop": lambda params: torch.optim.RMSprop(params, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda params: torch.optim.Adagrad(params, lr=0.1),
}


def model_of() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.BatchNorm1d(8),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(8, 1),
    )


def train(model: Any, optimizer: Any, steps: int = 5) -> list[float]:
    """Trains on random data from three generators; returns the losses."""
    losses = []
    for _ in range(steps):
        x = torch.randn(16, 4) + random.random()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def weights(model: Any) -> list[Any]:
    return [value.clone() for value in model.state_dict().values() if torch.is_tensor(value)]


def same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(map(torch.equal, left, right))


@pytest.fixture(params=OPTIMIZERS)
def training(request: pytest.FixtureRequest) -> tuple[Any, Any, TorchHooks]:
    model = model_of()
    optimizer = OPTIMIZERS[request.param](model.parameters())
    return model, optimizer, TorchHooks(model, optimizer, None, [])


TrainRequest = tuple[Any, Any, TorchHooks]


def test_after_a_restore_everything_repeats_bit_by_bit(training: TrainRequest) -> None:
    model, optimizer, hooks = training
    train(model, optimizer)
    state = hooks.capture()
    first, then = train(model, optimizer), weights(model)
    for _ in range(2):
        hooks.apply(state)
        assert train(model, optimizer) == first
        assert same(weights(model), then)


def test_a_state_from_before_the_first_step_takes_the_moments_away(training: TrainRequest) -> None:
    model, optimizer, hooks = training
    state = hooks.capture()
    first = train(model, optimizer)
    hooks.apply(state)
    assert train(model, optimizer) == first


def test_restores_in_any_order_never_change_what_is_saved(training: TrainRequest) -> None:
    model, optimizer, hooks = training
    early = hooks.capture()
    train(model, optimizer)
    late = hooks.capture()
    expected = train(model, optimizer)
    for _ in range(3):
        hooks.apply(early)  # no moments: the next restore cannot copy into those that are there
        hooks.apply(late)
        assert train(model, optimizer) == expected


def test_a_restore_keeps_the_tensors_that_are_there(training: TrainRequest) -> None:
    model, optimizer, hooks = training
    train(model, optimizer)
    state = hooks.capture()
    train(model, optimizer)

    def places() -> list[int]:
        values = [value for each in optimizer.state.values() for value in each.values()]
        moments = [each for each in values if torch.is_tensor(each)]  # some count by an int
        tensors = [*model.state_dict().values(), *moments]
        return [id(moment) for moment in moments] + [
            each.data_ptr() for each in tensors if torch.is_tensor(each)
        ]

    there, lr = places(), optimizer.param_groups[0]["lr"]
    parameters = list(map(id, model.parameters()))
    hooks.apply(state)
    assert parameters == list(map(id, model.parameters()))
    assert places() == there  # a compiled or captured step looks for them there
    assert not torch.is_tensor(lr) or optimizer.param_groups[0]["lr"] is lr


def test_a_tensor_lr_stays_the_same_tensor_even_if_the_state_is_replaced() -> None:
    model = model_of()
    optimizer = OPTIMIZERS["tensor-lr"](model.parameters())
    hooks = TorchHooks(model, optimizer, None, [])
    lr = optimizer.param_groups[0]["lr"]
    state = hooks.capture()
    train(model, optimizer)
    hooks.set_lr(0.5)
    hooks.apply(state)
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == pytest.approx(0.01)


def test_the_lr_comes_back_with_the_state(training: TrainRequest) -> None:
    _, _, hooks = training
    before, state = hooks.get_lr(), hooks.capture()
    hooks.set_lr(0.25)
    assert hooks.get_lr() == 0.25
    hooks.apply(state)
    assert hooks.get_lr() == before


def test_the_disk_brings_back_the_same(training: TrainRequest, tmp_path: Path) -> None:
    model, optimizer, hooks = training
    train(model, optimizer)
    path = str(tmp_path / "checkpoint")
    place = {"epoch": 1, "batches": 2, "state": hooks.data_state(None)}
    assert hooks.write(path, 5, place) == Path(path).stat().st_size
    first, then = train(model, optimizer), weights(model)
    state, *others = hooks.read(path)
    hooks.apply(state)
    assert others == [5, place]
    assert train(model, optimizer) == first
    assert same(weights(model), then)


def test_a_file_without_a_place_in_the_data_is_read(tmp_path: Path) -> None:
    hooks = TorchHooks(model := model_of(), OPTIMIZERS["sgd"](model.parameters()), None, [])
    write_durably(str(tmp_path / "checkpoint"), {"step": 3, "state": hooks.capture()})
    assert hooks.read(str(tmp_path / "checkpoint"))[1:] == (3, None)


def test_numpy_and_python_random_numbers_repeat(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    hooks = TorchHooks(model := model_of(), OPTIMIZERS["sgd"](model.parameters()), None, [])
    random.gauss(0, 1)
    numpy.random.standard_normal()
    hooks.write(str(tmp_path / "checkpoint"), 0, None)
    memory, (disk, *_) = hooks.capture(), hooks.read(str(tmp_path / "checkpoint"))
    drawn = []
    for state in (memory, memory, disk):
        hooks.apply(state)
        drawn.append((random.gauss(0, 1), random.random(), *numpy.random.standard_normal(3)))
    assert drawn[0] == drawn[1] == drawn[2]


def test_extras_are_restored_and_named_and_the_saved_is_never_touched() -> None:
    class Average:
        def __init__(self) -> None:
            self.state: dict[str, Any] = {"list": [1], "tensor": torch.zeros(2)}

        def state_dict(self) -> dict[str, Any]:
            return self.state

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.state = state

    model, extras = model_of(), [Average(), Average()]
    hooks = TorchHooks(model, OPTIMIZERS["sgd"](model.parameters()), None, extras)
    assert hooks.holds == ["model", "optimizer", "rng", "extra:Average", "extra:Average-2"]
    state = hooks.capture()
    for _ in range(2):
        for extra in extras:
            extra.state["list"].append(2)
            extra.state["tensor"].add_(1)
        hooks.apply(state)
        assert [extra.state["list"] for extra in extras] == [[1], [1]]
        assert extras[1].state["tensor"].tolist() == [0, 0]


def test_tied_weights_are_counted_once_and_stay_tied() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(100, 100, bias=False), torch.nn.Linear(100, 100))
    model[1].weight = model[0].weight
    hooks = TorchHooks(model, OPTIMIZERS["sgd"](model.parameters()), None, [])
    state = hooks.capture()
    assert hooks.size(state["model"]) == 4 * (100 * 100 + 100)
    hooks.apply(state)
    assert model[1].weight is model[0].weight


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint"
    write_durably(str(path), {"step": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_durably(str(path), {"step": 2})
    assert read_durable(str(path))["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # a limit stands for the end of a disk
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_durably(str(tmp_path / "checkpoint"), {"x": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_on_disk_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    for left in (path, tmp_path / "checkpoint.tmp"):
        left.write_text("left by a crash")
        left.chmod(0o666)
    write_durably(str(path), {"step": 1})
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_waits_under_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("untouched")
    (tmp_path / "checkpoint.tmp").symlink_to(other)
    write_durably(str(tmp_path / "checkpoint"), {"step": 1})
    assert other.read_text() == "untouched"
    assert not (tmp_path / "checkpoint").is_symlink()


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_file_is_an_os_error(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "checkpoint"
    write_durably(str(path), {"x": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:-500] if damage is None else damage)
    with pytest.raises(OSError, match="cannot be read as a checkpoint"):
        read_durable(str(path))


def test_a_foreign_checkpoint_is_an_os_error(tmp_path: Path) -> None:
    torch.save({"step": 1}, tmp_path / "checkpoint")
    with pytest.raises(OSError, match="no checkpoint that this version"):
        read_durable(str(tmp_path / "checkpoint"))


def test_what_could_not_be_read_back_is_refused_when_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"checkpoint\['extra'\]\[0\] is a Random"):
        write_durably(str(tmp_path / "checkpoint"), {"extra": [random.Random()]})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_a_compiled_step_repeats_bit_by_bit_at_each_lr_of_each_group(backend: str) -> None:
    if backend == "inductor" and not (shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("there is no C++ compiler")
    torch._dynamo.reset()
    torch.manual_seed(0)
    layers = [torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1)]
    plain = torch.nn.Sequential(*layers)
    compiled = torch.compile(plain, backend=backend)
    groups = [
        {"params": layers[0].parameters(), "lr": torch.tensor(0.01)},
        {"params": layers[2].parameters(), "lr": torch.tensor(0.002)},
    ]
    optimizer = torch.optim.Adam(groups, foreach=False)
    optimizer.step = torch.compile(optimizer.step, backend=backend)
    hooks = TorchHooks(compiled, optimizer, None, [])
    train(compiled, optimizer, 2)
    state = hooks.capture()
    hooks.set_lr(0.05)
    assert [float(group["lr"]) for group in optimizer.param_groups] == pytest.approx([0.05, 0.01])
    first, then = train(compiled, optimizer), weights(plain)
    hooks.apply(state)
    assert train(compiled, optimizer) != first  # at the saved LR: the new one took effect
    for _ in range(2):
        hooks.apply(state)
        hooks.set_lr(0.05)
        assert train(compiled, optimizer) == first
        assert same(weights(plain), then)


class Listing(list):  # type: ignore[type-arg]
    """Stands for a config library's list."""


def test_hyperparameters_from_numpy_and_config_libraries_go_to_a_file(tmp_path: Path) -> None:
    model, path = model_of(), str(tmp_path / "checkpoint")
    decay = numpy.logspace(-4, -2, 3)[1]
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=decay, weight_decay=decay, betas=Listing([0.9, 0.99])
    )
    hooks = TorchHooks(model, optimizer, None, [])
    train(model, optimizer)
    hooks.write(path, 5, None)
    expected = train(model, optimizer)
    hooks.apply(hooks.read(path)[0])
    assert train(model, optimizer) == expected


class Statistics:
    """Keeps counts by name, and counts on their default."""

    def __init__(self, value: Any = None) -> None:
        self.counts: Any = defaultdict(int)
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"counts": self.counts, "value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.counts = state["counts"]


def test_a_dict_of_an_extra_comes_back_as_the_kind_that_it_was(tmp_path: Path) -> None:
    model, own, path = model_of(), Statistics(), str(tmp_path / "checkpoint")
    hooks = TorchHooks(model, torch.optim.SGD(model.parameters(), lr=0.1), None, [own])
    hooks.write(path, 0, None)
    for state in (hooks.capture(), hooks.read(path)[0]):
        own.counts["a"] += 1
        hooks.apply(state)
        assert own.counts["a"] == 0
        own.counts.clear()


def test_what_no_file_can_hold_is_refused_at_the_first_checkpoint_in_memory() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    hooks = TorchHooks(model, optimizer, None, [Statistics(object())])
    with pytest.raises(NotHeldError, match=r"let state_dict return .*\['value'\] is a object"):
        hooks.capture()


HELD = {
    "bytes": b"ab\x00\xff",
    "no bytes": b"",
    "bytearray": bytearray(b"ab"),
    "set": {1, "a", (2, 3)},
    "frozenset": frozenset({0.5}),
    "complex": complex(-0.0, float("inf")),
    "deque": deque([1, 2], maxlen=2),
    "range": range(1, 9, 3),
    "device": torch.device("cuda:1"),
    "type": torch.bfloat16,
    "layout": torch.strided,
    "memory format": torch.channels_last,
    "float32": numpy.float32(0.1),
    "float64": numpy.float64(0.1),
    "longdouble": numpy.longdouble("0.1"),
    "int64": numpy.int64(-3),
    "bool": numpy.bool_(True),
    "complex64": numpy.complex64(1 + 2j),
    "date": numpy.datetime64("2020-01-01"),
    "text": numpy.str_("a"),
    "array": numpy.arange(6, dtype="int16").reshape(2, 3),
    "no array": numpy.zeros((0, 3)),
    "array of one": numpy.array(2.5),
    "matrix": numpy.arange(6.0).reshape(2, 3).view(numpy.matrix),
    "by number": {1: 2, (0, "a"): 3, None: 4},
    "by numbers of NumPy": {numpy.int64(1): 2, numpy.float32(0.5): {numpy.str_("a"): 3}, "b": 4},
    "by tuples": {(numpy.int64(1), ("a", b"b")): 2, (3, (4, 5)): numpy.int64(6)},
    "by others": OrderedDict([(b"a", 1), (frozenset({1}), 2), (torch.device("cpu"), 3)]),
}


@pytest.mark.parametrize("name", HELD)
def test_what_a_state_holds_comes_back_from_the_disk_as_it_was(tmp_path: Path, name: str) -> None:
    value, path = HELD[name], str(tmp_path / "checkpoint")
    write_durably(path, {"value": [{"in": (value, 1)}]})
    back: Any = read_durable(path)["value"][0]["in"][0]
    assert type(back) is type(value)
    assert repr(back) == repr(value)
    assert getattr(back, "dtype", None) == getattr(value, "dtype", None)


def test_an_array_that_lies_in_a_file_is_refused(tmp_path: Path) -> None:
    mapped = numpy.memmap(tmp_path / "mapped", "uint8", "w+", shape=2)
    with pytest.raises(NotHeldError, match="is a memmap"):
        write_durably(str(tmp_path / "checkpoint"), {"value": mapped})


def test_bytes_cost_little_more_than_themselves_to_read_back(tmp_path: Path) -> None:
    path, size = str(tmp_path / "checkpoint"), 4_000_000
    write_durably(path, {"value": bytes(range(250)) * (size // 250)})
    tracemalloc.start()
    try:
        back: Any = read_durable(path)["value"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert back[-2:] == b"\xf8\xf9"
    assert peak < 1.5 * size


@pytest.mark.parametrize(
    "content",
    [
        ("unheard of", 1),
        ("bytes", 3),
        ("array", ["<f4", [5], torch.zeros(4, dtype=torch.uint8)]),
        ("array", ["O", [1], torch.zeros(8, dtype=torch.uint8)]),
        ("range", [1, 2, 0]),
        ("layout", "torch.none"),
        ("dict", [[[], 1]]),
    ],
)
def test_a_file_whose_values_make_no_sense_cannot_be_read(tmp_path: Path, content: Any) -> None:
    path = str(tmp_path / "checkpoint")
    kind, value = content
    torch.save({"autolrs": 1, "value": {"autolrs:kind": kind, "value": value}}, path)
    with pytest.raises(OSError, match=r"checkpoint cannot be read as a checkpoint: \S"):
        read_durable(path)


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (object(), r"^let state_dict return numbers.*\['value'\] is a object"),
        (Colour.RED, r"is a Colour"),
        (slice(1), r"is a slice"),
        (torch.Generator(), r"is a Generator"),
        (numpy.array([object()]), r"is a ndarray"),
        ({Colour.RED: 1}, r"dicts by strings and numbers: .* has the key <Colour"),
        ({(1, Colour.RED): 1}, r"has the key <Colour"),
        ({object()}, r"\['value'\]\['set'\]\[0\] is a object"),
    ],
)
def test_what_no_file_can_hold_exactly_is_refused(
    tmp_path: Path, value: Any, sentence: str
) -> None:
    with pytest.raises(NotHeldError, match=sentence):
        write_durably(str(tmp_path / "checkpoint"), {"value": value})


class Adapted(torch.nn.Module):  # type: ignore[misc,name-defined]
    """A large weight that does not train, a small one beside it, and what quantized layers do."""

    def __init__(self) -> None:
        super().__init__()
        self.base = torch.nn.Linear(4096, 4097, bias=False)  # of 64 MiB
        self.base.requires_grad_(requires_grad=False)
        self.down, self.up = torch.nn.Linear(4096, 2), torch.nn.Linear(2, 4097)
        self.average = torch.nn.Linear(4096, 2).requires_grad_(requires_grad=False)
        self.norm = torch.nn.BatchNorm1d(4096)
        self.seen: Any = [0]

    def forward(self, x: Any) -> Any:
        x = self.norm(x)
        self.seen = [self.seen[0] + 1]
        return self.base(x) + self.up(self.down(x))

    def get_extra_state(self) -> Any:
        return self.seen

    def set_extra_state(self, state: Any) -> None:
        self.seen = state


def adapted() -> tuple[Any, Any, TorchHooks, list[str]]:
    torch.manual_seed(0)
    model = Adapted()
    told: list[str] = []
    trained = [each for each in model.parameters() if each.requires_grad]
    hooks = TorchHooks(model, torch.optim.SGD(trained, lr=0.01, momentum=0.9), None, [])
    hooks.warn = told.append
    return model, hooks.optimizers[0], hooks, told


def train_adapted(model: Any, optimizer: Any) -> None:
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(2, 4096)).square().mean().backward()
        optimizer.step()
        with torch.no_grad():
            model.average.weight.lerp_(model.down.weight, 0.1)


def test_a_large_weight_that_does_not_train_is_not_copied_and_all_else_comes_back() -> None:
    model, optimizer, hooks, told = adapted()
    assert hooks.size(hooks.capture()) < 2**20
    train_adapted(model, optimizer)
    state = hooks.capture()
    assert hooks.size(state) < 2**20
    before, seen = weights(model), model.seen
    train_adapted(model, optimizer)
    after = weights(model)
    hooks.apply(state)
    assert same(weights(model), before)
    assert model.seen == seen
    train_adapted(model, optimizer)
    assert same(weights(model), after)
    assert told == []


def test_what_does_not_train_does_not_go_through_load_state_dict() -> None:
    model, optimizer, hooks, _ = adapted()

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("a quantized layer")

    model.base._load_from_state_dict = refuse
    state = hooks.capture()
    train_adapted(model, optimizer)
    hooks.apply(state)


def test_a_weight_that_changes_though_it_does_not_train_is_told_of_and_then_kept() -> None:
    model, _, hooks, told = adapted()
    state = hooks.capture()
    model.base.weight.data[0, 0] += 1
    hooks.apply(state)
    assert len(told) == 1
    assert "'base.weight' of the model has changed" in told[0]
    state, before = hooks.capture(), model.base.weight.clone()
    model.base.weight.data[0, 0] += 1
    hooks.apply(state)
    assert torch.equal(model.base.weight, before)
    assert len(told) == 1


def test_a_file_leaves_out_what_does_not_train_and_is_restored_with_it(tmp_path: Path) -> None:
    model, _, hooks, _ = adapted()
    before = [each.detach().clone() for each in model.parameters()]
    assert hooks.write(str(tmp_path / "c"), 0, None) < 2**20
    with torch.no_grad():
        for each in model.parameters():
            if each.requires_grad:
                each.add_(1.0)
    hooks.apply(hooks.read(str(tmp_path / "c"))[0])
    assert all(map(torch.equal, model.parameters(), before))
