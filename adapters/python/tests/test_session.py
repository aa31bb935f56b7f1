"""The conversation, driven over pipes, with a framework of one weight."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Drive
from driver import Driver, RefusedError, run_alone

from autolrs._session.stepless_loop import SteplessLoop
from autolrs.errors import StepMissingError

LOOP = """
import toy
model, tuner = toy.attach(lambda: 0.25)
for batch in tuner.cycle([0.0, 0.1, 0.2, 0.3], epochs=5):
    tuner.step(model.update(batch))
print("the end of the script", tuner.done)
"""

OWN_LOOP = """
import toy
model, tuner = toy.attach(total=7)
while not tuner.done:
    tuner.step(model.update())
"""

ENDLESS = """
import toy
model, tuner = toy.attach()
while True:
    tuner.step(model.update())
"""


def code_of(driver: Driver, method: str, **params: object) -> int:
    with pytest.raises(RefusedError) as caught:
        driver.ask(method, **params)
    return caught.value.code


def test_the_handshake_says_what_the_script_can_and_means_to_do(drive: Drive) -> None:
    hello = drive(LOOP).ask("initialize", protocol=1)
    assert hello == {
        "protocol": 1,
        "trainer": {"name": "train.py", "version": "0.1.0", "framework": "toy 1"},
        "step": 0,
        "total": 20,
        "epoch": 4,
        "lr": 0.5,
        "groups": [1.0],
        "world": 1,
        "can": {"validate": True, "disk": True, "rewind": True, "cancel": True, "average": True},
        "holds": ["weight", "rng", "data"],
    }


def test_a_loop_of_its_own_has_no_rewind_and_its_own_total(drive: Drive) -> None:
    hello = drive(OWN_LOOP).ask("initialize")
    assert (hello["total"], hello["step"]) == (7, 0)
    assert hello["can"] == {"validate": False, "disk": True, "rewind": False, "cancel": True}
    assert "data" not in hello["holds"]


def test_a_loop_that_only_calls_step_has_done_one_step_by_its_handshake(drive: Drive) -> None:
    driver = drive(ENDLESS)
    assert driver.ask("initialize")["step"] == 1
    result = driver.ask("train", steps=2, lr=0.25)
    assert (result["steps"], result["step"], result["lr"]) == (2, 3, 0.25)


def test_the_handshake_sends_the_token_back(drive: Drive) -> None:
    assert drive(LOOP, AUTOLRS_TOKEN="abc").ask("initialize")["token"] == "abc"


def test_train_reports_each_loss_and_the_lr_of_its_last_step(drive: Drive) -> None:
    driver = drive(LOOP)
    result = driver.ask("train", steps=3, lr=0)
    assert result["losses"] == pytest.approx([1.0, 1.1, 1.2], abs=1e-2)
    assert (result["lr"], result["step"], "end" in result) == (0, 3, False)


def test_the_first_step_of_train_runs_at_its_lr(drive: Drive) -> None:
    driver = drive(LOOP)
    driver.ask("train", steps=1, lr=0)
    driver.ask("train", steps=1, lr=1)
    assert driver.ask("train", steps=1, lr=0)["losses"][0] == pytest.approx(0.2, abs=1e-4)


def test_a_list_of_lrs_gives_each_step_its_own(drive: Drive) -> None:
    driver = drive(OWN_LOOP)
    result = driver.ask("train", steps=4, lr=[0, 0.5, 0, 1])
    assert result["losses"] == pytest.approx([1, 1, 0.25, 0.25], abs=1e-2)
    assert result["lr"] == 1
    assert driver.ask("train", steps=1, lr=0)["losses"][0] < 1e-4


def test_another_who_sets_the_lr_is_told_of_in_the_reply(drive: Drive) -> None:
    script = OWN_LOOP.replace("tuner.step(", "model.lr = 0.75; tuner.step(")
    assert drive(script).ask("train", steps=2, lr=0.1)["lr"] == 0.75


def test_no_step_at_all_is_done_at_once(drive: Drive) -> None:
    result = drive(LOOP).ask("train", steps=0, lr=0.1)
    assert (result["steps"], result["losses"], result["step"]) == (0, [], 0)


@pytest.mark.parametrize("loss", ["nan", "inf", "-inf"])
def test_a_loss_that_is_not_finite_ends_train_at_once_as_null(drive: Drive, loss: str) -> None:
    script = OWN_LOOP.replace("model.update()", f"float('{loss}') if model.update() < .9 else 1.")
    result = drive(script).ask("train", steps=50, lr=0.1)
    assert result["losses"] == [1.0, None]
    assert (result["steps"], result["step"], result["end"]) == (2, 2, "diverged")


def test_halt_ends_train_when_the_smoothed_loss_exceeds_it(drive: Drive) -> None:
    # Ones, then tens. Average with decay 0.9 over its bias: the first above 3 comes at ten 1, then
    # 4 tens: (0.9^4 * (1 - 0.9^10) + 10 * (1 - 0.9^4)) / (1 - 0.9^14) = 5.01; 3 tens give 4.29, 2
    # give 3.38 and 1 gives 2.31.
    script = OWN_LOOP.replace("model.update()", "losses.pop(0)").replace(
        "while", "losses = [1.] * 10 + [10.] * 90\nwhile"
    )
    result = drive(script).ask("train", steps=100, lr=0.1, halt=3)
    assert (result["steps"], result["end"]) == (12, "halt")


def test_halt_starts_anew_with_each_train(drive: Drive) -> None:
    script = OWN_LOOP.replace("model.update()", "losses.pop(0)").replace(
        "while", "losses = [9.] * 5 + [1.] * 5\nwhile"
    )
    driver = drive(script)
    driver.ask("train", steps=5, lr=0.1)
    assert "end" not in driver.ask("train", steps=5, lr=0.1, halt=2)


def test_losses_on_a_device_are_judged_at_the_last_step(drive: Drive) -> None:
    script = OWN_LOOP.replace("model.update()", "[float('nan') if model.update() < .5 else 1.]")
    result = drive(script).ask("train", steps=50, lr=0.1)
    assert (result["steps"], result["end"], len(result["losses"])) == (50, "diverged", 50)


def test_a_halt_by_losses_on_a_device_comes_at_the_last_step(drive: Drive) -> None:
    driver = drive(OWN_LOOP.replace("model.update()", "[model.update()]"))
    result = driver.ask("train", steps=5, lr=0, halt=0.5)
    assert (result["steps"], result["end"]) == (5, "halt")
    assert "end" not in driver.ask("train", steps=5, lr=0)


def test_progress_comes_four_times_a_second_and_the_result_still_has_every_loss(
    drive: Drive,
) -> None:
    driver = drive(ENDLESS)
    driver.ask("initialize")
    id = driver.send("train", steps=10_000_000, lr=0.1)
    assert driver.receive()["method"] == "log"  # of the first update, which was made unasked
    told = [driver.receive(), driver.receive()]
    driver.cancel()
    result = driver.answer_to(id)
    assert all(message["method"] == "progress" for message in told)
    losses = [loss for message in told for loss in message["params"]["losses"]]
    assert losses == result["losses"][: len(losses)]
    assert told[-1]["params"]["step"] == len(losses) + 1
    assert len(driver.notifications + told) <= 4 * result["seconds"]


def test_cancel_ends_train_with_what_is_done(drive: Drive) -> None:
    driver = drive(ENDLESS)
    driver.ask("initialize")
    id = driver.send("train", steps=400_000, lr=[0.1, 0.2] * 200_000)
    driver.notifications.append(driver.receive())
    driver.cancel()
    result = driver.answer_to(id)
    assert result["end"] == "cancel"
    assert 0 < result["steps"] == len(result["losses"]) < 400_000
    assert result["lr"] == (0.1 if result["steps"] % 2 == 1 else 0.2)


def test_cancel_is_ignored_while_nothing_trains(drive: Drive) -> None:
    driver = drive(LOOP)
    driver.cancel()
    driver.ask("initialize")
    driver.cancel()
    assert driver.ask("train", steps=3, lr=0.1)["steps"] == 3


def test_restore_goes_back_as_often_as_asked_and_the_same_batches_come_again(
    drive: Drive,
) -> None:
    driver = drive(LOOP)
    driver.ask("train", steps=2, lr=0.1)
    assert driver.ask("save", id="a")["step"] == 2
    first = driver.ask("train", steps=7, lr=0.1)
    for _ in range(2):
        restored = driver.ask("restore", id="a")
        assert (restored["step"], restored["lr"]) == (2, 0.1)
        again = driver.ask("train", steps=7, lr=0.1)
        assert (again["losses"], again["step"]) == (first["losses"], 9)


def test_checkpoints_are_independent_of_each_other(drive: Drive) -> None:
    driver = drive(LOOP)
    driver.ask("save", id="a")
    first = driver.ask("train", steps=3, lr=0.1)["losses"]
    driver.ask("save", id="b")
    second = driver.ask("train", steps=3, lr=0.1)["losses"]
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=6, lr=0.1)["losses"] == first + second
    driver.ask("discard", id="a")
    driver.ask("restore", id="b")
    assert driver.ask("train", steps=3, lr=0.1)["losses"] == second


def test_batches_past_the_limit_are_forgotten_and_the_tuner_is_told(drive: Drive) -> None:
    script = LOOP.replace("lambda: 0.25", "rewind_bytes=100").replace(
        "[0.0, 0.1, 0.2, 0.3]", "[b'x' * 30] * 4"
    )
    driver = drive(script.replace("update(batch)", "update()"))
    driver.ask("save", id="a")
    driver.ask("train", steps=3, lr=0.1)
    driver.ask("restore", id="a")
    assert driver.notifications == []
    driver.ask("train", steps=4, lr=0.1)
    assert driver.ask("restore", id="a")["step"] == 0
    assert [message["method"] for message in driver.notifications] == ["log"]
    assert driver.ask("train", steps=4, lr=0.1)["steps"] == 4


def test_validate_brings_loss_and_metrics(drive: Drive) -> None:
    result = drive(LOOP).ask("validate")
    assert (result["loss"], result["metrics"]) == (0.25, {"weight": 1.0})


def test_a_validation_loss_that_is_not_finite_is_null(drive: Drive) -> None:
    assert drive(LOOP.replace("0.25", "float('nan')")).ask("validate")["loss"] is None


def test_validate_is_refused_where_the_script_has_none(drive: Drive) -> None:
    assert code_of(drive(OWN_LOOP), "validate") == -32002


def test_an_unknown_checkpoint_is_refused(drive: Drive, tmp_path: Path) -> None:
    driver = drive(LOOP)
    assert code_of(driver, "restore", id="a") == -32001
    assert code_of(driver, "discard", id="a") == -32001
    assert code_of(driver, "restore", id="a", path=str(tmp_path / "a")) == -32001


def test_storage_that_fails_is_told_of_and_training_goes_on(drive: Drive, tmp_path: Path) -> None:
    driver = drive(LOOP)
    assert code_of(driver, "save", id="a", path=str(tmp_path / "none" / "a")) == -32004
    assert driver.ask("train", steps=1, lr=0.1)["steps"] == 1


def test_a_checkpoint_on_disk_is_read_back_and_discarded(drive: Drive, tmp_path: Path) -> None:
    driver = drive(LOOP)
    path = str(tmp_path / "a")
    driver.ask("train", steps=2, lr=0.1)
    driver.ask("save", id="a", path=path)
    driver.ask("train", steps=2, lr=0.1)
    assert driver.ask("restore", id="a", path=path)["step"] == 2
    assert driver.ask("discard", id="a", path=path) == {"id": "a"}
    assert not Path(path).exists()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"steps": 1},
        {"steps": -1, "lr": 0.1},
        {"steps": 1.5, "lr": 0.1},
        {"steps": True, "lr": 0.1},
        {"steps": 2, "lr": [0.1]},
        {"steps": 1, "lr": -0.1},
        {"steps": 1, "lr": "0.1"},
        {"steps": 1, "lr": 10**400},
        {"steps": 1, "lr": 0.1, "halt": "high"},
    ],
)
def test_wrong_params_are_refused(drive: Drive, params: dict[str, object]) -> None:
    driver = drive(LOOP)
    assert code_of(driver, "train", **params) == -32602
    assert driver.ask("train", steps=1, lr=0.1)["step"] == 1


def test_requests_that_are_none_are_refused_with_their_code(drive: Drive) -> None:
    driver = drive(LOOP)
    assert code_of(driver, "save") == -32602
    assert code_of(driver, "save", id="a", path=7) == -32602
    assert code_of(driver, "dance") == -32601
    for line, code in [("{", -32700), ("\xff", -32700), ("[]", -32600), ('{"id":null}', -32600)]:
        driver.write(line)
        with pytest.raises(RefusedError) as caught:
            driver.answer_to(None)
        assert caught.value.code == code
    assert driver.ask("train", steps=1, lr=0.1)["step"] == 1


def test_a_request_that_comes_while_training_is_answered_after_it(drive: Drive) -> None:
    driver = drive(OWN_LOOP)
    first, second = driver.send("train", steps=3, lr=0.1), driver.send("save", id="a")
    assert driver.answer_to(first)["step"] == 3
    assert driver.answer_to(second)["step"] == 3


def test_an_id_of_zero_is_answered(drive: Drive) -> None:
    driver = drive(LOOP)
    driver.write({"jsonrpc": "2.0", "id": 0, "method": "save", "params": {"id": "a"}})
    assert driver.answer_to(0)["id"] == "a"


def test_a_validation_that_raises_is_told_with_its_traceback(drive: Drive) -> None:
    driver = drive(LOOP.replace("0.25", "1 / 0"))
    with pytest.raises(RefusedError, match="ZeroDivisionError") as caught:
        driver.ask("validate")
    assert caught.value.code == -32003
    assert "train.py" in caught.value.traceback
    assert driver.ask("train", steps=1, lr=0.1)["steps"] == 1


def test_a_note_to_an_error_is_not_taken_for_the_error(drive: Drive) -> None:
    fail = """
