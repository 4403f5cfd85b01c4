"""GARCH against `arch`, against its own definition, and on what markets should not do."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ara.statistics import Garch, fit_garch
from ara.statistics.garch import _Likelihood
from ara.statistics.special import digamma

# arch 8.0.0: arch_model(made(seed, falls), mean, vol="GARCH", p=1, o=falls, q=1, dist, rescale=False), fitted with
# backcast = mean of the squared residuals and tolerance 1e-14; its seed, mean, steps, falls, likelihood, parameters.
ARCH = [
    (
        1,
        "zero",
        "t",
        False,
        -1903.3530393603385,
        {
            "omega": 0.04336884696274008,
            "alpha": 0.06855451663505312,
            "beta": 0.8855487758744699,
            "degrees": 4.48695970810755,
        },
    ),
    (
        2,
        "constant",
        "t",
        False,
        -1884.6101552494601,
        {
            "mu": -0.002647947669057874,
            "omega": 0.0561082864305525,
            "alpha": 0.07974593773917171,
            "beta": 0.8577531006944961,
            "degrees": 4.8743989305156745,
        },
    ),
    (
        3,
        "constant",
        "normal",
        False,
        -1946.3482679043689,
        {
            "mu": -0.02827443327617691,
            "omega": 0.16348156241877107,
            "alpha": 0.1104486746884523,
            "beta": 0.6907207005890786,
        },
    ),
    (
        4,
        "zero",
        "t",
        True,
        -1765.186422247903,
        {
            "omega": 0.060083580707694755,
            "alpha": 0.05440855460323277,
            "gamma": 0.1095356645770168,
            "beta": 0.8173678524373774,
            "degrees": 5.3676440343093,
        },
    ),
    (
        5,
        "constant",
        "normal",
        True,
        -1947.1411306069995,
        {
            "mu": 0.027910030684423267,
            "omega": 0.02528267208515638,
            "alpha": 0.03806106439150326,
            "gamma": 0.12258819918982516,
            "beta": 0.8805635200405243,
        },
    ),
    (
        6,
        "zero",
        "normal",
        False,
        -1845.7162890689528,
        {"omega": 0.05261289173802445, "alpha": 0.11634579459136674, "beta": 0.8176646613361289},
    ),
]


def made(seed: int, falls: bool, size: int = 1500) -> np.ndarray:
    random = np.random.default_rng(seed)
    z = random.standard_t(5, size) * np.sqrt(3 / 5)
    v, e = 1.0, np.empty(size)
    rise, fall = (0.03, 0.1) if falls else (0.08, 0.0)
    for t in range(size):
        e[t] = np.sqrt(v) * z[t]
        v = 0.05 + rise * e[t] ** 2 + fall * e[t] ** 2 * (e[t] < 0) + 0.86 * v
    return e


def likelihood(r: np.ndarray, model: Garch) -> float:
    """Give the log likelihood by the definition, bar by bar, with scipy's densities."""
    e = r - model.mu
    before = float(np.mean(e * e))
    v, square, fell, variances = before, before, 0.5, []
    for x in e.tolist():
        v = model.omega + (model.alpha + model.gamma * fell) * square + model.beta * v
        variances.append(v)
        square, fell = x * x, float(x < 0)
    scale = np.sqrt(variances)
    if math.isinf(model.degrees):
        return float(stats.norm.logpdf(e, scale=scale).sum())
    narrowed = math.sqrt((model.degrees - 2) / model.degrees)
    return float(stats.t.logpdf(e, model.degrees, scale=scale * narrowed).sum())


