"""DDP and FSDP2 under torchrun, over gloo: real processes that train together."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import pytest
from conftest import Drive, need_sharding, require
from driver import Driver, RefusedError

require("torch")

SCRIPT = """
import os
if os.environ.get("FAULT") == "untuned" and os.environ["RANK"] == "1":
    del os.environ["AUTOLRS"]
import sys, torch, autolrs, autolrs.torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

dist.init_process_group("gloo")
rank, seed, fault = dist.get_rank(), int(os.environ["SEED"]), os.environ.get("FAULT", "")
torch.manual_seed(seed)
model = torch.nn.Sequential(
    torch.nn.Linear(4, 7), torch.nn.BatchNorm1d(7), torch.nn.Dropout(0.2), torch.nn.Linear(7, 1)
)
kind = os.environ["KIND"]
if kind != "ddp":
    from torch.distributed.fsdp import fully_shard
    shape = (2, 2) if kind == "replicas" else (dist.get_world_size(),)
    names = ("replicate", "shard")[-len(shape) :]
    mesh = dist.device_mesh.init_device_mesh("cpu", shape, mesh_dim_names=names)
    fully_shard(model[0], mesh=mesh)
    fully_shard(model, mesh=mesh)
else:
    # Else DDP sums in another order from its second backward pass on, which three addends notice.
    options = {"find_unused_parameters": dist.get_world_size() > 2}
    model = DistributedDataParallel(model, broadcast_buffers=False, **options)
torch.manual_seed(seed + 1 + rank)
data = torch.arange(512.).reshape(128, 4).sin()
dataset = TensorDataset(data, data.sum(1, keepdim=True))
lr = 0.02 if fault == "lr" and rank == 1 else 0.01
optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
own = None
if os.environ.get("OWN_SCHEDULE"):
    own = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)

def validate():
    if fault == "validate" and rank == 1:
        raise ValueError("the set is broken")
    total = (model(data) - dataset[:][1]).square().mean()
    dist.all_reduce(total)
    return total + rank, {"rank": rank}

class Noise:
    def __init__(self):
        self.dice = torch.Generator().manual_seed(seed + 1 + rank)
    def __call__(self, x):
        return x + 0.1 * torch.randn(x.shape, generator=self.dice)
    def state_dict(self):
        return {"dice": self.dice.get_state()}
    def load_state_dict(self, state):
        self.dice.set_state(state["dice"])