def fail():
    error = ValueError("what happened")
    error.__notes__ = ["a note"]
    raise error
"""
    driver = drive(fail + LOOP.replace("0.25", "fail()"))
    with pytest.raises(RefusedError, match=r"^ValueError: what happened$"):
        driver.ask("validate")


def test_shutdown_lets_the_script_go_on_to_its_own_end(drive: Drive) -> None:
    driver = drive(LOOP)
    driver.ask("train", steps=3, lr=0.1)
    assert driver.ask("shutdown") == {"step": 3}
    assert driver.end_of_input() == 0
    assert "the end of the script True" in driver.stderr


def test_a_loop_that_made_its_first_update_unasked_is_told_how_to_ask(drive: Drive) -> None:
    driver = drive(ENDLESS)
    driver.train(2)
    [told] = driver.notifications
    assert told["params"]["message"].startswith("ask `tuner.done` before the first update")


@pytest.mark.parametrize("losses", ["model.update()", "[model.update()]"])
def test_a_step_after_the_end_is_refused_and_the_weights_are_those_of_the_end(
    drive: Drive, losses: str
) -> None:
    script = f"""
import toy
from autolrs.errors import TrainingOverError
model, tuner = toy.attach(float)
try:
    while True:
        tuner.step({losses})
except TrainingOverError as error:
    print(error)
