"""Loops over epochs, driven over pipes: where an epoch ends, and what its script sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive
from driver import Driver, RefusedError, run_alone

EPOCHS = """
import random
import toy
class Data:
    def __len__(self): return 4
    def __iter__(self):
        order = [0.0, 0.1, 0.2, 0.3]
        random.shuffle(order)
        return iter(order)
data = Data()
model, tuner = toy.attach()
for epoch in tuner.epochs(5):
    batches = []
    for batch in tuner.batches(data):
        tuner.step(model.update(batch))
        batches.append(batch)
    random.random()  # as evaluation does
    print(epoch, len(batches), tuner.step_count, tuner.is_search, sum(batches[-4:]))
print("end", model.weight, tuner.done)
"""
OWN_RANGE = EPOCHS.replace("tuner.epochs(5)", "range(5)").replace("batches(data)", "cycle(data)")
HELPER = (
    EPOCHS.replace("for epoch in tuner.epochs(5):", "def train(epoch):").replace(
        'print("end"', 'for epoch in range(5): train(epoch)\nprint("end"'
    )
).replace("batches(data)", "cycle(data)")


def commit(driver: Driver, steps: int) -> list[float]:
    losses: list[float] = driver.ask("train", steps=steps, lr=0.05, purpose="commit")["losses"]
    return losses


def search(driver: Driver, steps: int) -> None:
    """A trial of so many steps, rolled back."""
    driver.ask("save", id="before")
    driver.ask("train", steps=steps, lr=0.5, purpose="search")
    driver.ask("restore", id="before")


def lines(driver: Driver) -> list[list[str]]:
    """What stood after each epoch: its number, batches, steps, whether it is tried."""
    return [line.split()[:4] for line in driver.stderr.splitlines() if line[0].isdigit()]


@pytest.mark.parametrize("script", [EPOCHS, OWN_RANGE, HELPER])
def test_an_epoch_ends_on_the_committed_path_alone_and_the_total_is_of_all(
    drive: Drive, script: str
) -> None:
    driver = drive(script)
    assert driver.ask("initialize")["total"] == 20
    search(driver, 11)  # across two borders
    commit(driver, 6)
    search(driver, 9)
    commit(driver, 2)  # to the end of an epoch
    search(driver, 3)
    commit(driver, 4)
    assert driver.shutdown() == 0
    assert lines(driver)[:3] == [
        ["0", "15", "4", "False"],
        ["1", "16", "8", "False"],  # a trial at its end is still its
        ["2", "4", "12", "False"],
    ]


def test_the_loop_over_epochs_goes_on_until_the_tuner_is_done(drive: Drive) -> None:
    driver = drive(EPOCHS)
    commit(driver, 30)
    assert driver.shutdown() == 0
    assert [line[0] for line in lines(driver)] == ["0", "1", "2", "3", "4", "5", "6", "7"]
    assert lines(driver)[-1] == ["7", "2", "30", "False"]


def test_what_an_own_loop_over_epochs_does_after_the_end_is_told_once(drive: Drive) -> None:
    driver = drive(OWN_RANGE)
    commit(driver, 10)
    driver.ask("shutdown")
    told = driver.receive()["params"]
    assert told["level"] == "warn"
    assert "had its 10 steps" in told["message"]
    assert "for epoch in tuner.epochs(E)" in told["message"]
    assert driver.end_of_input() == 0
    assert [line[1] for line in lines(driver)] == ["4", "4", "2", "0", "0"]


def test_a_stretch_that_is_taken_back_is_done_again_within_the_epoch_that_the_loop_is_in(
    drive: Drive,
) -> None:
    driver = drive(EPOCHS)
    first = commit(driver, 5)
    driver.ask("save", id="best")
    taken = commit(driver, 9)
    driver.ask("restore", id="best")
    assert commit(driver, 9) == taken
    assert len(first + taken) == 14
    commit(driver, 3)
    assert driver.shutdown() == 0
    assert lines(driver) == [
        ["0", "4", "4", "False"],
        ["1", "4", "8", "False"],
        ["2", "4", "12", "False"],
        # Taken back into epoch 1, with the loop in epoch 3: its end comes when that is done.
        ["3", "13", "16", "False"],
        ["4", "1", "17", "False"],
    ]


@pytest.mark.parametrize("at", [3, 4, 6, 8])
def test_a_process_that_continues_begins_with_the_epoch_it_is_in_and_trains_as_the_first_would(
    drive: Drive, tmp_path: Path, at: int
) -> None:
    path = str(tmp_path / "checkpoint")
    first = drive(EPOCHS)
    commit(first, at)
    first.ask("save", id="a", path=path)
    expected = commit(first, 11)
    assert first.shutdown() == 0
    undisturbed = first.stderr.splitlines()
    second = drive(
        EPOCHS.replace("toy.attach()", "toy.attach(); random.random()"), AUTOLRS_CONTINUES="1"
    )
    assert "total" not in second.ask("initialize")  # the run knows it
    assert second.ask("restore", id="a", path=path)["step"] == at
    second.ask("save", id="best")
    assert commit(second, 3) == expected[:3]
    second.ask("restore", id="best")
    assert commit(second, 11) == expected
    assert second.shutdown() == 0
    resumed = second.stderr.splitlines()
    assert [line.split()[0] for line in resumed[:-1]] == [
        str(epoch) for epoch in range(at // 4, (at + 10) // 4 + 1)
    ]
    assert resumed[-1] == undisturbed[-1]
    assert resumed[1].split()[2:] == undisturbed[at // 4 + 1].split()[2:]
    assert second.notifications == []


@pytest.mark.parametrize("at", [3, 4, 6])
@pytest.mark.parametrize("later", [4, 7])
@pytest.mark.parametrize("script", [EPOCHS, OWN_RANGE])
def test_a_process_that_continues_goes_back_beyond_where_it_began(
    drive: Drive, tmp_path: Path, at: int, later: int, script: str
) -> None:
    best, last = str(tmp_path / "best"), str(tmp_path / "last")
    first = drive(script)
    commit(first, at)
    first.ask("save", id="best")
    first.ask("save", id="0", path=best)
    commit(first, later)
    first.ask("save", id="1", path=last)
    commit(first, 3)
    first.ask("restore", id="best")
    expected = commit(first, 6)
    first.kill()
    second = drive(script, AUTOLRS_CONTINUES="1")
    second.ask("restore", id="0", path=best)
    second.ask("save", id="best")
    second.ask("restore", id="1", path=last)
    commit(second, 3)
    for _ in range(2):
        second.ask("restore", id="best")
        assert commit(second, 6) == expected
    assert not [note for note in second.notifications if "are gone" in note["params"]["message"]]


def test_an_own_loop_over_epochs_that_continues_is_told_that_it_counts_anew(
    drive: Drive, tmp_path: Path
) -> None:
    path = str(tmp_path / "checkpoint")
    first = drive(OWN_RANGE)
    commit(first, 6)
    first.ask("save", id="a", path=path)
    expected = commit(first, 5)
    first.kill()
    second = drive(OWN_RANGE, AUTOLRS_CONTINUES="1")
    second.ask("restore", id="a", path=path)
    assert commit(second, 5) == expected
    assert "goes on in epoch 2 of the data" in second.notifications[0]["params"]["message"]


def test_evaluation_between_two_epochs_leaves_no_trace_in_training(drive: Drive) -> None:
    bare = EPOCHS.replace("random.random()", "0")
    losses = []
    for script in (EPOCHS, bare):
        driver = drive(script)
        losses.append(commit(driver, 17))
        driver.kill()
    assert losses[0] == losses[1]


def test_evaluation_amid_an_epoch_leaves_no_trace_after_every(drive: Drive) -> None:
    evaluate = "tuner.step(model.update(batch)); tuner.every(3) and random.random()"
    losses = []
    for script in (EPOCHS.replace("tuner.step(model.update(batch))", evaluate), EPOCHS):
        driver = drive(script)
        losses.append(commit(driver, 17))
        driver.kill()
    assert losses[0] == losses[1]


def test_several_epochs_a_round_are_a_round(drive: Drive) -> None:
    script = OWN_RANGE.replace("range(5)", "range(3)").replace("cycle(data)", "cycle(data, 2)")
    driver = drive(script)
    assert driver.ask("initialize")["total"] == 24
    commit(driver, 24)
    assert driver.shutdown() == 0
    assert [line[:3] for line in lines(driver)] == [
        ["0", "8", "8"],
        ["1", "8", "16"],
        ["2", "8", "24"],
    ]


def test_what_keeps_the_total_from_being_known_is_named(drive: Drive) -> None:
    unknown = OWN_RANGE.replace("range(5)", "range(epochs_of(data))").replace(
        "data = Data()", "data = Data()\ndef epochs_of(data): return 5"
    )
    said = drive(unknown).ask("initialize")
    assert "total" not in said
    line = 1 + unknown[: unknown.index("for epoch")].count("\n")
    assert said["uncounted"] == f'"epochs_of(data)" in train.py, line {line}'
    endless = EPOCHS.replace("def __len__(self): return 4", "")
    assert drive(endless).ask("initialize")["uncounted"] == "the number of batches of a Data"
    given = drive(unknown.replace("attach()", "attach(total=7)")).ask("initialize")
    assert (given["total"], given.get("uncounted")) == (7, None)


@pytest.mark.parametrize("length", ["len(loader) // 2", "len(tensor)", "len(array)"])
def test_the_length_of_a_loader_and_of_arrays_counts_epochs(drive: Drive, length: str) -> None:
    torch = pytest.importorskip("torch")
    assert torch
    made = (
        "import numpy, torch\ndata = Data()\narray, tensor = numpy.zeros(3), torch.zeros(3, 2)\n"
        "loader = torch.utils.data.DataLoader([0.0] * 6)"
    )
    script = OWN_RANGE.replace("range(5)", f"range({length})").replace("data = Data()", made)
    assert drive(script).ask("initialize")["total"] == 12


def test_how_long_a_loop_goes_that_cannot_be_counted_is_not_said(drive: Drive) -> None:
    script = OWN_RANGE.replace("for epoch in range(5)", "epoch = 0\nwhile epoch < 5").replace(
        "    print(", "    epoch += 1\n    print("
    )
    assert "total" not in drive(script).ask("initialize")
    given = drive(script.replace("attach()", "attach(total=7)"))
    assert given.ask("initialize")["total"] == 7


def test_data_without_a_length_make_epochs_all_the_same(drive: Drive) -> None:
    driver = drive(EPOCHS.replace("def __len__(self): return 4", ""))
    assert "total" not in driver.ask("initialize")
    search(driver, 6)
    commit(driver, 9)
    assert driver.shutdown() == 0
    assert [line[::2] for line in lines(driver)] == [["0", "4"], ["1", "8"], ["2", "9"]]


def test_a_wrapper_that_is_made_anew_for_each_epoch_is_the_same_data(drive: Drive) -> None:
    script = EPOCHS.replace("batches(data)", "batches(Bar(data))").replace(
        "data = Data()",
        "class Bar:\n"
        "    def __init__(self, data): self.data = data\n"
        "    def __len__(self): return len(self.data)\n"
        "    def __iter__(self): yield from self.data\n"
        "data = Data()",
    )
    losses = []
    for each in (script, EPOCHS):
        driver = drive(each)
        search(driver, 6)
        losses.append(commit(driver, 14))
        assert driver.shutdown() == 0
        assert [line[2] for line in lines(driver)] == ["4", "8", "12", "14"]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("loader", ["iter(data)", "(b for b in data)", "zip(data, data)"])
def test_what_can_be_gone_through_once_is_refused_within_a_loop_over_epochs(
    drive: Drive, loader: str
) -> None:
    driver = drive(OWN_RANGE.replace("cycle(data)", f"cycle({loader})"))
    assert driver.wait() == 1
    assert "can be gone through once" in driver.stderr.splitlines()[-1]


SECOND_PLACE = """
    for batch in tuner.cycle(data):
        tuner.step(model.update(batch))
