"""The script's own schedule under a factor of the tuner's: `autolrs run --keep-schedule`."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import Drive, require
from driver import Driver, run_alone
from inside import inside, train

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch.session import CountedSession, updates_of  # noqa: E402
from autolrs._torch_lr.schedule import ScaledSchedule  # noqa: E402
from autolrs._torch_lr.update_lrs import OverrideLrs  # noqa: E402
from autolrs.errors import SchedulerOrderError  # noqa: E402

SCHEDULES = {
    "cosine": "lr_scheduler.CosineAnnealingLR(optimizer, 40)",
    "one-cycle": "lr_scheduler.OneCycleLR(optimizer, 0.03, total_steps=40)",
    "warm-up": "lr_scheduler.LambdaLR(optimizer, lambda step: min(1, step / 10))",
    "plateau": "lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, threshold=0.5)",
    "exponential": "lr_scheduler.ExponentialLR(optimizer, 0.9)",
    "multi-step": "lr_scheduler.MultiStepLR(optimizer, [5, 11], 0.5)",
    "chained": """lr_scheduler.ChainedScheduler([
    lr_scheduler.ExponentialLR(optimizer, 0.95), lr_scheduler.MultiStepLR(optimizer, [7])])""",
    "sequential": """lr_scheduler.SequentialLR(optimizer, [
    lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5),
    lr_scheduler.CosineAnnealingLR(optimizer, 35)], [5])""",
}
ARGUMENT = {"plateau": "loss.detach()"}

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def script(name: str, *, attach: bool = True, seed: int = 0) -> str:
    """A loop with a schedule of its own, which tells its LR and loss at the end."""
    batches = (
        "tuner.cycle(loader, epochs=5)" if attach else "(b for _ in range(5) for b in loader)"
    )
    return f"""
import torch, autolrs.torch
from torch.optim import lr_scheduler
torch.manual_seed({seed})
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
data = torch.randn(64, 4)
loader = [(x, x.sum(1, keepdim=True)) for x in data.split(8)]  # draws no random numbers
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = {SCHEDULES[name]}
{"tuner = autolrs.torch.attach(model, optimizer)" if attach else ""}
lrs = []
for x, y in {batches}:
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step({ARGUMENT.get(name, "")})
    lrs.append(optimizer.param_groups[0]["lr"])
    {"tuner.step(loss)" if attach else ""}
print([p.tolist() for p in model.parameters()], loss.item(), torch.rand(3).tolist(), lrs[-34:])
"""


def begin(driver: Driver) -> dict[str, Any]:
    return driver.ask("initialize", protocol=1, base="user")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each script tells at its end without a tuner and without the adapter."""
    scripts = [script(name, attach=False) for name in SCHEDULES]
    all_of_them = f"for script in {scripts!r}: exec(script, {{}})"
    end = run_alone(all_of_them, tmp_path_factory.mktemp("bare"))
    assert end.returncode == 0, end.stderr
    return dict(zip(SCHEDULES, end.stdout.splitlines()))


@every_schedule
def test_at_factor_1_a_run_is_the_bare_script_to_the_bit_and_probes_leave_no_trace(
    drive: Drive, bare: dict[str, str], name: str
) -> None:
    driver = drive(script(name))
    hello = begin(driver)
    assert (hello["lr"], hello["groups"], hello["can"]["base"]) == (1, [1], True)
    assert "schedule" in hello["holds"]
    assert driver.ask("train", steps=6, lr=1)["lr"] == 1
    driver.ask("save", id="a")
    for factor in (0.25, 2, [3.0, 2.0, 1.0, 0.5, 0.25]):
        assert driver.ask("train", steps=5, lr=factor)["steps"] == 5
        assert driver.ask("restore", id="a")["step"] == 6
    assert driver.ask("train", steps=34, lr=1)["steps"] == 34
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1] == bare[name]