print(model.weight)
"""
    driver = drive(script)
    driver.train(7)
    weight = driver.ask("validate")["metrics"]["weight"]
    driver.ask("shutdown")
    told = driver.receive()["params"]
    assert driver.end_of_input() == 0
    assert told["level"] == "error"
    assert told["message"].startswith("the tuner has had its 8 steps, and the script's loop")
    assert "`if tuner.done: break`" in told["message"]
    assert driver.stderr.splitlines() == [told["message"], str(weight)]


def test_a_second_loop_after_the_end_is_refused_and_the_tuner_is_told(drive: Drive) -> None:
    driver = drive(LOOP + "for batch in tuner.cycle([1]): pass\n")
    driver.train(3)
    driver.ask("shutdown")
    told = driver.receive()["params"]
    assert told["level"] == "error"
    assert "has had its 3 steps, and another loop" in told["message"]
    assert driver.wait() == 1
    assert f"TrainingOverError: {told['message']}" in driver.stderr


@pytest.mark.parametrize("script", [LOOP, OWN_LOOP, ENDLESS])
def test_a_tuner_that_goes_away_ends_the_script_with_one_sentence(
    drive: Drive, script: str
) -> None:
    driver = drive(script)
    driver.ask("initialize")
    driver.send("train", steps=100_000_000, lr=0.1)
    assert driver.end_of_input() != 0
    assert driver.stderr.count("\n") == 1
    assert "the tuner went away" in driver.stderr
    assert "the end of the script" not in driver.stderr


@pytest.mark.parametrize("torchrun", [{}, {"TORCHELASTIC_RUN_ID": "none"}])
def test_a_search_that_is_over_reads_like_an_end_and_not_like_an_accident(
    drive: Drive, torchrun: dict[str, str]
) -> None:
    driver = drive(LOOP, AUTOLRS_PHASE="search", **torchrun)
    driver.ask("initialize")
    driver.ask("train", steps=2, lr=0.1, purpose="search")
    assert driver.end_of_input() == 1  # what a wrapper has after the script is not to follow
    assert driver.stderr.count("\n") == 1
    assert "there for the search alone; it ends here and saves nothing" in driver.stderr
    assert ("torchrun calls that a failure" in driver.stderr) == bool(torchrun)
    assert "went away" not in driver.stderr


def test_a_script_that_catches_everything_still_learns_that_the_tuner_is_gone(
    drive: Drive,
) -> None:
    script = ENDLESS.replace("    tuner", "    try: tuner").replace(
        "())", "())\n    except: n -= 1"
    )
    driver = drive(script.replace("while True", "n = 3\nwhile n"))
    driver.ask("train", steps=2, lr=0.1)
    assert driver.end_of_input() == 0


def test_a_loop_that_ends_by_itself_answers_train_with_what_was_done(drive: Drive) -> None:
    driver = drive(ENDLESS.replace("True", "tuner.done or model.weight > 0.01"))
    driver.ask("save", id="a")
    result = driver.ask("train", steps=100, lr=[0.5, 0.4] * 50)
    assert (result["steps"], result["end"]) == (8, "data")
    assert result["lr"] == 0.4  # and 0.5 is set already, for a step that never comes
    assert driver.ask("restore", id="a")["step"] == 0
    result = driver.ask("train", steps=5, lr=0.1)
    assert (result["steps"], result["losses"], result["end"]) == (0, [], "data")
    assert driver.ask("save", id="b")["step"] == 0
    assert driver.shutdown() == 0


def test_a_loop_that_ended_by_itself_does_not_hang_when_the_tuner_goes(drive: Drive) -> None:
    driver = drive(ENDLESS.replace("True", "model.weight > 0.01"))
    driver.ask("initialize")
    assert driver.ask("train", steps=100, lr=0.5)["end"] == "data"
    assert driver.end_of_input() == 1
    assert "the tuner went away" in driver.stderr


def test_a_loader_without_batches_ends_the_loop(drive: Drive) -> None:
    driver = drive(LOOP.replace("[0.0, 0.1, 0.2, 0.3]", "[]"))
    assert driver.ask("train", steps=3, lr=0.1)["end"] == "data"


def test_a_loader_that_runs_dry_in_a_probe_leaves_no_probes_weights(drive: Drive) -> None:
    script = LOOP.replace("[0.0, 0.1, 0.2, 0.3]", "iter([0.0, 0.1, 0.2, 0.3])")
    driver = drive(script + "print(model.weight)\n")
    driver.ask("save", id="a")
    result = driver.ask("train", steps=100, lr=0.9)
    assert (result["steps"], result["end"]) == (4, "data")
    driver.ask("restore", id="a")
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1] == "1.0"


def test_close_waits_until_the_tuner_has_put_the_model_back(drive: Drive) -> None:
    script = ENDLESS.replace("True", "model.weight > 0.1").replace("attach()", "attach(float)")
    driver = drive(script + "tuner.close()\nprint(model.weight, tuner.done)\n")
    driver.ask("initialize")
    driver.ask("save", id="a")
    driver.ask("train", steps=1, lr=0.5)
    assert driver.ask("train", steps=100, lr=0.5)["end"] == "data"
    driver.ask("restore", id="a")
    weight = driver.ask("validate")["metrics"]["weight"]
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines()[-1] == f"{weight} True"


def test_a_script_that_raises_answers_train_with_the_traceback(drive: Drive) -> None:
    driver = drive(ENDLESS.replace("tuner.step(", "assert model.weight > .1; tuner.step("))
    driver.ask("initialize")
    with pytest.raises(RefusedError, match="AssertionError") as caught:
        driver.ask("train", steps=100, lr=0.5)
    assert caught.value.code == -32003
    assert "assert model.weight > .1" in caught.value.traceback
    assert driver.wait() == 1
    assert "Traceback" in driver.stderr


@pytest.mark.parametrize("kind", ["SecondSchedulerError", "RanksError", "ValueError"])
def test_an_error_that_a_restart_would_only_meet_again_says_so(drive: Drive, kind: str) -> None:
    mistake = f"""