"""


@pytest.mark.parametrize("script", [EPOCHS, OWN_RANGE])
def test_a_second_place_that_asks_for_batches_is_refused(drive: Drive, script: str) -> None:
    driver = drive(script.replace("    random.random()", SECOND_PLACE + "    random.random()"))
    with pytest.raises(RefusedError, match="in one place of the script"):
        commit(driver, 9)


def test_two_loaders_at_once_are_refused(drive: Drive) -> None:
    script = OWN_RANGE.replace("for epoch in range(5):", "if True:").replace(
        "for batch in tuner.cycle(data)",
        "for batch, _ in zip(tuner.cycle(data), tuner.cycle(data))",
    )
    driver = drive(script)
    with pytest.raises(RefusedError, match="in one place of the script"):
        commit(driver, 1)


def test_a_break_amid_a_trial_is_told(drive: Drive) -> None:
    script = EPOCHS.replace("        batches.append(batch)", "        if batch == 0.3: break")
    driver = drive(script)
    driver.ask("train", steps=9, lr=0.1, purpose="search")
    assert "was left amid a trial" in driver.notifications[0]["params"]["message"]


def test_epochs_without_batches_are_told_of(drive: Drive) -> None:
    driver = drive(EPOCHS.replace("tuner.batches(data)", "data"))
    commit(driver, 9)
    told = [message["params"]["message"] for message in driver.notifications]
    assert any("did not ask for tuner.batches(loader)" in message for message in told)


def test_a_loader_without_batches_ends_the_run(drive: Drive) -> None:
    driver = drive(EPOCHS.replace("[0.0, 0.1, 0.2, 0.3]", "[]"))
    assert driver.ask("train", steps=3, lr=0.1)["end"] == "data"
    assert driver.shutdown() == 0


@pytest.mark.parametrize("script", [EPOCHS, OWN_RANGE, HELPER])
def test_without_a_tuner_each_round_is_an_epoch(tmp_path: Path, script: str) -> None:
    told = run_alone(script, tmp_path).stdout.splitlines()
    assert [line.split()[:3] for line in told[:-1]] == [
        [str(epoch), "4", str(4 * epoch + 4)] for epoch in range(5)
    ]


MEASURED = """
import toy
model, tuner = toy.attach()
def log_every(batches):
    for i, batch in enumerate(batches, 1):
        yield batch
        print("batch", len(batches))
