"""The fixed schedules are what their names say."""

from __future__ import annotations

import math

import pytest

from schedules import SCHEDULES, lrs_of, schedule, warmed_up

TOTAL = 1000
PEAK = 0.5


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_has_an_lr_for_every_step_and_its_peak_is_its_highest(name: str) -> None:
    lrs = schedule(name, PEAK, TOTAL)
    assert len(lrs) == TOTAL
    assert max(lrs) == pytest.approx(PEAK, rel=1e-9)
    assert min(lrs) > 0


@pytest.mark.parametrize("name", ["step", "cosine", "linear", "wsd"])
def test_a_warm_up_rises_linearly_over_the_first_5_percent(name: str) -> None:
    lrs = schedule(name, PEAK, TOTAL)
    assert lrs[:50] == pytest.approx([PEAK * (step + 1) / 50 for step in range(50)])
    assert lrs[50] == pytest.approx(PEAK)


def test_constant_has_one_lr() -> None:
    assert set(schedule("constant", PEAK, TOTAL)) == {PEAK}


def test_step_falls_to_a_tenth_at_half_and_again_at_three_quarters() -> None:
    lrs = schedule("step", PEAK, TOTAL)
    assert lrs[499:501] == [PEAK, PEAK / 10]
    assert lrs[749] == PEAK / 10
    assert lrs[750] == pytest.approx(PEAK / 100)


def test_cosine_is_half_way_down_half_way_through_what_the_warm_up_leaves() -> None:
    lrs = schedule("cosine", PEAK, TOTAL)
    assert lrs[525] == pytest.approx(PEAK / 2)
    assert lrs[-1] == pytest.approx(PEAK * (1 - math.cos(math.pi / 950)) / 2)


def test_linear_ends_one_step_from_zero() -> None:
    lrs = schedule("linear", PEAK, TOTAL)
    assert lrs[525] == pytest.approx(PEAK / 2)
    assert lrs[-1] == pytest.approx(PEAK / 950)


def test_wsd_is_stable_until_the_last_quarter_and_then_falls_linearly() -> None:
    lrs = schedule("wsd", PEAK, TOTAL)
    assert set(lrs[50:751]) == {PEAK}
    assert lrs[875] == pytest.approx(PEAK / 2)
    assert lrs[-1] == pytest.approx(PEAK / 250)


def test_one_cycle_is_that_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], momentum=0.9)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=PEAK, total_steps=TOTAL, cycle_momentum=False
    )
    expected = []
    for _ in range(TOTAL):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(expected) < TOTAL:
            theirs.step()
    # Theirs reaches its peak and its end a step or so before: it counts from 0 to total - 1.
    assert schedule("one-cycle", PEAK, TOTAL) == pytest.approx(expected, abs=0.005 * PEAK)


def test_a_cosine_without_warm_up_begins_at_its_peak() -> None:
    assert lrs_of(warmed_up(lambda done: 1 - done, 0.0), PEAK, 4) == [0.5, 0.375, 0.25, 0.125]
