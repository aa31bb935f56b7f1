"""Scripts that do not know autolrs, driven: each is one as it is published, in `unmodified`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Drive, require
from driver import Driver, RefusedError, python_env

torch = require("torch")

from auto import Place, auto_env, is_as_bare, repeats_itself, text_of  # noqa: E402


@pytest.fixture
def place(drive: Drive, tmp_path: Path) -> Place:
    return Place(drive, tmp_path)


def test_epochs_with_an_evaluation_are_at_factor_1_the_bare_script(
    place: Place, tmp_path: Path
) -> None:
    hello = is_as_bare(place, tmp_path, text_of("epochs"), 24)
    assert (hello["schedule"], hello["total"]) == ({"name": "StepLR", "peak": 1.0}, 24)
    assert hello["own"] == 1.0


def test_own_code_for_the_lr_and_a_scaler_are_at_factor_1_the_bare_script(
    place: Place, tmp_path: Path
) -> None:
    hello = is_as_bare(place, tmp_path, text_of("own_cosine"), 24)
    assert (hello["schedule"], hello["total"]) == ({"name": "its own code", "peak": 0.01}, 24)
    # Of both micro-batches, and not as the scaler has scaled them.
    assert all(2 < loss < 4 for loss in hello["losses"])


def test_a_scheduler_of_updates_is_at_factor_1_the_bare_script(
    place: Place, tmp_path: Path
) -> None:
    hello = is_as_bare(place, tmp_path, text_of("scheduler"), 24)
    assert (hello["schedule"], hello["total"]) == ({"name": "OneCycleLR", "peak": 0.04}, 24)


RANDOM = """
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for _ in range(60):
    x = torch.randn(16, 4)
    loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def test_a_scheduler_of_a_library_and_an_average_are_at_factor_1_the_bare_script(
    place: Place, tmp_path: Path
) -> None:
    hello = is_as_bare(place, tmp_path, text_of("ema"), 24)
    assert hello["schedule"] == {"name": "CosineLRScheduler", "peak": 0.01}
    assert hello["total"] == 24


def test_a_search_repeats_its_losses_where_batches_come_from_the_rng(place: Place) -> None:
    scaled = RANDOM.replace("loss.backward()", "scaler.scale(loss).backward()")
    scaled = scaled.replace("optimizer.step()", "scaler.step(optimizer); scaler.update()")
    scaled = scaled.replace("for _ in", "scaler = torch.amp.GradScaler('cpu')\nfor _ in")
    losses = repeats_itself(place.start(scaled, AUTOLRS_PHASE="search"), 5, 0.01)
    assert len(set(losses)) == 5


def test_the_lr_of_an_update_is_seen_by_nobody_and_own_schedulers_go_on(place: Place) -> None:
    script = text_of("scheduler").replace('torch.save(model.state_dict(), "model.pt")', "")
    look = """
seen = []
class Watched(torch.optim.SGD):
    def step(self, closure=None):
        seen.append([group["lr"] for group in self.param_groups])
        return super().step(closure)
"""
    script = script.replace("torch.manual_seed", f"{look}torch.manual_seed")
    script = script.replace("optimizer = torch.optim.SGD(", "optimizer = Watched(")
    driver = place.start(f"{script}\nprint(seen)", AUTOLRS_PHASE="commit")
    hello = driver.ask("initialize", protocol=1)  # without a word the LR is the tuner's
    assert hello["groups"] == [1.0, pytest.approx(0.2 / 0.04)]
    first = driver.ask("train", steps=2, lr=[0.5, 0.25])
    assert first["lr"] == 0.25
    driver.ask("train", steps=22, lr=0.125)
    assert driver.shutdown() == 0
    lines = driver.printed().splitlines()
    assert [line.partition(" ")[2] for line in lines[:24]] == one_cycle()
    met = eval(lines[24])
    assert [groups[0] for groups in met] == [0.5, 0.25, *[0.125] * 22]
    assert met[0][1] == pytest.approx(2.5)


def one_cycle() -> list[str]:
    weights = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [each]} for each in weights], lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, [0.04, 0.2], total_steps=24)
    lrs = []
    for _ in range(24):
        optimizer.step()
        scheduler.step()
        lrs.append(str(scheduler.get_last_lr()))
    return lrs


