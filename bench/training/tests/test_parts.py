"""Parts of the workloads do what their names promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workloads

torch = pytest.importorskip("torch")

from parts.addresses import read_addresses  # noqa: E402
from parts.augmented import Augment, AugmentedModel  # noqa: E402
from parts.gpt import Gpt, adamw  # noqa: E402
from parts.low_rank import LowRank, add_low_rank  # noqa: E402
from parts.pretrained import read_half, read_pretrained, train_vit  # noqa: E402
from parts.series import read_series  # noqa: E402
from parts.torch_regression import TorchRegression  # noqa: E402
from parts.torch_training import Splits, sgd  # noqa: E402


def or_skip(make: Any) -> Any:
    """What `make` makes, where its data are."""
    try:
        return make()
    except SystemExit as missing:
        pytest.skip(str(missing))


def test_an_image_is_shifted_and_mirrored_in_training_and_left_alone_in_evaluation() -> None:
    augment = Augment()
    x = torch.zeros(400, 1, 9, 9)
    x[:, 0, 4, 4] = 1.0
    x[:, 0, 4, 5] = 2.0
    assert torch.equal(augment.eval()(x), x)
    seen = augment.train()(x)[:, 0]
    ones, twos = (seen == 1).nonzero(), (seen == 2).nonzero()
    assert len(ones) == len(twos) == 400
    assert set(ones[:, 1].tolist()) == {2, 3, 4, 5, 6}
    assert torch.equal(ones[:, 1], twos[:, 1])
    # The two stay neighbours, in either order.
    assert set((twos - ones)[:, 2].tolist()) == {-1, 1}


def test_how_an_image_is_augmented_depends_on_the_seed_and_the_step_alone() -> None:
    x = torch.arange(8 * 64.0).reshape(8, 1, 8, 8)
    pair = (x, torch.zeros(8, dtype=torch.long))

    def module() -> Any:
        net = torch.nn.Sequential()
        net.add_module("augment", Augment())
        net.add_module("rest", torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2)))
        return net

    def model(seed: int) -> Any:
        splits = Splits(pair, pair, pair)
        return AugmentedModel(module, splits, optimizer=sgd, batch=8, seed=seed)

    def inputs(seed: int, step: int) -> Any:
        one = model(seed)
        one.steps = step
        one.step(0.0)
        one.module.augment.rng = np.random.default_rng([seed, step, 2])
        return one.module.augment(x)

    assert torch.equal(inputs(1, 0), inputs(1, 0))
    assert not torch.equal(inputs(1, 0), inputs(1, 1))
    assert not torch.equal(inputs(1, 0), inputs(2, 0))


def test_a_low_rank_layer_begins_as_the_frozen_one_and_only_its_factors_train() -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    x = torch.randn(4, 6)
    expected = module(x)
    add_low_rank(module, rank=2, scale=3.0)
    assert torch.equal(module(x), expected)
    assert sorted(one.numel() for one in module.parameters() if one.requires_grad) == [
        6,
        10,
        10,
        12,
    ]
    layer = module[0]
    assert isinstance(layer, LowRank)
    with torch.no_grad():
        layer.b += 1.0
    whole = layer.frozen.weight + 3.0 * layer.b @ layer.a
    assert torch.allclose(layer(x), x @ whole.T + layer.frozen.bias, atol=1e-5)


def test_fine_tuning_begins_at_the_weights_of_the_other_classes() -> None:
    or_skip(lambda: read_half(0, validation=10, test=10))
    weights = read_pretrained()
    moved = {}
    for name, suffix in (("finetune-full", ""), ("finetune-lora", ".frozen")):
        model = workloads.load(name).make(1)
        for _ in range(2):
            model.step(0.01)
        ours = model.module.state_dict()
        key = f"blocks.0.up{suffix}.weight"
        moved[name] = not torch.equal(ours[key], weights["blocks.0.up.weight"])
        assert (ours[key] - weights["blocks.0.up.weight"]).abs().max() < 0.03
    assert moved == {"finetune-full": True, "finetune-lora": False}


def test_the_training_before_fine_tuning_repeats_itself_bit_by_bit() -> None:
    or_skip(lambda: read_half(0, validation=10, test=10))
    first, second = train_vit(3), train_vit(3)
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = train_vit(4)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_halves_of_the_classes_have_no_class_in_common() -> None:
    even = or_skip(lambda: read_half(0, validation=2_000, test=5_000))
    odd = read_half(1, validation=2_000, test=5_000)
    assert len(even.train[0]) + len(odd.train[0]) == 55_000
    for half in (even, odd):
        for _, labels in (half.train, half.validation, half.test):
            assert set(labels.tolist()) == {0, 1, 2, 3, 4}


def test_a_gpt_sees_nothing_of_what_comes_and_decays_matrices_alone() -> None:
    torch.manual_seed(0)
    gpt = Gpt(characters=11, layers=2, width=8, heads=2, context=6)
    x = torch.randint(0, 11, (3, 6))
    changed = x.clone()
    changed[:, 4:] = (changed[:, 4:] + 1) % 11
    before, after = gpt(x), gpt(changed)
    assert before.shape == (3, 6, 11)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-6)
    assert not torch.allclose(before[:, 4:], after[:, 4:], atol=1e-6)
    decayed, others = adamw(gpt.parameters()).param_groups
    assert decayed["weight_decay"] == 0.1
    assert others["weight_decay"] == 0.0
    assert {one.dim() for one in decayed["params"]} == {2}
    assert {one.dim() for one in others["params"]} == {1}
    assert decayed["betas"] == others["betas"] == (0.9, 0.95)


def test_addresses_of_years_are_read_in_windows_that_end_one_character_on() -> None:
    read = or_skip(
        lambda: read_addresses((1999,), (1998,), (1997,), context=16, stride=100),
    )
    x, y = read.train
    assert bytes(x[0].tolist()) == b"Mr. Speaker, Mr."
    assert bytes(y[0].tolist()) == b"r. Speaker, Mr. "
    assert bytes(x[7].tolist()) == b"aker, Mr. Vice P"
    assert len(read.test[0]) > len(read.validation[0]) > 400


def test_a_series_is_forecast_from_what_is_before_it() -> None:
    splits = read_series(500, 200, 200, context=20, ahead=3, noise=0.0)
    x, y = splits.train
    assert x.shape == y.shape == (500 - 22, 20, 1)
    assert torch.equal(y[:, :-3], x[:, 3:])
    # The parts of the series follow each other: none is trained on and tested on.
    assert len(splits.validation[0]) == len(splits.test[0]) == 9
    last, first = float(x[-1, -1]), float(splits.validation[0][0, 0])
    assert abs(first - last) < 1.0
    values = read_series(5_000, 200, 200, context=20, ahead=1, noise=0.0).train[0][:, 0, 0]
    assert float(values.mean()) == pytest.approx(0.0, abs=0.05)
    assert float(values.std()) == pytest.approx(1.0, abs=0.05)


def test_a_regression_follows_the_slope_of_its_squared_error() -> None:
    x = torch.tensor([[1.0], [3.0]])
    pair = (x, 2 * x)

    def module() -> Any:
        layer = torch.nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            layer.weight.zero_()
        return layer

    splits = Splits(pair, pair, pair)
    model = TorchRegression(module, splits, optimizer=torch.optim.SGD, batch=2, seed=1)
    assert model.step(0.01) == model.splits.train[1].square().mean() == 20.0
    # The slope of the mean of (w x - 2 x)^2 at 0 is the mean of -4 x^2.
    assert model.module.weight.item() == pytest.approx(0.2)
    assert model.validate() == pytest.approx(16.2)
