"""Before each update of PyTorch: the first is steered, and none comes after the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive, require
from driver import RefusedError

require("torch")

SCRIPT = """
import torch, autolrs.torch
torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x = torch.arange(16.).sin().reshape(4, 4)
# more
tuner = autolrs.torch.attach(model, optimizer, total=6, **options)
for i in range(COUNT):
    loss = (model(x) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    tuner.step(loss)
print(model.weight.tolist(), tuner.step_count)
"""


def script(count: int = 6, more: str = "") -> str:
    plain = "options, scheduler = {}, torch.optim.lr_scheduler.LambdaLR"
    stand_in = "(torch.optim.SGD(torch.nn.Linear(1, 1).parameters()), lambda step: 1)"
    text = SCRIPT.replace("# more", f"{plain}{stand_in}\n{more}")
    return text.replace("COUNT", str(count))


def test_a_loop_of_its_own_begins_at_step_0_and_its_first_update_has_the_tuners_lr(
    drive: Drive,
) -> None:
    driver = drive(script())
    hello = driver.ask("initialize")
    assert (hello["step"], hello["total"]) == (0, 6)
    driver.ask("save", id="a")
    still = driver.ask("train", steps=2, lr=0)["losses"]
    assert still[0] == still[1]
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=1, lr=0.05)["step"] == 1


def test_a_loop_of_exactly_the_steps_that_are_asked_ends_well(drive: Drive) -> None:
    driver = drive(script())
    losses = driver.train(6)
    assert losses[5] < losses[0]
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1].endswith(" 6")
    assert driver.notifications == []


def test_an_update_after_the_end_is_refused_before_it_is_made(drive: Drive) -> None:
    ended = drive(script())
    ended.train(6)
    assert ended.shutdown() == 0
    caught = script(8).replace("for i", "try:\n  for i").replace("\n    ", "\n      ")
    driver = drive(caught.replace("print(", "except RuntimeError as error: print(error)\nprint("))
    driver.train(6)
    driver.ask("shutdown")
    told = driver.receive()["params"]
    assert driver.end_of_input() == 0
    assert told["level"] == "error"
    assert driver.stderr.splitlines()[-2] == told["message"]
    assert "has had its 6 steps, and the script's loop goes on" in told["message"]
    assert driver.stderr.splitlines()[-1] == ended.stderr.splitlines()[-1]


def test_a_script_that_does_not_catch_it_fails(drive: Drive) -> None:
    driver = drive(script(8))
    driver.train(6)
    driver.ask("shutdown")
    assert driver.receive()["params"]["level"] == "error"
    assert driver.wait() == 1


def test_another_optimizer_trains_on(drive: Drive) -> None:
    second = """
second = torch.optim.SGD(model.parameters(), lr=0.1)
(model(x) - 1).square().mean().backward()
second.step()
print("on")
"""
    driver = drive(script() + second)
    driver.train(6)
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1] == "on"


def test_gradients_of_weights_that_were_replaced_do_not_count(
    drive: Drive, tmp_path: Path
) -> None:
    path = str(tmp_path / "a")
    first = drive(script())
    first.train(3)
    first.ask("save", id="a", path=path)
    expected = first.train(3)
    assert first.shutdown() == 0
    second = drive(script(4, "model.weight.data.fill_(7)"))
    assert second.ask("restore", id="a", path=path)["step"] == 3
    assert second.train(3) == expected
    assert second.shutdown() == 0
    assert second.stderr.splitlines()[-1] == first.stderr.splitlines()[-1]


def test_the_scripts_own_schedule_is_on_from_the_first_update(drive: Drive) -> None:
    own = "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))"
    driver = drive(script(6, own))
    driver.ask("initialize", base="user")
    assert driver.ask("train", steps=6, lr=1.0)["lr"] == 1
    assert driver.shutdown() == 0


def test_a_second_scheduler_is_told_of_where_the_first_update_is(drive: Drive) -> None:
    own = "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))"
    driver = drive(script(6, own))
    with pytest.raises((RefusedError, EOFError), match="SecondSchedulerError"):
        driver.ask("initialize")


def test_an_update_that_is_compiled_goes_on_as_it_would(drive: Drive) -> None:
    compiled = 'compiled = torch.compile(lambda: optimizer.step(), backend="eager")'
    text = script(6).replace("optimizer.step()", "compiled()")
    driver = drive(text.replace("for i", f"{compiled}\nfor i"))
    driver.train(5)
    assert driver.shutdown() == 0


ORDER = r"call `tuner\.step\(loss\)` after `optimizer\.step\(\)`"
EARLY = """
import torch, autolrs.torch
torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.arange(16.).sin().reshape(4, 4)
tuner = autolrs.torch.attach(model, optimizer)
def batches():
    for epoch in tuner.epochs(3):
        yield from tuner.batches([x] * 5)
def own():
    while not tuner.done:
        yield x
for i, batch in enumerate(LOOP):
    loss = (model(batch) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    BODY
"""


def early(loop: str, *body: str) -> str:
    return EARLY.replace("LOOP", loop).replace("BODY", "\n    ".join(body))


@pytest.mark.parametrize("loop", ["batches()", "tuner.cycle([x] * 5, epochs=3)"])
def test_a_step_before_the_update_that_it_counts_is_refused(drive: Drive, loop: str) -> None:
    driver = drive(early(loop, "tuner.step(loss)", "optimizer.step()"))
    with pytest.raises(RefusedError, match=ORDER) as refused:
        driver.train(15)
    assert refused.value.is_permanent
    assert "total=" not in str(driver.notifications)


def test_a_step_that_comes_before_its_update_now_and_then_is_borne(drive: Drive) -> None:
    body = ["if i % 2: optimizer.step()", "tuner.step(loss)", "optimizer.step()"]
    assert len(drive(early("batches()", *body)).train(14)) == 14


def test_a_loop_of_its_own_is_told_of_the_order_at_its_end(drive: Drive) -> None:
    driver = drive(early("own()", "tuner.step(loss)", "optimizer.step()"))
    driver.train(6)
    assert driver.shutdown() == 1
    said = "had its 6 steps, and another update came: call `tuner.step(loss)` after `optimizer.st"
    assert said in driver.stderr
    assert "total=" not in str(driver.notifications)


@pytest.mark.parametrize(
    "body",
    [
        ["if i > 0: optimizer.step()", "tuner.step(loss)"],
        ["if i % 2: optimizer.step()", "tuner.step(loss)"],
        ["for _ in range(2 if i else 0):", "    optimizer.step()", "    tuner.step(loss)"],
        [
            "if i == 0: tuner.step(loss)",
            "for _ in range(2 if i else 0):",
            "    optimizer.step()",
            "    tuner.step(loss)",
        ],
    ],
)
def test_a_step_after_its_update_is_taken_whatever_came_before(
    drive: Drive, body: list[str]
) -> None:
    driver = drive(early("batches()", *body))
    driver.train(40)
    assert driver.shutdown() == 0
