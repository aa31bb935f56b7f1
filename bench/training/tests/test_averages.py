"""The averages are those of their formula, and a model that lends its weights has them back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from averages import POWERS, Averages, averaged, read, write
from parts.numpy_mlp import NumpyMlp, Split, Splits, squared_error
from parts.quadratic import Quadratic


def quadratic() -> Quadratic:
    return Quadratic(np.array([1.0, 0.3, 0.01]), spread=0.7, seed=1)


def mlp() -> NumpyMlp:
    rng = np.random.default_rng(0)
    split = Split(rng.standard_normal((64, 3)), rng.standard_normal((64, 2)))
    return NumpyMlp(
        Splits(split, split, split),
        hidden=(4,),
        outputs=2,
        activation="tanh",
        loss=squared_error,
        batch=16,
        seed=1,
    )


def network() -> Any:
    torch = pytest.importorskip("torch")
    from parts.torch_training import Splits, TorchModel, sgd

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, generator=generator)
    pair = (x, (x[:, 0] > 0).long())

    def module() -> Any:
        layers = torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)
        layers[0].bias.requires_grad_(False)
        return torch.nn.Sequential(*layers)

    return TorchModel(module, Splits(pair, pair, pair), optimizer=sgd, batch=16, seed=1)


@pytest.fixture(params=[quadratic, mlp, network])
def model(request: pytest.FixtureRequest) -> Any:
    return request.param()


def values_of(model: Any) -> np.ndarray:
    """What would be averaged, now."""
    values = read(averaged(model))
    return values if isinstance(values, np.ndarray) else values.numpy()


def train(model: Any, steps: int) -> np.ndarray:
    """The averaged values after each step; shape (steps, values)."""
    seen = []
    for _ in range(steps):
        model.step(0.1)
        seen.append(values_of(model))
    return np.array(seen)


def test_an_average_weighs_its_samples_by_a_power_of_their_number(model: Any) -> None:
    averages = Averages(model, [0, 1, 3])
    seen = []
    for _ in range(20):
        model.step(0.1)
        averages.sample()
        seen.append(values_of(model))
    # (n + 1) ... (n + k) is the power k up to lower ones, and what the recursion comes to.
    numbers = np.arange(20)
    weights = {0: numbers**0, 1: numbers + 1, 3: (numbers + 1) * (numbers + 2) * (numbers + 3)}
    for power, weight in weights.items():
        with averages.at(power):
            inside = values_of(model)
        assert inside == pytest.approx(np.average(seen, axis=0, weights=weight), abs=1e-5)


def test_weights_that_were_lent_come_back_bit_by_bit_and_training_goes_on(model: Any) -> None:
    averages = Averages(model)
    for _ in range(10):
        model.step(0.1)
        averages.sample()
    state, loss = model.save(), model.validate()
    expected = train(model, 5)
    model.load(state)
    for power in POWERS:
        with averages.at(power):
            assert model.validate() != loss
        assert model.validate() == loss
    assert (train(model, 5) == expected).all()


def test_weights_come_back_after_an_error_too() -> None:
    model = quadratic()
    averages = Averages(model)
    for _ in range(2):
        model.step(0.1)
        averages.sample()
    loss = model.validate()
    with pytest.raises(ArithmeticError), averages.at(1):
        raise ArithmeticError
    assert model.validate() == loss


def test_what_is_written_is_what_is_read(model: Any) -> None:
    model.step(0.1)
    before = values_of(model)
    write(averaged(model), 2 * read(averaged(model)))
    assert (values_of(model) == 2 * before).all()


def test_of_a_network_weights_that_train_and_floating_point_buffers_are_averaged() -> None:
    model = network()
    sizes = [array.numel() for array in averaged(model)]
    # A linear layer of 3 x 4 whose bias is frozen, BatchNorm's scale and shift, a linear layer of
    # 4 x 2; then mean and variance, without the count of batches.
    assert sizes == [12, 4, 4, 8, 2, 4, 4]
    averages = Averages(model)
    for _ in range(3):
        model.step(0.1)
        averages.sample()
    with averages.at(1):
        assert model.module[1].num_batches_tracked == 3


def test_the_average_of_a_noisy_quadratic_at_a_constant_lr_is_far_below_its_last_iterate() -> None:
    model = Quadratic(np.ones(200), spread=1.0, seed=1)
    averages = Averages(model)
    for _ in range(400):
        model.step(0.5)
        averages.sample()
    with averages.at(3):
        assert model.validate() < 0.1 * quietly(model)


def quietly(model: Quadratic) -> float:
    """Expected loss of a direction at LR 0.5, of curvature and spread 1: lr / (2 - lr) / 2."""
    return len(model.curvatures) * 0.5 / 1.5 / 2


def test_a_model_of_another_kind_is_refused_by_its_name() -> None:
    with pytest.raises(TypeError, match="no averages of a dict"):
        averaged({})
