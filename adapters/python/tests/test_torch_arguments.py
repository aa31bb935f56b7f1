"""What attach is given of another kind than it must be is named in one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Drive, require

torch = require("torch")

from autolrs._torch.arguments import check_arguments  # noqa: E402
from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs.errors import ArgumentError  # noqa: E402

NET = torch.nn.Linear(1, 1)
SGD = torch.optim.SGD(NET.parameters(), lr=0.1)


def check(*given: Any, **options: Any) -> None:
    model, optimizer, validate = [*given, None][:3]
    options = {"extra": (), "total": None, "rewind_bytes": 0, **options}
    check_arguments(model, optimizer, validate, **options)
    TorchHooks(model, optimizer, validate, options["extra"])


WRONG: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "several models": (([NET, NET], SGD), {}, r"one model, torch\.nn\.ModuleList.* list of 2$"),
    "swapped": ((SGD, NET), {}, r"^call attach\(model, optimizer, validate\).* SGD first and the"),
    "a function": ((lambda x: x, SGD), {}, r"torch\.nn\.Module as the model.* a function$"),
    "parameters": ((NET.parameters(), SGD), {}, r"as the model.* a generator$"),
    "a class": ((torch.nn.Linear, SGD), {}, r"made, and not its class.* the class Linear$"),
    "no model": ((None, SGD), {}, r"as the model.* a NoneType$"),
    "no optimizer": ((NET, None), {}, r"a NoneType for its optimizer"),
    "an optimizer's class": ((NET, torch.optim.SGD), {}, r"loop steps.* the class SGD$"),
    "no optimizers": ((NET, []), {}, r"it was given an empty list$"),
    "an LR": ((NET, 0.1), {}, r"a float for its optimizer"),
    "a loader": ((NET, SGD, [1]), {}, r"function as validate.* a list$"),
    "an extra": ((NET, SGD), {"extra": NET}, r"a list, extra=\[\.\.\.\].* a Linear$"),
    "no extra": ((NET, SGD), {"extra": None}, r"a list, extra=.* a NoneType$"),
    "a list in extra": ((NET, SGD), {"extra": [[]]}, r"a list, which has no state_dict"),
    "half a step": ((NET, SGD), {"total": 1.5}, r"of 0 or more as total: it was given 1\.5$"),
    "True steps": ((NET, SGD), {"total": True}, r"as total: it was given True$"),
    "less than nothing": ((NET, SGD), {"rewind_bytes": -1}, r"as rewind_bytes: .* -1$"),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_argument_of_another_kind_is_named(what: str) -> None:
    given, options, sentence = WRONG[what]
    with pytest.raises(ArgumentError, match=sentence) as wrong:
        check(*given, **options)
    assert isinstance(wrong.value, TypeError)
    assert "\n" not in str(wrong.value)


def test_what_attach_takes_is_taken() -> None:
    pair = torch.nn.ModuleList([NET, torch.nn.Linear(1, 1)])
    check(pair, [torch.optim.SGD(each.parameters(), lr=0.1) for each in pair])
    check(NET, (SGD,), lambda: 0.0, extra=torch.nn.ModuleList([NET]), total=torch.tensor(3))


def test_attach_itself_looks_at_its_arguments(drive: Drive) -> None:
    script = "import autolrs.torch\nautolrs.torch.attach([], None)"
    driver = drive(script)
    assert driver.wait() == 1
    assert driver.stderr.splitlines()[-1] == (
        "autolrs.errors.ArgumentError: give attach a torch.nn.Module as the model: it was given a "
        "list"
    )