@pytest.mark.parametrize("name", ["one-cycle", "plateau", "sequential"])
def test_a_new_process_goes_on_with_the_schedule_to_the_bit(
    drive: Drive, tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / "checkpoint")
    first = drive(script(name))
    begin(first)
    first.ask("train", steps=13, lr=2.0)
    first.ask("save", id="a", path=path)
    expected = first.ask("train", steps=27, lr=0.5)["losses"]
    assert first.shutdown() == 0
    second = drive(script(name))
    begin(second)
    assert second.ask("restore", id="a", path=path)["step"] == 13
    second.ask("train", steps=27, lr=0.5)
    assert second.shutdown() == 0
    weights = [driver.stderr.splitlines()[-1].partition("] [")[0] for driver in (first, second)]
    assert weights[0] == weights[1]
    assert len(expected) == 27


def test_another_schedule_than_the_checkpoints_is_refused(drive: Drive, tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    first = drive(script("cosine"))
    begin(first)
    first.ask("save", id="a", path=path)
    first.kill()
    second = drive(script("exponential"))
    begin(second)
    with pytest.raises(Exception, match=r"state of CosineAnnealingLR.* are ExponentialLR"):
        second.ask("restore", id="a", path=path)


@pytest.mark.parametrize("name", ["cosine", "plateau"])
def test_a_scheduler_stepped_after_the_tuner_is_refused_at_the_next_update(
    drive: Drive, name: str
) -> None:
    late = script(name).replace("    tuner.step(loss)\n", "")
    late = late.replace("    scheduler.step(", "    tuner.step(loss)\n    scheduler.step(")
    driver = drive(late)
    begin(driver)
    with pytest.raises(Exception, match=r"and tuner\.step"):
        driver.ask("train", steps=5, lr=1)
    assert driver.wait() == 1
    assert "SchedulerOrderError" in driver.stderr


def test_a_scheduler_that_is_stepped_once_in_a_while_is_none_the_worse(drive: Drive) -> None:
    now_and_then = script("plateau").replace(
        "    scheduler.step(", "    if len(lrs) % 8 == 7: scheduler.step("
    )
    driver = drive(now_and_then)
    begin(driver)
    assert driver.ask("train", steps=30, lr=1)["steps"] == 30
    assert driver.shutdown() == 0


def seen_by(optimizer: Any) -> list[list[float]]:
    """The LRs of each update, as it finds them."""
    seen: list[list[float]] = []
    optimizer.register_step_pre_hook(
        lambda own, *_: seen.append([float(group["lr"]) for group in own.param_groups])
    )
    return seen


def pair_of_groups(**kwargs: Any) -> tuple[Any, Any]:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    groups = [{"params": model[0].parameters()}, {"params": model[1].parameters(), "lr": 0.003}]
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model, torch.optim.SGD(groups, lr=0.1, **kwargs)


@pytest.mark.parametrize("factor", [1.0, 1 / 3, 0.7, 3.1, 0.0])
def test_an_update_sees_the_product_and_the_script_its_own_lr(factor: float) -> None:
    model, optimizer = pair_of_groups()
    hooks = TorchHooks(model, optimizer, None, [])
    hooks.begin_scaling()
    seen = seen_by(optimizer)
    hooks.set_lr(factor)
    own = 0.1
    for _ in range(20):
        optimizer.step()
        assert seen[-1] == [own * factor, 0.003 * factor]
        assert [group["lr"] for group in optimizer.param_groups] == [own, 0.003]
        own *= 0.9  # a schedule in code of the script's own
        optimizer.param_groups[0]["lr"] = own
    assert hooks.get_lr() == factor
    assert hooks.get_groups() is None


def test_a_tensor_lr_stays_the_same_tensor_and_gets_its_value_back() -> None:
    model, _ = pair_of_groups()
    tensor = torch.tensor(0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=tensor)
    schedule = ScaledSchedule([optimizer])
    seen = seen_by(optimizer)
    schedule.number = 1 / 3
    for _ in range(5):
        optimizer.step()
        assert optimizer.param_groups[0]["lr"] is tensor
        assert torch.equal(tensor, torch.tensor(0.1))
    assert seen == [[pytest.approx(0.1 / 3)]] * 5


def test_a_warm_up_may_begin_at_zero_and_several_optimizers_are_scaled() -> None:
    model, first = pair_of_groups()
    second = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    warm_up = torch.optim.lr_scheduler.LambdaLR(first, lambda step: step / 4)
    hooks = TorchHooks(model, [first, second], None, [])
    hooks.begin_scaling()
    assert hooks.groups == [1, 1, 1]
    hooks.set_lr(2)
    seen = [seen_by(first), seen_by(second)]
    for optimizer in (first, second):
        optimizer.step()
    warm_up.step()
    for optimizer in (first, second):
        optimizer.step()
    assert seen == [[[0, 0], [0.05, pytest.approx(0.0015)]], [[1.0], [1.0]]]
    assert hooks.capture()["schedule"].keys() == {"LambdaLR"}


def test_an_update_that_raises_does_not_scale_twice() -> None:
    _, optimizer = pair_of_groups()
    schedule = ScaledSchedule([optimizer])
    schedule.number = 2.0
    seen = seen_by(optimizer)

    def fail() -> float:
        raise MemoryError

    with pytest.raises(MemoryError):
        optimizer.step(fail)
    optimizer.step()
    assert seen == [[0.2, 0.006], [0.2, 0.006]]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.003]


