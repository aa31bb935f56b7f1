"""The Hugging Face Trainer on a tiny transformer, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from auto import Place, is_as_bare, text_of
from conftest import Drive, require
from contracts import (
    goes_on_in_a_new_process,
    goes_on_until_the_tuner_ends_it,
    is_left_as_it_was,
    leaves_the_model_to_the_tuner,
    model_of,
    restores_bit_for_bit,
    tells_where_it_stands,
    trains_alone_as,
)
from driver import RefusedError, run_alone
from own_run import Folder
from phases import Folders, alone, files_in, said, search_far, train_committed

require("transformers")

SCRIPT = """
import torch, transformers, autolrs.transformers
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
transformers.set_seed(0)
row = {"input_ids": torch.arange(8) % 3, "labels": torch.tensor(1)}
data = [row] * 400  # each batch is the same, and 100 of them are an epoch
model = BertForSequenceClassification(BertConfig(
    vocab_size=3, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
    max_position_embeddings=8, hidden_dropout_prob=0.1,
))
options = dict(num_train_epochs=1, learning_rate=1e-2, lr_scheduler_type="linear")
more = dict(eval_dataset=data[:4])
kind, callbacks = Trainer, []
# more
trainer = kind(model, TrainingArguments(
    output_dir="out", per_device_train_batch_size=4, save_strategy="no", report_to="none",
    disable_tqdm=True, use_cpu=True, warmup_steps=5, **options,
), train_dataset=data, callbacks=callbacks, **more)
# attach
trainer.train()
print([p.tolist() for p in model.parameters()], trainer.state.global_step)
"""
ATTACH = "autolrs.transformers.attach(trainer)"
ATTACHED = SCRIPT.replace("# attach", ATTACH)
# All that counts must come from the checkpoint.
ANEW = ATTACHED.replace("set_seed(0", "set_seed(1")

PLAIN = """
class Weight(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.second = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    def forward(self, x, labels=None):
        print("lrs", self.first.item(), self.second.item())
        return {"loss": (self.first + self.second).sum() * 0 + x.double().mean()}
model = Weight()
"""


def more(text: str) -> str:
    return ATTACHED.replace("# more", text)


def test_after_a_restore_every_loss_is_bit_equal(drive: Drive) -> None:
    driver = drive(ATTACHED)
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("transformers ")
    assert (hello["total"], hello["lr"], hello["step"]) == (100, 0.01, 0)
    assert hello["groups"] == [1, 1]
    can = {
        "validate": True,
        "disk": True,
        "rewind": False,
        "cancel": True,
        "base": True,
        "average": True,
    }
    assert hello["can"] == can
    assert restores_bit_for_bit(driver, 8, other_lr=0.1)["loss"] > 0


def test_a_new_process_goes_on_bit_for_bit(drive: Drive, tmp_path: Path) -> None:
    goes_on_in_a_new_process(drive(ATTACHED), lambda: drive(ANEW), tmp_path, at=5, steps=5)


def test_a_run_that_was_over_already_is_left_as_it_was(drive: Drive, tmp_path: Path) -> None:
    is_left_as_it_was(drive(ATTACHED), lambda: drive(ANEW), tmp_path)


def test_the_trainer_goes_on_until_the_tuner_ends_it(drive: Drive) -> None:
    goes_on_until_the_tuner_ends_it(drive(more("options.update(max_steps=4)")))


def test_the_lr_is_the_tuners_and_ratios_are_kept(drive: Drive) -> None:
    # Plain descent with gradients of one: each update takes exactly the LR of its group off.
    script = more(
        PLAIN.replace("sum() * 0 + x.double().mean()", "sum()")
        + """
data = [{"x": torch.zeros(1), "labels": 0}] * 400
optimizer = torch.optim.SGD([{"params": [model.first]}, {"params": [model.second], "lr": 0.1}], 1)
more["optimizers"] = (optimizer, None)
options.update(max_grad_norm=0)
"""
    )
    driver = drive(script)
    assert driver.ask("initialize")["groups"] == pytest.approx([1, 0.1])
    assert driver.ask("train", steps=3, lr=[0.5, 0.0, 0.25])["lr"] == 0.25
    driver.ask("train", steps=1, lr=1.0)
    assert driver.shutdown() == 0
    lines = [line.split()[1:] for line in driver.stderr.splitlines() if line.startswith("lrs")]
    seen = [[float(word) for word in line] for line in lines]
    weights = [0, -0.5, -0.5, -0.75]
    assert seen == [pytest.approx([weight, weight / 10]) for weight in weights]


def test_logs_are_printed_and_no_bar_counts_towards_a_number_that_nobody_means(
    drive: Drive,
) -> None:
    script = more("options.update(logging_steps=2)")
    assert "disable_tqdm=True" in script
    driver = drive(script.replace("disable_tqdm=True", "disable_tqdm=False"))
    driver.ask("initialize")
    driver.ask("train", steps=4, lr=0.1)
    assert driver.shutdown() == 0
    assert driver.stderr.count("'learning_rate'") == 2
    assert "it/s" not in driver.stderr
    assert "1099511627776" not in driver.stderr


def test_a_share_is_one_of_the_training_that_was_meant(drive: Drive) -> None:
    driver = drive(more("options.update(logging_steps=0.03)"))  # every third of 100 updates
    driver.ask("initialize")
    driver.ask("train", steps=7, lr=0.1)
    assert driver.shutdown() == 0
    assert driver.stderr.count("'learning_rate'") == 2


def test_a_step_is_an_update_and_its_loss_the_mean_of_its_batches(drive: Drive) -> None:
    script = more(
        PLAIN
        + """
data = [{"x": torch.tensor([2.0**i]), "labels": 0} for i in range(5) for _ in range(4)]
options.update(gradient_accumulation_steps=2)
del more["eval_dataset"]
class kind(Trainer):
    def _get_train_sampler(self, *_):
        return None
"""
    )
    driver = drive(script)
    hello = driver.ask("initialize")
    assert (hello["total"], hello["can"]["validate"]) == (3, False)
    assert driver.train(6) == [1.5, 6, 16, 1.5, 6, 16]
    assert driver.shutdown() == 0


def test_a_loop_that_ends_early_leaves_the_model_to_the_tuner(drive: Drive) -> None:
    script = more(
        """
class Stop(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        control.should_training_stop = state.global_step >= 4
callbacks.append(Stop())
"""
    )
    leaves_the_model_to_the_tuner(drive(script))


def test_the_model_stays_as_the_tuner_leaves_it_and_is_no_best_checkpoint(drive: Drive) -> None:
    saving = (
        'save_strategy="steps", save_steps=1, eval_strategy="steps", eval_steps=1, '
        'metric_for_best_model="loss", greater_is_better=True, load_best_model_at_end=BEST'
    )
    script = ATTACHED.replace('save_strategy="no"', saving) + "print(trainer.args)\n"
    ends = {}
    for best in ("False", "True"):
        driver = drive(script.replace("BEST", best))
        driver.ask("save", id="a")
        driver.train(3, lr=1.0)  # a probe whose loss is higher than any that is kept
        driver.ask("restore", id="a")
        driver.train(3, lr=0.01)
        assert driver.shutdown() == 0
        ends[best] = model_of(driver.stderr)
        assert ("load_best_model_at_end is left out" in driver.stderr) == (best == "True")
        assert f"load_best_model_at_end={best}" in driver.stderr
    assert ends["True"] == ends["False"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('more["eval_dataset"] = {"a": data}', "eval_dataset is a dict of several"),
        ('more["eval_dataset"] = [{"input_ids": torch.arange(3)}]', "evaluation gave no loss"),
        (
            "optimizer = torch.optim.SGD(model.parameters(), 0.1)\n"
            'more["optimizers"] = optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 3)',
            "a StepLR sets the learning rate",
        ),
    ],
)
def test_what_cannot_be_steered_is_told_in_a_sentence(drive: Drive, text: str, said: str) -> None:
    with pytest.raises((RefusedError, EOFError), match=said):
        drive(more(text)).ask("validate")


def test_what_compute_metrics_returns_comes_by_its_name(drive: Drive) -> None:
    text = """
import numpy
accuracy = lambda seen: {"accuracy": (seen.predictions.argmax(-1) == seen.label_ids).mean()}
more["compute_metrics"] = lambda seen: {**accuracy(seen), "half": numpy.float32(0.5)}
"""
    metrics = drive(more(text)).ask("validate")["metrics"]
    assert metrics["accuracy"] in (0.0, 1.0)
    assert metrics["half"] == 0.5


def test_without_a_tuner_the_trainer_is_as_it_was(tmp_path: Path) -> None:
    assert trains_alone_as(SCRIPT, ATTACHED, tmp_path).endswith("] 100")


def test_at_factor_1_a_training_with_its_own_schedule_is_the_bare_one(
    drive: Drive, tmp_path: Path
) -> None:
    # Without dropout: the Trainer draws random numbers for its data before the first step.
    text = """
options["max_steps"] = 12
for module in model.modules():
    if isinstance(module, torch.nn.Dropout):
        module.p = 0.0
"""
    bare = run_alone(SCRIPT.replace("# more", text), tmp_path)
    assert bare.returncode == 0, bare.stderr
    driver = drive(more(text))
    hello = driver.ask("initialize", protocol=1, base="user")
    assert (hello["lr"], hello["can"]["base"], hello["total"]) == (1, True, 12)
    driver.ask("save", id="a")
    driver.train(4, lr=3)
    driver.ask("restore", id="a")
    driver.train(12, lr=1)
    assert driver.shutdown() == 0
    weights = [text.splitlines()[-1].rpartition("]")[0] for text in (driver.stderr, bare.stdout)]
    assert weights[0] == weights[1]


WATCHED = (
    SCRIPT.replace("# attach", f"tuner = {ATTACH}")
    .replace(
        "# more",
        """
class Watch(transformers.TrainerCallback):
    def on_step_end(self, *_, **__):
        print("at", tuner.step_count, tuner.is_search, tuner.every(2))
""",
    )
    .replace("trainer.train()", "trainer.add_callback(Watch())\ntrainer.train()")
)


def test_a_callback_knows_where_the_training_stands(drive: Drive) -> None:
    tells_where_it_stands(drive(WATCHED))


def test_a_callback_counts_updates_without_a_tuner(tmp_path: Path) -> None:
    script = WATCHED.replace("num_train_epochs=1", "max_steps=3")
    lines = run_alone(script, tmp_path).stdout.splitlines()
    assert [line for line in lines if line.startswith("at ")] == [
        "at 1 False False",
        "at 2 False True",
        "at 3 False False",
    ]


OWN = """
def told(name):
    def hook(self, args, state, control, **_):
        print("hook", name, state.global_step, state.max_steps, state.epoch)
    return hook
class Watch(transformers.TrainerCallback):
    pass
for name in (
    "train_begin", "epoch_begin", "step_end", "log", "evaluate", "prediction_step", "save",
    "epoch_end", "train_end",
):
    setattr(Watch, f"on_{name}", told(name))
callbacks.append(Watch())
options.update(
    lr_scheduler_type="constant", logging_steps=5, eval_strategy="steps", eval_steps=10,
    save_strategy="steps", save_steps=10, metric_for_best_model="loss", greater_is_better=True,
    load_best_model_at_end=True, disable_tqdm=False, num_train_epochs=0.5,
)
"""
OWN_TRAINING = (
    ATTACHED.replace('save_strategy="no", ', "")
    .replace("disable_tqdm=True, ", "")
    .replace(", warmup_steps=5", "")
    .replace("print([p.", 'print("own end", trainer.state.best_model_checkpoint)\nprint([p.')
)
STOPPING = "callbacks.append(transformers.EarlyStoppingCallback(2, 1e9))\n"


@pytest.mark.parametrize(
    ("text", "parts", "end"), [("", [20, 30], None), (STOPPING, [15, 35], "data")]
)
def test_a_committed_training_is_the_trainers_own_with_its_log_files_and_stops(
    drive: Drive, tmp_path: Path, text: str, parts: list[int], end: str | None
) -> None:
    folders = Folders(tmp_path)
    script = OWN_TRAINING.replace("# more", OWN + text)
    printed = alone(script, folders.alone)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="commit")
    assert train_committed(driver, lr=0.01, parts=parts) == end
    under = driver.stderr.splitlines()
    # The best is the worst here: the last weights are not what stays.
    assert said(under, "own end") == ["own end out/checkpoint-10"]
    for prefix in ("hook", "own end", "[["):
        assert said(under, prefix) == said(printed, prefix) != []
    assert "50/50" in driver.stderr or end == "data"
    assert "left out" not in driver.stderr
    assert [driver.stderr.count(word) for word in ("'loss'", "'eval_loss'")] == [
        "\n".join(printed).count(word) for word in ("'loss'", "'eval_loss'")
    ]
    files = files_in(folders.driven)
    assert files == files_in(folders.alone)
    assert files["out/checkpoint-10/trainer_state.json"] > 10


REPORTER = """
class Reporter(transformers.TrainerCallback):
    __module__ = "transformers.integrations.integration_utils"
    def on_train_begin(self, *_, **__):
        open("report.txt", "w").write("as a tracker would")
callbacks.append(Reporter())
"""


def test_a_scout_goes_on_past_every_stop_and_leaves_no_file(drive: Drive, tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    late = "trainer.add_callback(transformers.EarlyStoppingCallback(1, 1e9))"
    script = OWN_TRAINING.replace("# more", OWN + REPORTER)
    driver = drive(
        script.replace("trainer.train()", f"{late}\ntrainer.train()"),
        folder=folders.driven,
        AUTOLRS_PHASE="search",
    )
    search_far(driver, total=50, least=0.01)
    assert files_in(folders.driven) == {}
    assert "it/s" not in driver.stderr
    assert not [line for line in driver.stderr.splitlines() if "hook evaluate" in line]


def test_a_committed_training_goes_on_from_the_trainers_own_checkpoint_with_its_schedule(
    drive: Drive, tmp_path: Path
) -> None:
    folders = Folders(tmp_path)
    linear = 'options.update(lr_scheduler_type="linear", load_best_model_at_end=False)'
    script = OWN_TRAINING.replace("# more", OWN + linear)
    alone(script, folders.alone)
    start = folders.alone / "out" / "checkpoint-20"
    script = script.replace("train()", f"train(resume_from_checkpoint={str(start)!r})")
    printed = alone(script, folders.alone)
    driver = drive(script, folder=folders.driven, AUTOLRS_PHASE="commit")
    assert driver.ask("initialize", protocol=1, base="user")["total"] == 30
    driver.train(30, lr=1)
    assert driver.shutdown() == 0
    assert model_of(driver.stderr) == model_of("\n".join(printed))


def test_a_scout_of_a_kept_schedule_sets_its_lr_for_the_update_alone(drive: Drive) -> None:
    driver = drive(more("options.update(logging_steps=1)"), AUTOLRS_PHASE="search")
    hello = driver.ask("initialize", protocol=1, base="override")
    assert hello["schedule"] == {"name": "LambdaLR", "peak": pytest.approx(0.01)}
    result = driver.ask("train", steps=8, lr=0.002)
    # Its warm-up has gone on between the updates, to the peak.
    assert (result["lr"], result["own"]) == (0.002, pytest.approx(0.01))


def test_a_script_that_does_not_attach_is_at_factor_1_the_bare_one(
    drive: Drive, tmp_path: Path
) -> None:
    hello = is_as_bare(Place(drive, tmp_path), tmp_path, text_of("hf_trainer"), 24)
    assert hello["total"] == 24
    assert hello["schedule"] == {"name": "LambdaLR", "peak": 0.01}


OWN_RUN = """
import torch
from transformers import Trainer, TrainingArguments
import autolrs.transformers

class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(4, 1)

    def forward(self, x, labels):
        guess = self.line(x)
        return {"loss": ((guess - labels) ** 2).mean(), "logits": guess}

data = [{"x": x, "labels": x.sum()[None]} for x in torch.randn(64, 4)]
quiet = dict(report_to=[], save_strategy="no", use_cpu=True, logging_strategy="no")
args = TrainingArguments("out", num_train_epochs=10, per_device_train_batch_size=16, **quiet)
trainer = Trainer(Line(), args, train_dataset=data, eval_dataset=data)
run = autolrs.Run(steps=40, min_lr=1e-3, max_lr=0.3)
tuner = autolrs.transformers.attach(trainer, run=run)
trainer.train()
print(run.result["status"], tuner.step_count == run.result["steps"]["committed"])
"""


def test_a_script_starts_its_own_run(folder: Folder) -> None:
    ended = folder.run(OWN_RUN)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "finished True"
