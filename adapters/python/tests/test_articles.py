"""Names of classes in a sentence."""

import pytest

from autolrs._state.articles import with_article


@pytest.mark.parametrize(
    "said",
    [
        "an Adam",
        "an AdamW",
        "an SGD",
        "an RMSprop",
        "an LBFGS",
        "an ExponentialLR",
        "a StepLR",
        "a OneCycleLR",
        "a LambdaLR",
        "a Lion",
        "a PAdam",
    ],
)
def test_a_name_has_the_article_that_it_is_said_with(said: str) -> None:
    assert with_article(said.split()[1]) == said