for epoch in tuner.epochs(2):
    for batch in log_every(tuner.batches([0.0, 0.1, 0.2, 0.3])):
        tuner.step(model.update(batch))
"""


def test_batches_have_the_length_of_an_epoch_for_a_helper_that_asks(
    drive: Drive, tmp_path: Path
) -> None:
    driver = drive(MEASURED)
    commit(driver, 6)
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines() == ["batch 4"] * 6
    assert run_alone(MEASURED, tmp_path).stdout.splitlines() == ["batch 4"] * 8


def test_a_flat_loop_has_the_length_of_all_its_epochs_and_a_stream_has_none(
    tmp_path: Path,
) -> None:
    script = """
import toy
model, tuner = toy.attach()
print(len(tuner.cycle([1, 2], epochs=3)), list(tuner.cycle(iter([1, 2]))))
try:
    len(tuner.cycle(iter([1])))
except TypeError as error:
    print(error)
"""
    assert run_alone(script, tmp_path).stdout.splitlines() == [
        "6 [1, 2]",
        "the loader that the tuner was given tells no length",
    ]


def test_a_break_after_every_ends_the_time_in_which_numbers_leave_no_trace(drive: Drive) -> None:
    script = """
import random
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0, 0.1, 0.2, 0.3], epochs=5):
    tuner.step(model.update(batch))
    if tuner.every(2):
        drawn = random.random()
        break