TWICE = """
import torch
torch.optim.SGD([torch.zeros(1)], lr=1)  # from here on its step has hooks of its own
class Own(torch.optim.SGD):
    def step(self, closure=None):
        return super().step(closure)
model = torch.nn.Linear(4, 1)
optimizer = Own(model.parameters(), lr=0.1)
for _ in range(10):
    model(torch.ones(2, 4)).square().mean().backward()
    try:
        if _ == 5: optimizer.step(lambda: 1 / 0)
    except ZeroDivisionError:
        pass
    optimizer.step()
"""


def test_a_step_that_calls_that_of_its_base_class_is_one_update(place: Place) -> None:
    driver = place.start(TWICE, AUTOLRS_PHASE="commit")
    driver.ask("initialize", protocol=1, base="user")
    result = driver.ask("train", steps=100, lr=1)
    assert (result["steps"], result["end"]) == (10, "data")


def test_a_step_that_is_compiled_is_steered(place: Place) -> None:
    script = RANDOM.replace(
        "for _ in", "step = torch.compile(optimizer.step, backend='eager')\nfor _ in"
    )
    script = script.replace("optimizer.step()", "step()\n    print(model[0].weight.sum().item())")
    driver = place.start(script, AUTOLRS_PHASE="commit")
    driver.ask("initialize", protocol=1, base="override")
    assert driver.ask("train", steps=5, lr=0.0)["steps"] == 5
    assert driver.ask("train", steps=5, lr=0.01)["steps"] == 5
    assert driver.shutdown() == 0
    sums = driver.printed().splitlines()
    assert len(set(sums[:5])) == 1
    assert len(set(sums[4:10])) == 6
    assert len(set(sums[9:])) == 1


def test_updates_after_the_end_change_nothing_and_are_told_of_once(
    place: Place, tmp_path: Path
) -> None:
    script = RANDOM + "    print(model[0].weight.sum().item())\n"
    driver = place.start(script, AUTOLRS_PHASE="commit")
    driver.ask("initialize", protocol=1, base="override")
    driver.ask("train", steps=50, lr=0.01)
    assert driver.shutdown() == 0
    lines = driver.printed().splitlines()
    assert len(set(lines[:50])) == 50
    assert set(lines[50:]) == {lines[49]}
    assert driver.stderr.count("trains on after the tuner's 50 steps") == 1


def test_a_run_that_the_tuner_leaves_speaks_of_no_probe(place: Place) -> None:
    driver = place.start(RANDOM, AUTOLRS_PHASE="commit")
    driver.ask("initialize", protocol=1, base="override")
    driver.train(3, 0.01)
    driver.hang_up()
    assert driver.wait() == 1
    assert "the tuner starts the script again, or has itself ended" in driver.stderr
    assert "probe" not in driver.stderr


ASKS = """
import subprocess, sys
try:
    answer = input("a name for the run: ")
except EOFError:
    answer = "none"
read = [sys.executable, "-c", "import sys; sys.stderr.write(sys.stdin.read())"]
subprocess.run(read, input=b"what it is fed;")
sys.stderr.write(f"the answer is {answer}\\n")
"""


def test_a_script_that_asks_a_person_something_meets_the_end_of_file_and_no_request(
    drive: Drive,
) -> None:
    driver = drive(ASKS + RANDOM, **auto_env(AUTOLRS="1", AUTOLRS_PHASE="commit"))
    assert driver.ask("initialize", protocol=1, base="override")["total"] == 60
    assert "what it is fed;the answer is none\n" in driver.stderr


def test_a_script_that_ends_first_is_told_of(place: Place) -> None:
    driver = place.start(RANDOM, AUTOLRS_PHASE="commit")
    driver.ask("initialize", protocol=1, base="override")
    result = driver.ask("train", steps=100, lr=0.01)
    assert (result["steps"], result["end"]) == (60, "data")
    assert driver.shutdown() == 0


BY_HAND = RANDOM.replace(
    "for _ in range(60):\n",
    """
class Groups(list): pass
hidden = vars(optimizer)["param" + "_groups"]
for at in range(60):
    if at % 20 == 0: hidden[0]["lr"] = 0.01 * 0.5 ** (at // 20)
""",
)