def test_a_skip_of_the_scaler_and_its_next_update_are_scaled_once() -> None:
    model, optimizer = pair_of_groups()
    schedule = ScaledSchedule([optimizer])
    schedule.number = 2.0
    seen = seen_by(optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for scale in (float("inf"), 1.0):
        scaler.scale(scale * sum(p.sum() for p in model.parameters())).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    assert seen == [[0.2, 0.006]]


def test_groups_that_share_an_lr_tensor_get_the_factor_once() -> None:
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(2)]
    optimizer = torch.optim.Adam(groups, lr=torch.tensor(0.1))
    assert optimizer.param_groups[0]["lr"] is optimizer.param_groups[1]["lr"]
    schedule = ScaledSchedule([optimizer])
    schedule.number = 0.5
    seen = seen_by(optimizer)
    for _ in range(3):
        for group in groups:
            group["params"][0].grad = torch.ones(1)
        optimizer.step()
    assert seen == 3 * [pytest.approx([0.05, 0.05])]
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.1)


def test_a_schedule_may_go_on_where_a_scaler_skips_an_update(drive: Drive) -> None:
    driver = drive("""
import torch, autolrs.torch
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, growth_interval=10**6)
tuner = autolrs.torch.attach(model, optimizer, extra=[scaler])
while not tuner.done:
    loss = 100 * model(torch.ones(8, 4)).square().mean()
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    scheduler.step()
    tuner.step(loss.detach())
print("end", scheduler.last_epoch)
""")
    driver.ask("initialize", protocol=1, base="user")
    assert len(driver.ask("train", steps=4, lr=1)["losses"]) == 4
    assert driver.shutdown() == 0
    assert int(driver.stderr.split("end")[-1]) > 4  # some were skipped


def test_two_schedulers_that_a_new_process_could_mix_up_are_refused() -> None:
    _, optimizer = pair_of_groups()
    pair = [torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma) for gamma in (0.9, 0.8)]
    with pytest.raises(ValueError, match="ChainedScheduler"):
        ScaledSchedule([optimizer])
    del pair
    gc.collect()