import autolrs.errors
def check():
    if model.weight < .1:
        raise getattr(autolrs.errors, "{kind}", ValueError)(1)
"""
    driver = drive(mistake + ENDLESS.replace("tuner.step(", "check(); tuner.step("))
    driver.ask("initialize")
    with pytest.raises(RefusedError, match=kind) as caught:
        driver.ask("train", steps=100, lr=0.5)
    assert caught.value.is_permanent == (kind != "ValueError")
    assert driver.wait() == 1


EXITING = "import sys\n" + ENDLESS.replace(
    "tuner.step(", "model.weight > .1 or sys.exit(STATUS); tuner.step("
)


@pytest.mark.parametrize("status", ["", "0", "None"])
def test_a_script_that_exits_well_has_come_to_the_end_of_its_data(
    drive: Drive, status: str
) -> None:
    driver = drive(EXITING.replace("STATUS", status))
    driver.ask("initialize")
    assert driver.ask("train", steps=100, lr=0.5)["end"] == "data"
    assert driver.shutdown() == 0


@pytest.mark.parametrize(("status", "code"), [("7", 7), ("'giving up'", 1)])
def test_a_script_that_exits_with_a_failure_in_mid_training_has_failed(
    drive: Drive, status: str, code: int
) -> None:
    driver = drive(EXITING.replace("STATUS", status))
    driver.ask("initialize")
    with pytest.raises(RefusedError, match=f"SystemExit: {status}".replace("'", "")) as caught:
        driver.ask("train", steps=100, lr=0.5)
    assert caught.value.code == -32003
    assert driver.wait() == code


def test_an_exit_that_the_script_catches_is_none(drive: Drive) -> None:
    caught = "    try: sys.exit(1)\n    except SystemExit: pass\n    tuner"
    script = "import sys\n" + ENDLESS.replace("    tuner", caught).replace(
        "True", "model.weight > 0.1"
    )
    driver = drive(script)
    driver.ask("initialize")
    assert driver.ask("train", steps=2, lr=0.1)["steps"] == 2
    assert driver.ask("train", steps=100, lr=0.5)["end"] == "data"
    assert driver.shutdown() == 0


def test_an_exit_of_another_thread_is_no_failure_of_the_script(drive: Drive) -> None:
    script = "import sys, threading\n" + ENDLESS.replace("True", "model.weight > 0.1")
    ending = "thread = threading.Thread(target=sys.exit, args=[1])\nthread.start()\nthread.join()"
    driver = drive(f"{script}\n{ending}\n")
    driver.ask("initialize")
    assert driver.ask("train", steps=100, lr=0.5)["end"] == "data"
    assert driver.shutdown() == 0


def test_a_tuner_that_leaves_before_training_is_told_of_as_one(drive: Drive) -> None:
    driver = drive(ENDLESS)
    driver.ask("initialize")
    assert driver.end_of_input() == 1
    assert "before it asked for a step" in driver.stderr
    assert "probe" not in driver.stderr


def test_a_script_that_never_trains_ends_as_it_would_alone(drive: Drive) -> None:
    assert drive("import toy\ntoy.attach()").wait() == 0


def test_attach_works_once(drive: Drive) -> None:
    driver = drive("import toy\ntoy.attach()\ntoy.attach()")
    assert driver.wait() == 1
    assert "attach was called twice" in driver.stderr


def test_without_a_tuner_cycle_goes_through_its_epochs(tmp_path: Path) -> None:
    script = LOOP.replace("print(", "print(tuner.is_driven, model.lr, tuner._steps, ")
    end = run_alone(script, tmp_path)
    assert end.stdout == "False 0.5 20 the end of the script False\n"


def test_without_a_tuner_done_comes_after_the_total(tmp_path: Path) -> None:
    end = run_alone(OWN_LOOP + "print(tuner._steps)", tmp_path)
    assert end.stdout == "7\n"


def test_messages_stay_whole_numbers_of_lines(drive: Drive) -> None:
    # A long answer, in pieces of what a pipe takes at once.
    driver = drive(ENDLESS)
    driver.ask("initialize")
    result = driver.ask("train", steps=200_000, lr=0.01)
    assert len(json.dumps(result)) > 1_000_000


SKIPS = """
import toy
model, tuner = toy.attach()
batches = [0.0] * 200
for batch in tuner.cycle(batches, epochs=1_000_000):
    if abs(model.weight) > 4:
        continue
    tuner.step(model.update(batch))
