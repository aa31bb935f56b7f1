"""A DDP script that does not know autolrs, under torchrun."""

from __future__ import annotations

from pathlib import Path

import pytest
from auto import Place, is_as_bare, text_of
from conftest import Drive
from driver import RefusedError

LAUNCHER = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]


def test_each_rank_is_at_factor_1_the_bare_script(drive: Drive, tmp_path: Path) -> None:
    hello = is_as_bare(Place(drive, tmp_path), tmp_path, text_of("ddp"), 20, LAUNCHER)
    assert (hello["world"], hello["total"]) == (2, 20)
    assert hello["schedule"] == {"name": "LinearLR", "peak": 0.01, "falls": False}


PARTLY = """
import torch, torch.distributed as dist
import autolrs._torch_ranks.discover_ranks as discover
discover.MEET_SECONDS = 1.0
dist.init_process_group("gloo")
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
if dist.get_rank() == 0:
    for _ in range(9):
        model(torch.ones(2, 2)).sum().backward()
        optimizer.step()
dist.barrier()
"""


def test_ranks_that_make_no_update_are_named(drive: Drive, tmp_path: Path) -> None:
    driver = Place(drive, tmp_path).start(PARTLY, LAUNCHER, AUTOLRS_PHASE="search")
    with pytest.raises(RefusedError, match=r"rank 1 of 2 had not come 1 s after rank 0"):
        driver.ask("initialize", protocol=1)
    assert driver.wait() == 1