@pytest.mark.parametrize(("seed", "mean", "steps", "falls", "height", "expected"), ARCH)
def test_it_is_what_arch_finds(seed, mean, steps, falls, height, expected) -> None:
    r = made(seed, falls)
    found = fit_garch(r, mean=mean, steps=steps, falls=falls)
    for name, value in expected.items():
        # arch holds the pre-sample variance fixed while it looks for the mean, so that differs by a millionth
        assert getattr(found, name) == pytest.approx(value, rel=1e-4, abs=2e-5 if name == "mu" else 0), name
    assert found.likelihood >= height - 1e-6
    assert found.likelihood == pytest.approx(likelihood(r, found), rel=1e-10)


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("mean", [False, True])
def test_the_slopes_are_those_of_the_likelihood(mean: bool, heavy: bool, falls: bool) -> None:
    shape = _Likelihood(r=made(8, falls) / 1.1, mean=mean, heavy=heavy, falls=falls)
    point = shape.start(0.02) + 0.1
    value, asked = shape.loss(point)
    slope = asked()
    assert value == shape.value(point)
    for place, step in enumerate(np.eye(len(point)) * 1e-6):
        by_hand = (shape.value(point + step) - shape.value(point - step)) / 2e-6
        assert slope[place] == pytest.approx(by_hand, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("name", ["cauchy", "explosive", "made", "mostly nothing", "one jump", "still, then not"])
def test_it_starts_at_the_first_of_the_likeliest_usual_models(name: str, heavy: bool, falls: bool) -> None:
    r = made(9, falls) if name == "made" else strange()[name]
    for mean in (False, True):
        middle = float(r.mean()) if mean else 0.0
        unit = float(np.sqrt(np.mean((r - middle) ** 2)))
        shape = _Likelihood(r=r / unit, mean=mean, heavy=heavy, falls=falls)
        calmer = min(1.0, float(np.median((r / unit - middle / unit) ** 2)) / 0.45) + 1e-6
        usual = product((1.0, calmer), (0.5, 0.7, 0.9, 0.98), (0.01, 0.05, 0.1, 0.2))
        points = [shape._usual(middle / unit, *one) for one in usual]
        losses = [shape.value(point) for point in points]
        assert np.array_equal(shape.start(middle / unit), points[losses.index(min(losses))])


@pytest.mark.parametrize("size", [1e-9, 1e-4, 100.0, 1e9])
def test_the_unit_of_the_returns_changes_nothing_else(size: float) -> None:
    r = made(3, falls=True)
    one, other = (fit_garch(x, mean="constant", falls=True) for x in (r, r * size))
    assert other.omega == pytest.approx(one.omega * size**2, rel=1e-5)
    assert other.mu == pytest.approx(one.mu * size, rel=1e-4)
    for name in ("alpha", "gamma", "beta", "degrees"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-5, abs=1e-9)


def test_variances_go_on_from_where_the_fit_began() -> None:
    r = made(4, falls=True)
    model = fit_garch(r, falls=True)
    got = model.variances(r)
    v = model.omega + model.persistence * model.before
    for place in range(len(r)):
        v = model.omega + (model.alpha + model.gamma * (r[place] < 0)) * r[place] ** 2 + model.beta * v
        assert got[place] == pytest.approx(v, rel=1e-12)
    assert model.variances(r[:0]).shape == (0,)


@given(st.integers(0, 400))
def test_a_cut_changes_no_variance_before_it(cut: int) -> None:
    model = Garch(mu=0.0, omega=0.02, alpha=0.05, gamma=0.02, beta=0.92, degrees=6.0, before=1.0)
    r = made(5, falls=False, size=400)
    np.testing.assert_allclose(model.variances(r)[:cut], model.variances(r[:cut]), rtol=1e-13)


def test_variance_over_a_horizon_is_the_sum_of_what_is_expected_and_comes_home() -> None:
    model = Garch(mu=0.0, omega=0.02, alpha=0.05, gamma=0.02, beta=0.92, degrees=6.0, before=1.0)
    usual, kept = 1.0, 0.98
    assert model.persistence == pytest.approx(kept)
    for start in (0.2, usual, 5.0):
        expected = sum(usual + kept**step * (start - usual) for step in range(21))
        assert model.summed(np.array([start]), [21])[0, 0] == pytest.approx(expected)


def strange() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    noise = random.standard_normal(600)
    late = np.where(np.arange(600) < 500, 0.0, noise)
    jump = noise * 0.01
    jump[300] = 12.0
    return {
        "no clusters": noise,
        "two values": np.where(np.arange(600) % 2, 0.01, -0.01),
        "still, then not": late,
        "then still": late[::-1].copy(),
        "one jump": jump,
        "mostly nothing": np.where(random.random(600) < 0.9, 0.0, noise),
        "cauchy": random.standard_cauchy(600),
        "explosive": np.exp(np.arange(600) / 40) * noise,
        "rises alone": np.abs(noise),
        "one that moves": np.eye(1, 600, 250)[0],
        "few": noise[:5],
    }


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("steps", ["normal", "t"])
@pytest.mark.parametrize("name", sorted(strange()))
def test_strange_returns_give_a_model_that_can_be(name: str, steps: str, falls: bool) -> None:
    r = strange()[name]
    found = fit_garch(r, steps=steps, falls=falls)
    assert min(found.omega, found.alpha, found.alpha + found.gamma, found.beta) >= 0
    assert found.persistence <= 1 + 1e-12
    assert found.degrees >= 2.05 * (1 - 1e-9)
    assert np.isfinite(found.likelihood)
    variances = found.variances(r)
    assert np.isfinite(variances).all()
    assert (variances > 0).all()
    assert np.isfinite(found.summed(variances, [30])).all()


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_no_model_of_the_neighbourhood_is_likelier(seed: int) -> None:
    shape = _Likelihood(r=made(seed, falls=False, size=500), mean=False, heavy=True, falls=False)
    r = shape.r / np.sqrt(np.mean(shape.r**2))
    shape = _Likelihood(r=r, mean=False, heavy=True, falls=False)
    found = fit_garch(r)
    for omega in (0.97, 1.03):
        for alpha in (0.97, 1.03):
            for beta in (0.99, 1.005):
                other = Garch(
                    mu=0.0, omega=found.omega * omega, alpha=found.alpha * alpha, gamma=0.0, beta=found.beta * beta,
                    degrees=found.degrees, before=found.before,
                )  # fmt: skip
                if other.persistence < 1:
                    assert likelihood(r, other) <= found.likelihood + 1e-6


@pytest.mark.parametrize("returns", [np.zeros(300), np.full(300, np.nan), np.array([1.0, np.inf])])
def test_returns_without_a_variance_are_refused(returns: np.ndarray) -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="do not move, or are not finite"):
        fit_garch(returns)


def test_the_slope_of_ln_gamma() -> None:
    # Abramowitz and Stegun (1964), table 6.1
    assert digamma(1.0) == pytest.approx(-0.5772156649015329, rel=1e-11)
    for x in (0.3, 1.025, 2.5, 6.0, 40.0, 250.5):
        step = 1e-5 * x
        by_hand = (math.lgamma(x + step) - math.lgamma(x - step)) / (2 * step)
        assert digamma(x) == pytest.approx(by_hand, rel=1e-6)