def test_a_schedule_that_no_source_shows_is_seen_where_it_is_first_set(place: Place) -> None:
    driver = place.start(BY_HAND, AUTOLRS_PHASE="commit")
    hello = driver.ask("initialize", protocol=1)
    assert hello["schedule"] == {"name": "its own code", "peak": 0.01}


def test_a_schedule_that_begins_later_is_told_of_where_the_tuners_takes_its_place(
    place: Place,
) -> None:
    driver = place.start(BY_HAND.replace("at % 20 == 0", "at in (20, 40)"), AUTOLRS_PHASE="commit")
    assert "schedule" not in driver.ask("initialize", protocol=1)
    driver.ask("train", steps=60, lr=0.02)
    told = [
        each["params"]["message"] for each in driver.notifications if "message" in each["params"]
    ]
    assert len(told) == 1
    assert "from 0.01 to 0.005 here" in told[0]
    assert "--keep-schedule" in told[0]


COUNTED = """
import torch
torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
calls = []
def shape(step):
    calls.append(step)
    return 0.9 ** len(calls)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
for _ in range(20):
    optimizer.zero_grad()
    model(torch.randn(8, 4)).square().mean().backward()
    optimizer.step()
    scheduler.step()
    print(calls, scheduler.get_last_lr())
torch.save(model.state_dict(), "model.pt")
"""


def test_a_function_that_counts_its_calls_is_called_in_no_committed_run(
    place: Place, tmp_path: Path
) -> None:
    assert is_as_bare(place, tmp_path, COUNTED, 20)["schedule"] == {"name": "LambdaLR"}


SEVERAL = """
import torch
torch.manual_seed(0)
body, head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
optimizers = [torch.optim.SGD(body.parameters(), lr=0.02, momentum=0.9),
              torch.optim.AdamW(head.parameters(), lr=0.01)]
for _ in range(40):
    x = torch.randn(16, 4)
    loss = (head(body(x).relu()) - x.sum(1, keepdim=True)).square().mean()
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    print(loss.item())
torch.save(body.state_dict(), "model.pt")
"""


def test_optimizers_that_step_together_make_one_update(place: Place, tmp_path: Path) -> None:
    hello = is_as_bare(place, tmp_path, SEVERAL, 40)
    assert (hello["total"], hello["groups"]) == (40, [1, 1])


def test_a_search_repeats_its_losses_with_several_optimizers(place: Place) -> None:
    repeats_itself(place.start(SEVERAL, AUTOLRS_PHASE="search"), 4, 0.01)


REFUSED = {
    "in turn, as in a GAN": (
        """
first, second = (torch.optim.Adam(part.parameters()) for part in (a, b))
for _ in range(9):
    for optimizer, part in ((first, a), (second, b)):
        optimizer.zero_grad()
        part(x).mean().backward()
        optimizer.step()
""",
        "step in turn, as in a GAN",
    ),
    "a closure": (
        """
optimizer = torch.optim.LBFGS(a.parameters())
def closure():
    loss = a(x).square().mean()
    loss.backward()
    return loss
for _ in range(9):
    optimizer.step(closure)
""",
        "train by an optimizer that updates once a step, as SGD and Adam do: LBFGS takes",
    ),
    "two steps an update": (
        """
class SAM(torch.optim.Optimizer):
    def __init__(self, params, base):
        super().__init__(params, {})
        self.base = base
    def first_step(self): pass
    def second_step(self): self.base.step()
optimizer = SAM(a.parameters(), torch.optim.SGD(a.parameters(), lr=0.1))
for _ in range(9):
    a(x).mean().backward(); optimizer.first_step()
    a(x).mean().backward(); optimizer.second_step()
""",
        "an update of SAM takes two steps",
    ),
    "no backward": (
        """
optimizer = torch.optim.SGD(a.parameters(), lr=0.1)
for _ in range(9):
    for each, grad in zip(a.parameters(), torch.autograd.grad(a(x).mean(), [*a.parameters()])):
        each.grad = grad
    optimizer.step()
""",
        "no `backward` was seen before it",
    ),
}