"""


def test_a_script_that_skips_all_that_blows_up_ends_its_trial_and_can_be_restored(
    drive: Drive,
) -> None:
    driver = drive(SKIPS)
    driver.ask("initialize")
    driver.ask("save", id="a")
    result = driver.ask("train", steps=50, lr=3)
    assert (result["end"], result["steps"]) == ("diverged", 3)
    assert code_of(driver, "train", steps=5, lr=0.5) == -32003


def test_a_script_that_skips_is_back_after_a_restore(drive: Drive) -> None:
    driver = drive(SKIPS)
    driver.ask("initialize")
    driver.ask("save", id="a")
    driver.ask("train", steps=50, lr=3)
    driver.ask("restore", id="a")
    assert driver.ask("train", steps=5, lr=0.5)["steps"] == 5


def test_a_script_that_skips_is_noticed_as_soon_each_time(drive: Drive) -> None:
    driver = drive(
        """
import toy
model, tuner = toy.attach()
skipped = 0
for batch in tuner.cycle([0.0] * 200, epochs=1_000_000):
    skipped = skipped + 1 if abs(model.weight) > 4 else 0
    assert skipped < 300
    if skipped == 0:
        tuner.step(model.update(batch))
"""
    )
    driver.ask("initialize")
    driver.ask("save", id="a")
    for _ in range(5):
        assert driver.ask("train", steps=50, lr=3)["end"] == "diverged"
        driver.ask("restore", id="a")


def test_a_script_that_skips_is_noticed_in_steps_that_are_asked_for_one_by_one(
    drive: Drive,
) -> None:
    driver = drive(SKIPS)
    driver.ask("initialize")
    for _ in range(3):
        assert driver.ask("train", steps=1, lr=3)["steps"] == 1
    assert code_of(driver, "train", steps=1, lr=3) == -32003


def test_as_many_batches_an_update_as_the_script_has_needed_are_no_divergence(
    drive: Drive,
) -> None:
    driver = drive(
        """
