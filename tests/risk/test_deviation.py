"""Volatility to come against `arch`, against its own formulas, and on returns that have none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.risk import VOLATILITIES, volatility

# arch 8.0.0: constant mean, GARCH(1,1), Student-t, backcast = mean of the squared residuals, tolerance 1e-14
ARCH = {"mu": -0.002647947669057874, "omega": 0.0561082864305525, "alpha": 0.07974593773917171}
ARCH |= {"beta": 0.8577531006944961, "degrees": 4.8743989305156745}


def made(seed: int, size: int = 1500) -> np.ndarray:
    """Give the returns, in percent, that `arch` was given."""
    random = np.random.default_rng(seed)
    z = random.standard_t(5, size) * np.sqrt(3 / 5)
    v, e = 1.0, np.empty(size)
    for t in range(size):
        e[t] = np.sqrt(v) * z[t]
        v = 0.05 + 0.08 * e[t] ** 2 + 0.86 * v
    return e


def led(returns: np.ndarray) -> float:
    """Give the variance of the day to come by the parameters of `arch`, bar by bar."""
    e = returns - ARCH["mu"]
    square = v = float(np.mean(e * e))
    for x in e.tolist():
        v = ARCH["omega"] + ARCH["alpha"] * square + ARCH["beta"] * v
        square = x * x
    return ARCH["omega"] + ARCH["alpha"] * square + ARCH["beta"] * v


def test_the_day_the_year_and_the_days_ahead_are_those_of_arch() -> None:
    returns = made(2)
    found = volatility(returns / 100, method="garch", per_year=252, horizon=10)
    assert found.parameters["alpha"] == pytest.approx(ARCH["alpha"], rel=1e-4)
    assert found.parameters["beta"] == pytest.approx(ARCH["beta"], rel=1e-4)
    assert found.parameters["degrees"] == pytest.approx(ARCH["degrees"], rel=1e-4)
    assert found.parameters["omega"] * 1e4 == pytest.approx(ARCH["omega"], rel=1e-4)
    day = led(returns)
    kept = ARCH["alpha"] + ARCH["beta"]
    usual = ARCH["omega"] / (1 - kept)
    ahead = sum(usual + kept**step * (day - usual) for step in range(10))
    assert found.day * 100 == pytest.approx(math.sqrt(day), rel=1e-4)
    assert found.year == pytest.approx(found.day * math.sqrt(252))
    assert found.ahead * 100 == pytest.approx(math.sqrt(ahead), rel=1e-4)
    assert found.usual is not None
    assert found.usual * 100 == pytest.approx(math.sqrt(usual), rel=1e-4)
    assert found.halved == pytest.approx(math.log(0.5) / math.log(kept), rel=1e-3)


@given(st.integers(0, 1000), st.integers(1, 250))
def test_weights_that_fade(seed: int, horizon: int) -> None:
    returns = np.random.default_rng(seed).standard_normal(60) * 0.01
    v = float(np.mean(returns[:20] ** 2))
    for r in returns[20:].tolist():
        v = 0.94 * v + 0.06 * r * r
    found = volatility(returns, per_year=365, horizon=horizon)
    assert found.day == pytest.approx(math.sqrt(v))
    assert found.ahead == pytest.approx(math.sqrt(v * horizon))
    assert found.year == pytest.approx(math.sqrt(v * 365))
    assert (found.usual, found.halved, found.observations) == (None, None, 60)


@pytest.mark.parametrize("method", sorted(VOLATILITIES))
def test_days_without_a_return_change_nothing_and_a_cut_sees_no_later_day(method: str) -> None:
    returns = made(3, 600) / 100
    holed = np.insert(returns, [0, 100, 600], np.nan)
    assert volatility(holed, method=method) == volatility(returns, method=method)
    assert volatility(returns[:400], method=method).day != volatility(returns, method=method).day


def test_returns_that_never_change() -> None:
    assert volatility(np.zeros(300)).day == 0
    with pytest.raises(ValidationError, match="no variance to follow"):
        volatility(np.full(300, 0.01), method="garch")


@pytest.mark.parametrize(
    ("returns", "asked", "said"),
    [
        (np.ones(19), {}, "ewma needs 20"),
        (np.ones(249), {"method": "garch"}, "garch needs 250"),
        (np.ones(30), {"method": "luck"}, "no volatility 'luck'"),
        (np.ones(30), {"horizon": 0}, "it is 1 to 250"),
        (np.ones(30), {"horizon": 251}, "it is 1 to 250"),
        (np.ones(30), {"per_year": 0}, "is none"),
        (np.ones(30), {"per_year": math.nan}, "is none"),
        (np.full(30, np.inf), {}, "without infinity"),
        (np.ones((30, 2)), {}, "one series"),
    ],
)
def test_what_is_wrong_is_said(returns: np.ndarray, asked: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        volatility(returns, **asked)