# In one write, since all ranks print to the same place at the same time.
print(f"rank {rank} {autolrs.is_driven()}\\n", end="")
noise = Noise()
tuner = autolrs.torch.attach(model, optimizer, validate, extra=[noise])
sampler = DistributedSampler(dataset)
told = open(f"losses-{rank}", "w")
step = 0
for x, y in tuner.cycle(DataLoader(dataset, batch_size=8, sampler=sampler), epochs=5):
    loss = (model(noise(x)) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if own:
        own.step()
    step += 1
    if step == 5 and fault == "loop" and rank == 1:
        raise ValueError("the loop is broken")
    if step == 5 and fault == "hang":
        tuner.step(loss)
        import time
        time.sleep(600)
    nan = os.path.exists("nan") and rank == 1
    if os.path.exists("full") and rank == 1:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    told.write(f"{loss.item()}\\n")
    told.flush()
    tuner.step(float("nan") if nan else loss)
dist.barrier()
dist.destroy_process_group()
"""
LR = 0.05

Launch = Callable[..., Driver]


@pytest.fixture
def launch(drive: Drive, tmp_path: Path) -> Iterator[Launch]:
    """Starts ranks under torchrun, with a tuner that they reach over a socket."""
    listeners: list[socket.socket] = []

    def start(world: int = 2, kind: str = "ddp", seed: int = 0, **env: str) -> Driver:
        if kind != "ddp":
            need_sharding()
        listener = socket.socket(socket.AF_UNIX)
        address = tmp_path / f"wire-{len(listeners)}"
        listeners.append(listener)
        listener.bind(str(address))
        listener.listen()
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
        env = {"KIND": kind, "SEED": str(seed), "AUTOLRS_ADDRESS": f"unix:{address}", **env}
        return drive(SCRIPT, listener, launcher, **env)

    yield start
    for listener in listeners:
        listener.close()


def train(driver: Driver, steps: int) -> list[float]:
    losses: list[float] = driver.ask("train", steps=steps, lr=LR)["losses"]
    assert len(losses) == steps
    return losses


def own_losses(folder: Path, rank: int) -> list[float]:
    return [float(line) for line in (folder / f"losses-{rank}").read_text().split()]


@pytest.mark.parametrize(
    ("kind", "world"), [("ddp", 2), ("fsdp", 2), ("ddp", 4), ("fsdp", 4), ("replicas", 4)]
)
def test_ranks_train_as_one_and_go_on_bit_for_bit(
    launch: Launch, tmp_path: Path, kind: str, world: int
) -> None:
    first = launch(world, kind)
    hello = first.ask("initialize", protocol=1)
    assert (hello["world"], hello["lr"], hello["total"]) == (world, 0.01, 5 * 128 // 8 // world)
    assert hello["holds"] == ["model", "optimizer", "rng", "extra:Noise", "data"]
    abilities = ("validate", "disk", "rewind", "cancel", "base", "average")
    assert hello["can"] == dict.fromkeys(abilities, True)

    # A checkpoint of the very beginning, where an optimizer has no state yet.
    path = str(tmp_path / "start")
    first.ask("save", id="start", path=path)
    first.ask("save", id="a")
    losses = train(first, 21)
    told = [own_losses(tmp_path, rank) for rank in range(world)]
    assert losses == [sum(each) / world for each in zip(*told)]
    assert len(set(map(tuple, told))) == world

    # Means over the ranks, and no trace.
    validation = first.ask("validate")
    assert first.ask("validate")["loss"] == validation["loss"]
    assert validation["metrics"] == {"rank": (world - 1) / 2}
    middle = str(tmp_path / "middle")
    size = first.ask("save", id="middle", path=middle)["bytes"]
    files = list(tmp_path.glob("middle*"))
    assert size == sum(each.stat().st_size for each in files)
    assert len(files) == (1 if kind == "ddp" else 1 + world)
    losses += train(first, 40)

    first.ask("restore", id="a")
    assert train(first, 61) == losses
    first.ask("restore", id="middle", path=middle)
    assert first.ask("validate")["loss"] == validation["loss"]
    assert train(first, 40) == losses[21:]
    assert first.shutdown() == 0
    assert sorted(first.printed().splitlines()) == [f"rank {r} True" for r in range(world)]

    second = launch(world, kind, seed=100)
    for name, at in (("start", 0), ("middle", 21)):
        second.ask("restore", id=name, path=str(tmp_path / name))
        assert train(second, 61 - at) == losses[at:]
    assert second.shutdown() == 0
    told_of = {each["method"] for each in first.notifications + second.notifications}
    assert told_of <= {"progress"}  # and of no batches that are gone


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_averages_of_all_ranks_are_the_same_from_memory_and_from_one_file(
    launch: Launch, tmp_path: Path, kind: str
) -> None:
    average = {"powers": [20, 1], "every": 2, "since": 0}

    def go_on(driver: Driver) -> tuple[float, float]:
        driver.ask("train", steps=7, lr=LR, average=average)
        at = driver.ask("validate", at=1)["loss"]
        driver.ask("adopt", at=20)
        return at, driver.ask("validate")["loss"]

    first = launch(2, kind)
    first.ask("initialize", protocol=1)
    first.ask("train", steps=9, lr=LR, average=average)
    raw, at = first.ask("validate")["loss"], first.ask("validate", at=20)["loss"]
    assert at != raw == first.ask("validate")["loss"]
    # A forward pass at the average is the same whatever the one before it has left behind.
    assert first.ask("validate", at=20)["loss"] == at
    path = str(tmp_path / "average")
    first.ask("save", id="a")
    first.ask("save", id="b", path=path)
    expected = go_on(first)
    # What was adopted is what was validated as the average.
    first.ask("restore", id="a")
    first.ask("adopt", at=20)
    assert first.ask("validate")["loss"] == at
    first.ask("restore", id="a")
    assert first.ask("validate", at=20)["loss"] == at
    assert go_on(first) == expected
    assert first.shutdown() == 0
    second = launch(2, kind, seed=100)
    second.ask("restore", id="b", path=path)
    assert second.ask("validate", at=20)["loss"] == at
    assert go_on(second) == expected
    assert second.shutdown() == 0


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_all_ranks_keep_their_own_schedule_under_a_factor(
    launch: Launch, tmp_path: Path, kind: str
) -> None:
    first = launch(2, kind, OWN_SCHEDULE="1")
    assert first.ask("initialize", protocol=1, base="user")["lr"] == 1
    path = str(tmp_path / "middle")
    train(first, 5)
    first.ask("save", id="a")
    first.ask("save", id="b", path=path)
    losses = train(first, 20)
    first.ask("restore", id="a")
    assert train(first, 20) == losses
    assert first.shutdown() == 0

    second = launch(2, kind, seed=100, OWN_SCHEDULE="1")
    second.ask("initialize", protocol=1, base="user")
    second.ask("restore", id="b", path=path)
    assert train(second, 20) == losses
    assert second.shutdown() == 0


def test_all_ranks_stop_at_the_same_step(launch: Launch, tmp_path: Path) -> None:
    driver = launch()
    driver.ask("save", id="a")
    id = driver.send("train", steps=1_000_000, lr=LR)
    driver.notifications.append(driver.receive())
    driver.cancel()
    cancelled = driver.answer_to(id)
    assert cancelled["end"] == "cancel"
    assert cancelled["steps"] % 16 == 0

    # What blows up on one rank has blown up.
    driver.ask("restore", id="a")
    (tmp_path / "nan").touch()
    diverged = driver.ask("train", steps=40, lr=LR)
    assert (diverged["steps"], diverged["end"]) == (16, "diverged")
    assert diverged["losses"] == [None] * 16
    (tmp_path / "nan").unlink()

    driver.ask("restore", id="a")
    halted = driver.ask("train", steps=40, lr=LR, halt=1e-6)
    assert (halted["steps"], halted["end"]) == (16, "halt")
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=3, lr=[0.1, 0.2, 0.3])["lr"] == 0.3
    assert driver.shutdown() == 0


def told_error(driver: Driver, method: str, **params: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        driver.ask(method, **params)
    return caught.value


@pytest.mark.parametrize("where", ["validate", "loop"])
def test_a_rank_that_raises_ends_all_and_its_traceback_is_told(launch: Launch, where: str) -> None:
    driver = launch(FAULT=where)
    driver.ask("initialize", protocol=1)
    # Rank 0 waits for the other in a collective by then, and gets no answer.
    params = {"steps": 20, "lr": LR} if where == "loop" else {}
    error = told_error(driver, "train" if where == "loop" else "validate", **params)
    what = "set" if where == "validate" else "loop"
    assert str(error) == f"rank 1: ValueError: the {what} is broken"
    assert error.code == -32003
    assert f'raise ValueError("the {what} is broken")' in error.traceback
    driver.send_signal(signal.SIGTERM)  # as the tuner does
    assert driver.wait() != 0
    driver.printed()  # ends once no rank is left


def test_ranks_that_disagree_are_refused_by_name_and_value(launch: Launch) -> None:
    driver = launch(FAULT="lr")
    error = told_error(driver, "initialize", protocol=1)
    assert str(error) == (
        "the ranks disagree: lr is 0.01 on rank 0 and 0.02 on rank 1; let every rank attach the "
        "same model, optimizer and loop"
    )
    assert error.code == -32002
    assert driver.end_of_input() != 0


def test_no_rank_outlives_a_tuner_that_goes_away(launch: Launch) -> None:
    driver = launch()
    driver.ask("initialize", protocol=1)
    driver.send("train", steps=1_000_000, lr=LR)
    assert driver.end_of_input() != 0
    driver.printed()  # ends once no rank is left
    assert "the tuner went away" in driver.stderr


def test_no_rank_outlives_a_launcher_that_is_killed(launch: Launch, tmp_path: Path) -> None:
    driver = launch(FAULT="hang")
    driver.ask("initialize", protocol=1)
    assert driver.ask("train", steps=5, lr=LR)["steps"] == 5
    driver.send_signal(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    driver.printed()  # ends once no rank is left


def test_a_checkpoint_of_another_number_of_processes_is_refused(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "of-2")
    first = launch(2)
    first.ask("save", id="a", path=path)
    assert first.shutdown() == 0
    error = told_error(launch(1), "restore", id="a", path=path)
    assert str(error).endswith(
        f"{path} holds a training by 2 processes, and 1 trains here; start as many as there were"
    )
    assert error.code == -32004


def test_each_rank_writes_its_part_and_all_go_when_the_checkpoint_does(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "a")
    driver = launch(2, "fsdp")
    train(driver, 3)
    driver.ask("save", id="a", path=path)
    written = {each.name for each in tmp_path.glob("a.*")}
    assert [name.split(".")[-1] for name in sorted(written)] == ["rank-0", "rank-1"]
    told = json.loads(Path(path).read_text())["parts"]
    for each in told:
        content = (tmp_path / each["name"]).read_bytes()
        assert each["bytes"] == len(content)
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
    # Another write to the same path has parts of its own, and removes the first's once it is done.
    train(driver, 3)
    driver.ask("save", id="a", path=path)
    assert not written & {each.name for each in tmp_path.glob("a.*")}
    assert driver.ask("restore", id="a", path=path)["step"] == 6
    (tmp_path / "a.mine").touch()
    driver.ask("discard", id="a", path=path)
    driver.ask("discard", id="a", path=path)
    assert [each.name for each in tmp_path.glob("a*")] == ["a.mine"]
    assert driver.shutdown() == 0


@pytest.mark.parametrize("harm", ["missing", "cut off"])
def test_a_checkpoint_whose_part_is_damaged_is_refused_in_a_sentence(
    launch: Launch, tmp_path: Path, harm: str
) -> None:
    path = str(tmp_path / "a")
    driver = launch(2, "fsdp")
    driver.ask("save", id="a", path=path)
    (part,) = tmp_path.glob("a.*.rank-1")
    size = part.stat().st_size
    if harm == "missing":
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:-1])
    error = told_error(driver, "restore", id="a", path=path)
    said = "is missing" if harm == "missing" else f"has {size - 1} bytes of {size}"
    assert str(error).endswith(
        f"{path} cannot be read as a checkpoint: its part {part.name} {said}"
    )
    assert error.code == -32004


def test_a_rank_that_cannot_write_its_part_leaves_the_checkpoint_before(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "a")
    driver = launch(2, "fsdp", FAULT="full")
    driver.ask("save", id="a", path=path)
    before = {each: each.read_bytes() for each in tmp_path.glob("a*")}
    (tmp_path / "full").touch()
    train(driver, 16)
    error = told_error(driver, "save", id="a", path=path)
    assert "File too large" in str(error)
    assert error.code == -32004
    assert driver.end_of_input() != 0
    assert {each: each.read_bytes() for each in tmp_path.glob("a*")} == before


SHARD_AS_BEFORE = "shard the model as it was when the checkpoint was written: "


def test_a_sharded_checkpoint_is_refused_by_another_number_of_processes_and_an_unsharded_model(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "a")
    first = launch(2, "fsdp")
    first.ask("save", id="a", path=path)
    assert first.shutdown() == 0
    error = told_error(launch(1, "fsdp"), "restore", id="a", path=path)
    assert "holds a training by 2 processes, and 1 trains here" in str(error)
    error = told_error(launch(2, "ddp"), "restore", id="a", path=path)
    assert str(error).endswith(
        f"{SHARD_AS_BEFORE}a tensor of shape [7, 4] is sharded there, and is not sharded here"
    )


def test_an_unsharded_checkpoint_is_refused_by_a_sharded_model(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "a")
    first = launch(2, "ddp")
    first.ask("save", id="a", path=path)
    assert first.shutdown() == 0
    error = told_error(launch(2, "fsdp"), "restore", id="a", path=path)
    assert str(error).endswith(
        f"{SHARD_AS_BEFORE}no tensor of it is sharded there, and some are here"
    )


def test_of_a_mesh_of_replicas_the_first_alone_writes_its_shards(
    launch: Launch, tmp_path: Path
) -> None:
    import torch

    path = str(tmp_path / "a")
    driver = launch(4, "replicas")
    train(driver, 3)
    driver.ask("save", id="a", path=path)
    written = sorted(tmp_path.glob("a.*"), key=lambda each: each.name[-1])
    parts = [torch.load(each, weights_only=True)["shards"] for each in written]
    assert [len(part) > 0 for part in parts] == [True, True, False, False]
    assert parts[0].keys() == parts[1].keys()
    assert driver.shutdown() == 0
    error = told_error(launch(4, "fsdp"), "restore", id="a", path=path)
    assert SHARD_AS_BEFORE + "this rank's part of a tensor of shape [7, 4]" in str(error)


def test_one_rank_alone_with_a_sharded_model_is_kept_on_disk(
    launch: Launch, tmp_path: Path
) -> None:
    path = str(tmp_path / "of-1")
    first = launch(1, "fsdp")
    assert first.ask("initialize", protocol=1)["world"] == 1
    train(first, 3)
    first.ask("save", id="a", path=path)
    losses = train(first, 20)
    assert first.shutdown() == 0
    second = launch(1, "fsdp", seed=100)
    second.ask("restore", id="a", path=path)
    assert train(second, 20) == losses
    assert second.shutdown() == 0


@pytest.mark.parametrize("name", ["torch.distributed.tensor", "torch.distributed._tensor"])
def test_a_pytorch_too_old_for_sharded_models_says_so_and_trains_whole_ones(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    import torch

    from autolrs._torch_ranks.sharded import is_sharded, refuse_old_torch

    monkeypatch.setattr(torch, "__version__", "2.4.1")
    # As in PyTorch 2.3: the package is there, and what it shall hold is elsewhere or nowhere.
    monkeypatch.setitem(sys.modules, "torch.distributed.tensor", ModuleType("tensor"))
    monkeypatch.setitem(sys.modules, "torch.distributed._tensor", ModuleType("_tensor"))
    parameters = [torch.ones(1)]
    assert not is_sharded(parameters[0])
    refuse_old_torch(parameters)
    monkeypatch.setattr(sys.modules[name], "DTensor", torch.Tensor, raising=False)
    with pytest.raises(
        ImportError, match=r"needs PyTorch 2\.7 or newer, and this Python has 2\.4"
    ):
        refuse_old_torch(parameters)


def test_ranks_that_have_not_met_are_told_what_comes_first(drive: Drive, tmp_path: Path) -> None:
    script = """
import torch, autolrs.torch
model = torch.nn.Linear(1, 1)
try:
    autolrs.torch.attach(model, torch.optim.SGD(model.parameters(), lr=0.1))
except RuntimeError as error:
    print(error)
"""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "wire"))
        listener.listen()
        address = f"unix:{tmp_path / 'wire'}"
        driver = drive(script, listener, RANK="0", WORLD_SIZE="2", AUTOLRS_ADDRESS=address)
        assert driver.wait() == 0
    assert driver.printed() == (
        "2 processes train here and have not met yet; call "
        "torch.distributed.init_process_group before autolrs.torch.attach\n"
    )


def test_ranks_that_meet_one_without_the_tuner_say_which(launch: Launch) -> None:
    driver = launch(FAULT="untuned")
    assert driver.wait() != 0
    assert (
        "RanksError: rank 1 trains without the tuner: AUTOLRS is not in its environment; pass on "
        "to it what `autolrs env` prints where rank 0 is started\n"
    ) in driver.stderr


def test_a_skipped_update_is_judged_without_the_loss_which_is_the_ranks_own() -> None:
    import torch

    from autolrs._torch.updates import MAX_SKIPS, Updates

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    updates = Updates([optimizer], is_one_of_many=True)
    told = [updates.judge(float("nan")) for _ in range(MAX_SKIPS)]
    assert told[:-1] == [None] * (MAX_SKIPS - 1)
    assert told[-1] != told[-1]