import toy
model, tuner = toy.attach()
for i, batch in enumerate(tuner.cycle([0.0] * 500, epochs=1_000_000)):
    if i % 700 == 699:
        tuner.step(model.update(batch))
"""
    )
    driver.ask("initialize")
    assert driver.ask("train", steps=4, lr=0.5)["steps"] == 4


STEPLESS = """
import toy
model, tuner = toy.attach()
class Endless:
    def __iter__(self):
        while True:
            yield 0.0
batches = 0
for epoch in tuner.epochs(100):
    for batch in tuner.batches(DATA):
        model.update(batch)
        batches += 1
        if batches < 100: print(batches, flush=True)
"""


@pytest.mark.parametrize(
    ("data", "most"), [("[0.0] * 10", 50_000), ("[0.0] * 26_000", 52_000), ("Endless()", 50_000)]
)
def test_a_loop_that_never_calls_step_ends_with_one_sentence(
    drive: Drive, data: str, most: int
) -> None:
    driver = drive(STEPLESS.replace("DATA", data))
    with pytest.raises(
        RefusedError, match=r"call `tuner\.step\(loss\)` after each update"
    ) as refused:
        driver.ask("train", steps=5, lr=0.5)
    assert f"went through {most} batches and never" in str(refused.value)
    assert refused.value.is_permanent
    assert driver.wait() == 1


def test_a_flat_loop_that_never_calls_step_ends_too(drive: Drive) -> None:
    script = """
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0] * 9, epochs=2):
    model.update(batch)