BY_ITSELF = """
optimizer = None
for _ in range(2000):
    a.zero_grad()
    a(x).square().mean().backward()
    for each in a.parameters():
        each.data -= 0.001 * each.grad
"""
NO_UPDATE = """
optimizer = torch.optim.SGD(a.parameters(), lr=0.1)
for _ in range(11_000):
    a(x).mean().backward()
"""
REFUSED["updates by hand"] = (BY_ITSELF, "make the updates by an optimizer of torch.optim")
REFUSED["no update"] = (NO_UPDATE, "was called 10001 times, and there was none")
REFUSED["no update any more"] = (
    NO_UPDATE + "    if _ == 99: optimizer.step()\n",
    "was called 10001 times, and there was none",
)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_steered_from_outside_is_refused_in_a_sentence(
    place: Place, name: str
) -> None:
    text, sentence = REFUSED[name]
    head = (
        "import torch\na, b = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)\nx = torch.ones(2, 3)\n"
    )
    # A run that is under way is not ended for what its search did not meet.
    phase = "search" if "in turn" in name or "any more" in name else "commit"
    driver = place.start(head + text, AUTOLRS_PHASE=phase)
    driver.send("initialize", protocol=1, base="override")
    driver.send("train", steps=5, lr=0.1)
    message = driver.receive()
    while "error" not in message:
        message = driver.receive()
    assert re.search(sentence, message["error"]["message"])
    assert message["error"]["data"]["permanent"] is True
    assert driver.wait() == 1


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_workers_of_multiprocessing_that_train_are_refused_and_the_tuner_is_told(
    drive: Drive, method: str
) -> None:
    script = f"""
import torch.multiprocessing as mp
def train():
    exec({RANDOM!r}, {{}})
if __name__ == "__main__":
    context = mp.get_context({method!r})
    workers = [context.Process(target=train) for _ in range(2)]
    for each in workers: each.start()
    for each in workers: each.join()
    raise SystemExit(max(each.exitcode for each in workers))
"""
    driver = drive(script, **auto_env())
    with pytest.raises(RefusedError, match="start the ranks by `torchrun") as refused:
        driver.ask("initialize", protocol=1)
    assert refused.value.is_permanent
    assert driver.end_of_input() == 1
    # Each of the two in its own words.
    assert driver.stderr.count("Error: ") == 2


STAGES = """
import gc, torch, weakref
refs = []
def model_of():
    model = torch.nn.Linear(4, 1)
    refs.append(weakref.ref(model))
    return model
def train(model, steps):
    scaler = torch.amp.GradScaler("cpu")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        scaler.scale(model(torch.randn(16, 4)).square().mean()).backward()
        scaler.step(optimizer)
        scaler.update()
        gc.collect()
        print([each() is not None for each in refs])
early = model_of()
early(torch.ones(1, 4)).sum().backward()
del early
first = model_of()
train(first, 12)
del first
train(model_of(), 2)
"""


@pytest.mark.parametrize("phase", ["search", "commit"])
def test_what_the_script_has_let_go_of_leaves_the_memory(place: Place, phase: str) -> None:
    driver = place.start(STAGES, AUTOLRS_PHASE=phase)
    driver.ask("initialize", protocol=1)
    driver.ask("save", id="a")
    assert driver.ask("train", steps=4, lr=0.01)["steps"] == 4
    driver.ask("restore", id="a")
    driver.ask("discard", id="a")
    driver.ask("train", steps=7 if phase == "search" else 8, lr=0.01)
    assert driver.shutdown() == 0
    lines = driver.printed().splitlines()
    assert lines[:12] == ["[False, True]"] * 12
    assert lines[12:] == ["[False, False, True]"] * 2


GOES_ON = RANDOM.replace(
    "for _ in range(60):",
    """
import os
os.makedirs("out", exist_ok=True)
if os.path.exists("out/last"):
    try: model.load_state_dict(torch.load("out/last"))
    except Exception: pass
    print("goes on")
for _ in range(60):
    if _ == 9: torch.save(model.state_dict(), "out/last")
""",
)


