import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import ArrayIndicator, Indicator, Param, Scale, catalogue, indicator

SAYS = {"formula": "f", "reference": "r", "words": "w", "scale": Scale.PRICE}


@indicator(
    inputs=["high", "low"],
    outputs=["top", "bottom"],
    params={
        "window": Param(default=3, low=2, high=9, whole=True, words="bars"),
        "share": Param(default=0.5, low=0.0, high=1.0, words="share"),
    },
    warmup=lambda window, share: window - 1,
    memory=lambda window, share: window,
    bounds={"top": (0.0, 9.0), "bottom": (-9.0, 0.0)},
    **SAYS,
)
def edges(high, low, *, window, share):
    return high * share + window, low * share - window


@indicator(inputs=["close"], warmup=0, memory=None, bounds=(0.0, 1.0), name="other", **SAYS)
def plain(close):
    return close


def test_the_decorator_makes_an_indicator_that_knows_itself():
    assert isinstance(edges, ArrayIndicator)
    assert isinstance(edges, Indicator)
    assert (edges.spec.name, edges.spec.outputs) == ("edges", ("top", "bottom"))
    assert (edges.warmup(), edges.warmup(window=5), edges.memory(window=5)) == (2, 4, 5)
    assert (plain.spec.name, plain.spec.outputs, plain.spec.bounds) == ("other", ("other",), {"other": (0.0, 1.0)})
    assert (plain.warmup(), plain.memory()) == (0, None)


def test_inputs_go_in_by_name_and_outputs_come_in_order():
    top, bottom = edges.compute({"low": [1, 2], "volume": [9], "high": np.array([3, 4])}, share=1)
    assert top.tolist() == [6.0, 7.0]
    assert bottom.tolist() == [-2.0, -1.0]
    assert plain.compute({"close": [1, 2]})[0].dtype == np.float64


def test_whole_parameters_reach_the_function_as_integers():
    assert edges.spec.resolve({"window": 4.0}) == {"window": 4, "share": 0.5}
    assert type(edges.spec.resolve({"window": 4.0})["window"]) is int


@pytest.mark.parametrize(
    ("inputs", "params", "words"),
    [
        ({"high": [1.0]}, {}, "The indicator edges needs low"),
        ({"high": [1.0], "low": [1.0, 2.0]}, {}, r"differ in shape: high \(1,\), low \(2,\)"),
        ({"high": [[1.0]], "low": [[1.0]]}, {}, "differ in shape"),
        ({"high": [1.0], "low": [1.0]}, {"length": 3}, "has no parameter 'length'; it has window, share"),
        (
            {"high": [1.0], "low": [1.0]},
            {"window": 1},
            "window of the indicator edges is 1; allowed is a whole .* 2 to 9",
        ),
        ({"high": [1.0], "low": [1.0]}, {"window": 2.5}, "is 2.5; allowed is a whole number"),
        ({"high": [1.0], "low": [1.0]}, {"share": 1.5}, "share .* is 1.5; allowed is a number from 0 to 1"),
        ({"high": [1.0], "low": [1.0]}, {"share": float("nan")}, "is nan; allowed"),
    ],
)
def test_wrong_inputs_and_parameters_are_named(inputs, params, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        edges.compute(inputs, **params)


def test_an_indicator_without_parameters_says_so():
    with pytest.raises(FeatureEngineeringError, match="it has none"):
        plain.compute({"close": [1.0]}, window=3)


def test_the_catalogue_refuses_what_is_no_indicator():
    with pytest.raises(FeatureEngineeringError, match=r"no indicator 'volatility_rato'. Did you mean volatility_ratio"):
        catalogue.get("volatility_rato")
    with pytest.raises(FeatureEngineeringError, match=r"no indicator 'RSI'. Did you mean rsi"):
        catalogue.get("RSI")


def test_inputs_without_names_are_refused():
    for given in (np.ones(30), [1.0, 2.0], "close", 5, None):
        with pytest.raises(FeatureEngineeringError, match="takes arrays by name, or bars, not"):
            catalogue.compute("rsi", given)