def test_a_closure_of_functions_in_a_scheduler_reaches_the_disk(tmp_path: Path) -> None:
    model, optimizer = pair_of_groups()
    make: Callable[..., Any] = torch.optim.swa_utils.SWALR
    scheduler = make(optimizer, swa_lr=0.05)
    hooks = TorchHooks(model, optimizer, None, [])
    hooks.begin_scaling()
    path = str(tmp_path / "checkpoint")
    hooks.write(path, 0, None)
    count = scheduler.last_epoch
    optimizer.step()
    scheduler.step()
    hooks.apply(hooks.read(path)[0])
    assert scheduler.last_epoch == count


def test_a_step_out_of_order_is_named() -> None:
    _, optimizer = pair_of_groups()
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    schedule = ScaledSchedule([optimizer])
    schedule.allow_script_step()
    optimizer.step()
    scheduler.step()
    optimizer.step()  # the order was noted before the update only
    schedule.allow_script_step()
    scheduler.step()
    with pytest.raises(SchedulerOrderError, match="step the ExponentialLR between"):
        optimizer.step()


class Watched(torch.optim.SGD):  # type: ignore[misc, name-defined]
    """Notes the LRs of each update."""

    met: list[list[float]]

    def step(self, closure: Any = None) -> Any:
        self.met.append([group["lr"] for group in self.param_groups])
        return super().step(closure)


def test_an_lr_for_each_update_alone_lets_the_scripts_schedulers_be() -> None:
    model = torch.nn.Linear(2, 1)
    groups = [{"params": [model.weight]}, {"params": [model.bias], "lr": 0.4}]
    optimizer = Watched(groups, lr=0.1)
    optimizer.met = []
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5) for _ in range(2)]
    hooks = TorchHooks(model, optimizer, None, [])
    own = []
    with inside(
        lambda wire: CountedSession(updates_of(hooks), wire, hooks),
        train(2, 0.7),
        train(2, [0.5, 0.25]),
        base="override",
    ) as (session, tuner):
        while not session.done:
            loss = model(torch.ones(1, 2)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            session.step(loss)
            for scheduler in schedulers:  # late, and two of a kind: neither is refused
                scheduler.step()
            own.append(optimizer.param_groups[0]["lr"])
        hello, first, second, _ = tuner.results
    assert (hello["lr"], hello["groups"], hello["holds"]) == (
        0.1,
        [1, 4],
        ["model", "optimizer", "rng"],
    )
    assert optimizer.met == [[lr, 4 * lr] for lr in (0.7, 0.7, 0.5, 0.25)]
    assert own == [0.025, 0.00625, 0.0015625, 0.000390625]
    assert (first["lr"], first["own"]) == (0.7, 0.1)
    assert (second["lr"], second["own"]) == (0.25, 0.00625)


def test_an_lr_for_each_update_keeps_the_ratios_that_a_warm_up_from_0_hides() -> None:
    weights = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = Watched([{"params": [weights[0]]}, {"params": [weights[1]], "lr": 0.3}], lr=0.1)
    optimizer.met = []
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 10)
    override = OverrideLrs([optimizer])
    assert (override.number, override.groups) == (0.1, [1, pytest.approx(3)])
    override.number = 2.0
    optimizer.step()
    scheduler.step()
    optimizer.add_param_group({"params": [torch.zeros(1, requires_grad=True)], "lr": 0.02})
    optimizer.step()
    assert optimizer.met[0] == [2.0, pytest.approx(6)]
    assert optimizer.met[1] == [2.0, pytest.approx(6), pytest.approx(4)]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1 * 0.1, 0.3 * 0.1, 0.02]


def test_an_lr_for_each_update_is_that_of_all_groups_where_the_script_has_none_yet() -> None:
    weights = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = Watched([{"params": [each]} for each in weights], lr=0.0)
    optimizer.met = []
    override = OverrideLrs([optimizer], peak=0.5)
    assert (override.number, override.groups) == (0.5, [1, 1])
    optimizer.step()
    optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = 0.1, 0.2
    optimizer.step()
    assert optimizer.met == [[0.5, 0.5], [0.5, 1.0]]