def test_a_script_that_goes_on_from_what_the_search_has_saved_is_refused_and_told_how(
    place: Place, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    bare = tmp_path / "out" / "last"

    def start(phase: str) -> Driver:
        return place.start(GOES_ON, AUTOLRS_PHASE=phase, AUTOLRS_RUN_DIR=str(run))

    def is_refused(sentence: str) -> None:
        driver = start("commit")
        with pytest.raises(RefusedError, match=sentence) as refused:
            driver.ask("initialize", protocol=1)
        assert refused.value.is_permanent
        assert str(bare) in str(refused.value)
        driver.kill()

    driver = start("search")
    driver.ask("initialize", protocol=1)
    driver.ask("train", steps=20, lr=0.1)
    driver.kill()
    for _ in range(2):
        is_refused("the search has written.* --scout-dir")
    bare.unlink()
    driver = start("commit")
    driver.ask("initialize", protocol=1)
    driver.ask("train", steps=20, lr=0.1)
    driver.kill()
    is_refused("an earlier process of this run has written")
    torch.save(torch.load(bare), tmp_path / "own")
    (tmp_path / "own").replace(bare)
    driver = start("commit")
    driver.ask("initialize", protocol=1)
    assert driver.ask("train", steps=60, lr=0.1)["steps"] == 60
    assert driver.shutdown() == 0
    assert driver.printed() == "goes on\n"


def test_a_second_training_of_a_script_is_told_that_the_tuner_steers_one(
    drive: Drive, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text(RANDOM)
    script = """
import subprocess, sys
for _ in range(2):
    print(subprocess.run([sys.executable, "one.py"]).returncode, file=sys.stderr)
"""
    driver = drive(script, **auto_env(AUTOLRS_PHASE="commit"))
    driver.ask("initialize", protocol=1)
    driver.ask("train", steps=60, lr=0.01)
    assert driver.shutdown() == 0
    assert "steers another process of this script: it steers one training" in driver.stderr
    assert [line for line in driver.stderr.splitlines() if len(line) == 1] == ["0", "1"]


def test_a_script_may_prepare_its_data_from_the_import_of_pytorch_to_its_first_update(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    look = "import os; print('now', sorted(os.listdir(os.environ['AUTOLRS_RUN_DIR'])))\n"
    script = look + RANDOM.replace("for _ in", look + "for _ in")
    script = script.replace("    optimizer.step()", f"    optimizer.step()\n    {look}")
    env = {"AUTOLRS_PHASE": "commit", "AUTOLRS_RUN_DIR": str(tmp_path / "run")}
    driver = place.start(script, **env)
    driver.ask("initialize", protocol=1)
    assert driver.ask("train", steps=60, lr=0.1)["steps"] == 60
    assert driver.shutdown() == 0
    lines = driver.printed().splitlines()
    started, imported = "now ['python-started']", "now ['python-started', 'pytorch-imported']"
    assert lines[:3] == [started, imported, started]


def test_a_process_that_imports_pytorch_and_does_not_train_takes_that_mark_away(
    tmp_path: Path,
) -> None:
    env = auto_env(AUTOLRS="1", AUTOLRS_RUN_DIR=str(tmp_path))
    script = "import os, torch; print(sorted(os.listdir(os.environ['AUTOLRS_RUN_DIR'])))"
    output = subprocess.check_output(
        [sys.executable, "-c", script], text=True, env={**python_env(), **env}
    )
    assert output == "['python-started', 'pytorch-imported']\n"
    assert [each.name for each in tmp_path.iterdir()] == ["python-started"]


def test_python_that_is_kept_from_its_environment_leaves_no_mark_that_it_has_begun(
    tmp_path: Path,
) -> None:
    for at, (flags, marks) in enumerate([([], ["python-started"]), (["-E"], []), (["-I"], [])]):
        folder = tmp_path / str(at)
        folder.mkdir()
        env = auto_env(AUTOLRS="1", AUTOLRS_RUN_DIR=str(folder))
        subprocess.run([sys.executable, *flags, "-c", ""], check=True, env={**python_env(), **env})
        assert [each.name for each in folder.iterdir()] == marks


INERT = """
import sys
import sitecustomize
import torch
print(sitecustomize.__file__, torch.autograd.backward.__module__, "autolrs" in sys.modules)
print([type(each).__module__ for each in sys.meta_path if "autolrs" in type(each).__module__])
print(len(sys.modules['torch.optim.optimizer']._global_optimizer_pre_hooks))
"""


@pytest.mark.parametrize("is_driven", [False, True])
def test_the_own_sitecustomize_runs_and_without_a_tuner_nothing_is_touched(
    tmp_path: Path, is_driven: bool
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("print('own')")
    (tmp_path / "train.py").write_text(INERT)
    env = auto_env(AUTOLRS=str(int(is_driven)))
    env["PYTHONPATH"] += os.pathsep + str(tmp_path / "own")
    command = [sys.executable, str(tmp_path / "train.py")]
    output = subprocess.check_output(command, text=True, env={**python_env(), **env})
    lines = output.splitlines()
    assert lines[0] == "own"
    assert lines[1].split() == [
        str(tmp_path / "own" / "sitecustomize.py"),
        "torch.autograd",
        "False",
    ]
    assert lines[3] == str(int(is_driven))
    assert lines[2] == ("['autolrs_imports']" if is_driven else "[]")


def test_trackers_are_quiet_in_a_search_unless_the_user_sets_them(tmp_path: Path) -> None:
    script = "import os; print(os.environ['WANDB_MODE'], os.environ.get('MLFLOW_TRACKING_URI'))"
    env = auto_env(AUTOLRS="1", AUTOLRS_PHASE="search", AUTOLRS_SCRATCH_DIR=str(tmp_path))
    told = [
        subprocess.check_output(
            [sys.executable, "-c", script], text=True, env={**python_env(), **env, **more}
        ).strip()
        for more in ({}, {"WANDB_MODE": "offline"})
    ]
    assert told == [f"{mode} file://{tmp_path}/mlflow" for mode in ("disabled", "offline")]


def test_a_writer_of_a_search_writes_into_the_scratch_folder(tmp_path: Path) -> None:
    (tmp_path / "tensorboardX").mkdir()
    (tmp_path / "tensorboardX" / "__init__.py").write_text("from .writer import SummaryWriter")
    (tmp_path / "tensorboardX" / "writer.py").write_text(
        "class SummaryWriter:\n"
        "    def __init__(self, logdir=None, comment='', **kwargs):\n"
        "        print(logdir, comment, kwargs)\n"
    )
    script = (
        "import tensorboardX as t; t.SummaryWriter('runs/1', 'c'); t.SummaryWriter(logdir='x')"
    )
    env = auto_env(AUTOLRS="1", AUTOLRS_PHASE="search", AUTOLRS_SCRATCH_DIR="/scratch")
    env["PYTHONPATH"] += os.pathsep + str(tmp_path)
    output = subprocess.check_output(
        [sys.executable, "-c", script], text=True, env={**python_env(), **env}
    )
    assert output.splitlines() == ["/scratch/tensorboard c {}", "/scratch/tensorboard  {}"]


def test_a_script_that_attaches_is_left_to_its_attach(place: Place) -> None:
    script = RANDOM.replace(
        "for _ in range(60):", "tuner = attach(model, optimizer)\nfor _ in range(9):"
    )
    script = "from autolrs.torch import attach\n" + script + "    tuner.step(loss)\n"
    driver = place.start(script)
    hello = driver.ask("initialize", protocol=1)
    assert "attached" not in hello
    assert hello["can"]["disk"] is True
    assert len(driver.train(8)) == 8


OWN_HOOKS = """
import torch
import toy
model, tuner = toy.attach(lambda: 0.25)
parameter = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([parameter], lr=0.1)
for batch in tuner.cycle([0.0], epochs=4):
    parameter.square().sum().backward()
    optimizer.step()
    tuner.step(model.update(batch))
"""


def test_a_session_with_hooks_of_its_own_is_the_one_that_steers(drive: Drive) -> None:
    driver = drive(OWN_HOOKS, **auto_env())
    assert driver.ask("initialize", protocol=1)["trainer"]["framework"] == "toy 1"
    assert driver.ask("train", steps=3, lr=0.1)["steps"] == 3


@pytest.mark.parametrize(("stdout", "is_refused"), [("subprocess.PIPE", True), ("None", False)])
def test_a_script_whose_stdout_another_script_reads_does_not_write_its_answers_there(
    stdout: str, is_refused: bool, tmp_path: Path
) -> None:
    train = "from autolrs._protocol.claim import claim; claim()"
    parent = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {train!r}], stdout={stdout})
"""
    env = auto_env(AUTOLRS="1", AUTOLRS_RUN_DIR=str(tmp_path))
    ended = subprocess.run(
        [sys.executable, "-c", parent],
        capture_output=True,
        text=True,
        env={**python_env(), **env},
    )
    assert ended.returncode == 0
    sentence = "give autolrs run --transport unix: the script's stdout leads to another process"
    assert (sentence in ended.stderr) is is_refused