print(drawn == random.random())
tuner.close()
"""
    driver = drive(script)
    driver.ask("train", steps=4, lr=0.1, purpose="commit")
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines() == ["True"]


@pytest.mark.parametrize("is_driven", [True, False])
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            "epochs(range(1, 5))",
            "tuner.epochs a whole number of epochs, 0 or more: it was given "
            "range(1, 5); write tuner.epochs(4)",
        ),
        ("epochs(1.0)", "0 or more: it was given 1.0"),
        ("epochs(-1)", "0 or more: it was given -1"),
        ("epochs(True)", "0 or more: it was given True"),
        (
            "batches(None)",
            "tuner.batches the loader, anything that can be iterated: it was given None",
        ),
        ("batches(list)", "it was given the class list"),
        ("cycle(7)", "tuner.cycle the loader, anything that can be iterated: it was given 7"),
        (
            "cycle([0.0], epochs=2.5)",
            "tuner.cycle a whole number of epochs, 0 or more: it was given 2.5",
        ),
    ],
)
def test_what_is_no_loader_and_no_number_of_epochs_is_refused_in_one_sentence(
    drive: Drive, tmp_path: Path, call: str, words: str, is_driven: bool
) -> None:
    script = f"import toy\nmodel, tuner = toy.attach()\ntuner.{call}\n"
    if is_driven:
        driver = drive(script)
        driver.end_of_input()
        told = driver.stderr
    else:
        told = run_alone(script, tmp_path).stderr
    assert words in told
    assert told.splitlines()[-1].startswith("autolrs.errors.ArgumentError: give tuner.")