"""
    with pytest.raises(RefusedError, match="50000 batches"):
        drive(script).ask("train", steps=5, lr=0.5)


@pytest.mark.parametrize(("length", "most"), [(10, 64), (90, 180), (400, 800)])
def test_batches_with_an_update_each_are_too_many_after_two_epochs(length: int, most: int) -> None:
    loop = SteplessLoop()
    for _ in range(most + 1):
        loop.note_batch(length)
        loop.note_update()
    with pytest.raises(StepMissingError, match=f"went through {most + 1} batches"):
        loop.note_batch(length)


def test_cancel_ends_a_loop_that_never_calls_step(drive: Drive) -> None:
    driver = drive(STEPLESS.replace("DATA", "Endless()"))
    driver.ask("initialize")
    train = {"jsonrpc": "2.0", "id": 7, "method": "train", "params": {"steps": 5, "lr": 0.5}}
    cancel = {"jsonrpc": "2.0", "method": "cancel"}
    driver.write(f"{json.dumps(train)}\n{json.dumps(cancel)}")
    result = driver.answer_to(7)
    assert (result["steps"], result["end"]) == (0, "cancel")
    driver.ask("shutdown")
    assert driver.end_of_input() == 0


def test_what_was_done_before_the_script_failed_is_told(drive: Drive) -> None:
    driver = drive(
        """
