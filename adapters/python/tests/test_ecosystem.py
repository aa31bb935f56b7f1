"""Libraries around PyTorch that need no adapter of their own: examples, driven over pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from auto import Place, is_as_bare, text_of
from conftest import REPOSITORY, Drive, require
from contracts import restores_bit_for_bit

LIBRARIES = ["accelerate", "ignite", "skorch"]
for library in LIBRARIES:
    require(library)


def example(library: str) -> str:
    text = (REPOSITORY / "examples" / library / "digits.py").read_text()
    here = "pathlib.Path(__file__).parents[1]"
    return text.replace(here, f"pathlib.Path({str(REPOSITORY)!r}, 'examples')")


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_example_repeats_itself_after_a_restore(drive: Drive, library: str) -> None:
    driver = drive(example(library))
    hello = driver.ask("initialize", protocol=1)
    assert hello["trainer"]["framework"].startswith("torch 2")
    assert hello["can"]["rewind"] is True
    assert hello["lr"] == 0.05
    restores_bit_for_bit(driver, 20, other_lr=0.5)
    assert "loss" in driver.stderr


def test_a_step_is_an_update_where_accelerate_accumulates(drive: Drive) -> None:
    counts = "    optimizer.optimizer.register_step_post_hook(lambda *_: print('update'))\n"
    script = example("accelerate").replace("    tuner = ", f"{counts}    tuner = ")
    driver = drive(script)
    driver.train(10)
    assert driver.shutdown() == 0
    assert driver.stderr.count("update\n") == 10


def test_a_script_that_does_not_attach_is_at_factor_1_the_bare_one(
    drive: Drive, tmp_path: Path
) -> None:
    # 8 batches an epoch: two updates of three of them, and one of the two that are left.
    hello = is_as_bare(Place(drive, tmp_path), tmp_path, text_of("accumulate"), 18)
    assert hello["total"] == 18
    assert hello["schedule"]["name"] == "OneCycleLR"