import toy
model, tuner = toy.attach()
for i, batch in enumerate(tuner.cycle([0.0] * 500)):
    if i == 3:
        raise FloatingPointError("loss is not finite")
    tuner.step(model.update(batch))
"""
    )
    driver.ask("initialize")
    assert code_of(driver, "train", steps=9, lr=0) == -32003
    told = [each["params"] for each in driver.notifications if each["method"] == "progress"]
    assert sum(len(each["losses"]) for each in told) == 3
    assert told[-1]["step"] == 3


WATCHED = """
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0, 0.1, 0.2, 0.3], epochs=5):
    tuner.step(model.update(batch))
    print(tuner.step_count, tuner.is_search, tuner.every(2))
"""


def test_a_script_knows_its_step_and_acts_on_the_committed_path_alone(drive: Drive) -> None:
    driver = drive(WATCHED)
    driver.ask("train", steps=2, lr=0.1, purpose="commit")
    driver.ask("save", id="a")
    driver.ask("train", steps=4, lr=0.1, purpose="search")
    driver.ask("restore", id="a")
    driver.ask("train", steps=3, lr=0.1, purpose="commit")
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines() == [
        "1 False False",
        "2 True True",  # a trial begins at this step, and has changed nothing yet
        "3 True False",
        "4 True False",
        "5 True False",
        "2 False False",  # rolled back: step 2 is not made again
        "3 False False",
        "4 False True",
        "5 False False",
    ]


def test_a_tuner_that_says_no_purpose_commits(drive: Drive) -> None:
    driver = drive(WATCHED)
    driver.ask("train", steps=2, lr=0.1)
    assert driver.shutdown() == 0
    assert driver.stderr.splitlines() == ["1 False False", "2 False True"]


def test_every_is_true_once_a_step_where_batches_are_accumulated(drive: Drive) -> None:
    script = WATCHED.replace("    tuner", "    if batch in (0.1, 0.3): tuner")
    driver = drive(script)
    driver.ask("train", steps=2, lr=0.1)
    assert driver.shutdown() == 0
    assert [line.split()[2] for line in driver.stderr.splitlines()] == ["False"] * 3 + ["True"]


@pytest.mark.parametrize("steps", ["0", "-1", "2.5", "None"])
def test_every_is_refused_what_is_no_number_of_steps(tmp_path: Path, steps: str) -> None:
    end = run_alone(WATCHED.replace("every(2)", f"every({steps})"), tmp_path)
    assert f"1 or more: it was {steps}" in end.stderr.splitlines()[-1]


def test_without_a_tuner_every_counts_the_scripts_own_steps(tmp_path: Path) -> None:
    lines = run_alone(WATCHED, tmp_path).stdout.splitlines()
    assert lines == [f"{i} False {i % 2 == 0}" for i in range(1, 21)]
