"""Recovery of known states, silence where there are none, and nothing that later bars could change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ModelError
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.symbols import guess
from ara.market.timeframe import DAY
from ara.models.regimes import (
    INPUTS,
    STATES,
    WILDNESS,
    Regime,
    Regimes,
    break_test,
    fit_states,
    measured,
    regimes,
    volatility_states,
)
from ara.models.regimes.chain import Chain, filtered, learn, passed

MEANS = np.array([0.002, -0.003, 0.0, 0.0])
WIDTHS = np.array([0.008, 0.014, 0.005, 0.04])
FIRST = datetime(2010, 1, 1, tzinfo=UTC)


def made(returns, *, volume=None, late=timedelta(days=1), symbol="ONE"):
    """Bars with these log returns, a day each."""
    close = 100 * np.exp(np.cumsum(returns))
    count = len(close)
    at = [FIRST + timedelta(days=day) for day in range(count)]
    frame = pl.DataFrame(
        {
            "at": at,
            "known_at": [one + late for one in at],
            "learned_at": [one + late for one in at],
            **dict.fromkeys(("open", "high", "low", "close"), close),
            "volume": np.full(count, np.nan) if volume is None else volume,
            "source": ["made"] * count,
            "quality": [1.0] * count,
            "imputed": [False] * count,
            "votes": [1] * count,
        },
        schema=SCHEMA,
    )
    who = replace(guess("BTC-USD", "crypto"), symbol=symbol)
    return Bars(instrument=who, timeframe=DAY, basis=Basis.TOTAL, frame=frame)


def world(seed, bars=2400, lasts=120):
    """States and returns of a market that has four of them."""
    random = np.random.default_rng(seed)
    states = np.zeros(bars, int)
    for bar in range(1, bars):
        stays = random.random() > 1 / lasts
        states[bar] = states[bar - 1] if stays else random.choice(np.delete(np.arange(4), states[bar - 1]))
    return states, MEANS[states] + WIDTHS[states] * random.standard_normal(bars)


@lru_cache(maxsize=8)
def told(seed, bars=2400) -> Regimes:
    return regimes(measured(made(world(seed, bars)[1])))


@pytest.mark.parametrize("seeds", [(1, 2), pytest.param((1, 2, 4, 7), marks=pytest.mark.slow)])
def test_known_states_are_found_again(seeds):
    shares, storms = [], []
    for seed in seeds:
        truth, found = world(seed)[0], told(seed)
        late = np.arange(len(truth)) > 1200  # by then each state was there
        shares.append(float((found.states == truth)[late].mean()))
        storms.append(float(((found.states == 3) == (truth == 3))[late].mean()))
        assert found.at().told
    assert min(shares) > 0.5  # a quarter by chance
    assert np.mean(shares) > 0.65
    assert min(storms) > 0.95


def test_the_states_are_what_their_names_say():
    chain = told(1).fits[-1].chain
    mean, width = chain.mean[:, 0], np.sqrt(chain.variance[:, 0])
    assert mean[0] > mean[2] > mean[1]
    assert np.argmax(width) == STATES.index("high volatility")
    assert width[3] == pytest.approx(0.04, rel=0.2)


def test_the_states_keep_their_names_from_one_refit_to_the_next():
    fits = told(1).fits
    assert len(fits) > 50
    assert not any(one.renamed for one in fits)
    steps = [np.abs(two.chain.mean[:, 0] - one.chain.mean[:, 0]).max() for one, two in pairwise(fits)]
    assert np.median(steps) < 0.0005


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (5, 6))])
def test_where_there_are_no_regimes_it_says_so(seed):
    returns = 0.01 * np.random.default_rng(seed).standard_t(5, 2000)
    found = regimes(measured(made(returns))).at()
    assert found.evidence is not None
    assert found.evidence < 0
    assert not found.told


@settings(max_examples=4)
@given(cut=st.integers(450, 690), seed=st.integers(0, 1000))
def test_what_comes_later_changes_nothing(cut, seed):
    random = np.random.default_rng(seed)
    past = world(7, 700)[1][:cut]
    later = np.concatenate((past, random.normal(0, 0.2, 40)))
    volume = random.lognormal(3, 1, len(later))
    short = regimes(measured(made(past, volume=volume[:cut])))
    long = regimes(measured(made(later, volume=volume)))
    for name in ("probabilities", "expected", "gains", "surprises"):
        assert getattr(long, name)[:cut].tobytes() == getattr(short, name).tobytes()
    assert long.at(cut - 1) == short.at()
    wild = volatility_states(long.inputs)[:cut]
    assert wild.tobytes() == volatility_states(short.inputs).tobytes()


def test_others_and_implied_volatility_count_only_once_they_are_public():
    random = np.random.default_rng(3)
    own = world(7, 500)[1]
    others = [random.normal(0, 0.01, 500) for _ in range(2)]
    vix = np.diff(np.log(15 + 5 * np.abs(random.standard_normal(500))), prepend=0)

    def inputs(late, end):
        panel = [made(one[:end], late=late) for one in others]
        return measured(made(own[:end]), implied=made(vix[:end], late=late), others=panel)

    whole, cut = inputs(timedelta(days=1), 500), inputs(timedelta(days=1), 400)
    assert whole.names == (*(name for name in INPUTS if name != "volume"),)
    assert whole.values[:400].tobytes() == cut.values.tobytes()
    later = inputs(timedelta(days=2), 500)
    column = whole.names.index("implied_volatility")
    np.testing.assert_array_equal(later.values[1:, column], whole.values[:-1, column])
    assert np.isnan(inputs(timedelta(days=-20), 500).values[-1, column])  # older than a week


def test_inputs_are_what_they_are_said_to_be():
    returns = world(7, 300)[1]
    volume = np.arange(1.0, 301.0)
    twin, against = made(returns), made(-returns)
    inputs = measured(made(returns, volume=volume), others=[twin, against])
    last = dict(zip(inputs.names, inputs.values[-1].tolist(), strict=True))
    assert last["momentum_200"] == pytest.approx(returns[-200:].sum())
    assert last["realised_volatility"] == pytest.approx(0.5 * np.log((returns[-20:] ** 2).mean()), abs=1e-4)
    assert last["volume"] == pytest.approx(np.log(298 / 270.5))
    assert last["correlation"] == pytest.approx(0.0, abs=1e-9)
    price = np.cumsum(returns)
    above = price[-1] > price[-50:].mean()
    assert last["breadth"] == pytest.approx((2 if above else 1) / 3)
    assert inputs.missing == {"implied_volatility": "no index of implied volatility is at hand"}
    assert np.isnan(inputs.values[199, inputs.names.index("momentum_200")])
    assert np.isfinite(inputs.values[200, inputs.names.index("momentum_200")])


def test_what_is_missing_is_said():
    inputs = measured(made(world(7, 300)[1]), others=[made(world(8, 30)[1], late=timedelta(days=-900))])
    assert inputs.missing == {
        "implied_volatility": "no index of implied volatility is at hand",
        "volume": "no volume is known",
        "correlation": "no bar has a value of it",
        "breadth": "fewer than 3 instruments were named",
    }
    none = measured(made(world(7, 300)[1]), implied=made(np.empty(0)))
    assert none.missing["implied_volatility"] == "no bar has a value of it"


def naive(chain, x, weights):
    out, now = [], None
    for row in x:
        logs = np.zeros(len(chain.start))
        for place, value in enumerate(row):
            if np.isfinite(value):
                variance = chain.variance[:, place]
                logs -= (
                    weights[place]
                    * 0.5
                    * (np.log(2 * np.pi * variance) + (value - chain.mean[:, place]) ** 2 / variance)
                )
        before = chain.start if now is None else now @ chain.transition
        now = before * np.exp(logs - logs.max())
        now /= now.sum()
        out.append(now)
    return np.array(out)


def some_chain(random, inputs=3):
    matrix = random.random((4, 4)) + np.eye(4) * 5
    return Chain(
        start=np.array([0.4, 0.3, 0.2, 0.1]),
        transition=matrix / matrix.sum(axis=1, keepdims=True),
        mean=random.normal(0, 1, (4, inputs)),
        variance=random.random((4, inputs)) + 0.1,
    )


@pytest.mark.parametrize("bars", [1, 2, 3, 48, 49, 50, 1000])
def test_passing_blocks_at_once_gives_what_bar_by_bar_gives(bars):
    random = np.random.default_rng(bars)
    chain, x = some_chain(random), random.normal(0, 1, (bars, 3))
    x[random.random(x.shape) < 0.1] = np.nan
    weights = np.array([1.0, 0.5, 0.05])
    np.testing.assert_allclose(filtered(chain, x, weights), naive(chain, x, weights), rtol=1e-9)


def test_states_that_nearly_exclude_what_is_seen_leave_no_gap():
    seen = np.tile(np.array([1.0, 1e-300, 1e-300, 1e-300]), (500, 1))
    seen[250:] = seen[250:, ::-1]
    matrix = np.full((4, 4), 1e-4) + np.eye(4) * (1 - 4e-4)
    out = passed(np.full(4, 0.25), matrix, seen)
    assert np.isfinite(out).all()
    assert out[100, 0] == pytest.approx(1)
    assert out[400, 3] == pytest.approx(1)


def test_learning_makes_what_was_seen_likelier_and_finds_the_chain():
    random = np.random.default_rng(2)
    truth = world(2, 3000)[0]
    centres = np.array([[1.5, 0.0], [-1.5, 0.0], [0.0, 1.5], [0.0, -1.5]])
    x = centres[truth] + 0.7 * random.standard_normal((3000, 2))
    lean = Chain(start=np.full(4, 0.25), transition=np.full((4, 4), 0.25), mean=centres / 3, variance=np.ones((4, 2)))
    learned = learn(lean, x, np.ones(2), lean=lean, rounds=20)
    assert learned.likelihoods[-1] > learned.likelihoods[0]
    assert abs(learned.likelihoods[-1] - learned.likelihoods[-2]) < 1
    shares = np.bincount(truth, minlength=4) / 3000
    np.testing.assert_allclose(learned.shares, shares, atol=0.03)
    assert np.abs(learned.chain.mean - centres).max() < 0.5
    assert np.diag(learned.chain.transition).min() > 0.95
    np.testing.assert_allclose(learned.chain.transition.sum(axis=1), 1)
    assert (np.argmax(filtered(learned.chain, x, np.ones(2)), axis=1) == truth).mean() > 0.97


def test_one_round_weighs_each_bar_by_all_paths_through_it():
    random = np.random.default_rng(9)
    chain, x, weights = some_chain(random), random.normal(0, 2, (7, 3)), np.ones(3)
    seen = np.prod(
        np.exp(-0.5 * (x[:, None] - chain.mean) ** 2 / chain.variance) / np.sqrt(2 * np.pi * chain.variance), axis=2
    )
    total, among = 0.0, np.zeros((7, 4))
    for path in product(range(4), repeat=7):
        chance = chain.start[path[0]] * seen[0, path[0]]
        for bar in range(1, 7):
            chance *= chain.transition[path[bar - 1], path[bar]] * seen[bar, path[bar]]
        total += chance
        among[np.arange(7), path] += chance
    learned = learn(chain, x, weights, lean=chain, rounds=1)
    np.testing.assert_allclose(learned.shares, among.mean(axis=0) / total, rtol=1e-9)
    assert learned.likelihoods[0] == pytest.approx(np.log(total))


def test_a_regime_adds_up():
    history = told(1)
    found = history.at()
    assert isinstance(found, Regime)
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.probability == max(found.probabilities.values())
    row = found.transition[found.state]
    assert sum(row.values()) == pytest.approx(1)
    assert found.expected_days == pytest.approx(1 / (1 - row[found.state]))
    own = [found.transition[name][name] * share for name, share in found.probabilities.items()]
    assert found.stability == pytest.approx(sum(own))
    states = history.states
    assert (states[len(states) - 1 - found.age :] == states[-1]).all()
    assert states[len(states) - 2 - found.age] != states[-1]
    assert set(found.features) | set(found.missing) == set(INPUTS)
    assert found.as_dict()["state"] == found.state
    stays = list(history.runs())
    assert stays[-1][1:] == (len(states) - 1 - found.age, len(states))
    assert sum(end - first for _, first, end in stays) == (states >= 0).sum()


def test_a_change_is_told_at_four_fifths_and_not_again():
    history = told(2)
    found = history.changes()
    assert found[0].before == ""
    for one, two in pairwise(found):
        assert (two.before, two.after != one.after) == (one.after, True)
    for one in found:
        assert history.probabilities[one.bar, STATES.index(one.after)] == one.probability >= 0.8
        assert one.after == STATES[history.states[one.bar]]
    assert len(history.changes(level=0.99)) < len(found) < len(list(history.runs()))


def test_too_few_bars_give_no_state():
    history = regimes(measured(made(world(1, 240)[1])))
    assert (history.states == -1).all()
    assert list(history.runs()) == []
    assert history.changes() == ()
    assert history.evidence() is None
    with pytest.raises(ModelError, match="they need 250 returns"):
        history.at()
    inputs = measured(made(world(1, 300)[1]))
    assert fit_states(inputs, int(inputs.known_at[249])) is None
    fit = fit_states(inputs, int(inputs.known_at[250]))
    assert fit is not None
    assert (fit.begin, fit.end) == (0, 251)


def test_the_fit_takes_the_last_ten_years_alone():
    inputs = measured(made(world(1, 2700)[1]))
    fit = fit_states(inputs, int(inputs.known_at[-1]))
    assert fit is not None
    assert (fit.begin, fit.end) == (200, 2700)


@pytest.mark.parametrize("kind", ["still", "climbing", "holes", "gaps", "jump", "two"])
def test_bars_that_markets_should_not_have_are_borne(kind):
    returns = np.random.default_rng(1).normal(0, 0.01, 600)
    if kind == "still":
        returns[:] = 0
    if kind == "climbing":
        returns[:] = 0.01
    if kind == "two":
        returns = np.where(np.arange(600) % 2, 0.01, -0.01)
    if kind == "jump":
        returns[500] = 12
    bars = made(returns)
    if kind in {"holes", "gaps"}:
        bad = np.arange(600) % (7 if kind == "holes" else 45) == 3
        bars = replace(
            bars, frame=bars.frame.with_columns(pl.when(pl.Series(bad)).then(0.0).otherwise("close").alias("close"))
        )
    history = regimes(measured(bars))
    known = history.which >= 0
    assert np.isfinite(history.probabilities[known]).all()
    np.testing.assert_allclose(history.probabilities[known].sum(axis=1), 1)
    assert known.any() == (kind in {"gaps", "jump", "two"})


def test_names_that_are_no_longer_true_are_given_anew():
    from ara.models.regimes.fit import _named, _true

    inputs = measured(made(world(1)[1]))
    first = fit_states(inputs, int(inputs.known_at[1500]))
    assert first is not None
    assert _true(first.chain)
    for turned in ([1, 0, 2, 3], [3, 1, 2, 0]):
        chain = first.chain.ordered(np.array(turned))
        assert not _true(chain)
        named = chain.ordered(_named(chain))
        assert named.mean[0, 0] > named.mean[2, 0] > named.mean[1, 0]
        assert np.argmax(named.variance[:, 0]) == 3
        again = fit_states(inputs, int(inputs.known_at[1520]), replace(first, chain=chain))
        assert again is not None
        assert _true(again.chain)


def test_a_break_is_found_where_there_is_one_and_seldom_elsewhere():
    random = np.random.default_rng(5)
    alarms = sum(break_test(random.standard_t(6, 250)).found for _ in range(200))
    assert alarms <= 18  # 5 % of 200 is 10
    moved = random.standard_normal(250)
    moved[150:] *= 2.5
    found = break_test(np.concatenate(([np.nan] * 10, moved)))
    assert found.found
    assert found.wilder
    assert abs(found.bar - 159) < 12
    assert found.bars == 250
    assert found.as_dict()["found"]
    calmer = break_test(moved[::-1].copy())
    assert not calmer.wilder
    assert break_test(moved[:59]) is None
    assert break_test(np.ones(100)) is None


def test_the_probability_of_a_break_is_kolmogorovs():
    from ara.models.regimes.breaks import _beyond

    assert _beyond(1.358) == pytest.approx(0.05, abs=5e-4)
    assert _beyond(1.628) == pytest.approx(0.01, abs=2e-4)
    assert _beyond(0.1) == 1


def test_a_third_of_a_quiet_past_is_calm():
    random = np.random.default_rng(1)
    states = volatility_states(measured(made(random.normal(0, 0.01, 3000))))
    assert (states[:119] == -1).all()
    assert states[119] >= 0
    shares = np.bincount(states[states >= 0], minlength=3) / (states >= 0).sum()
    np.testing.assert_allclose(shares, 1 / 3, atol=0.06)
    jumped = random.normal(0, 0.01, 600)
    jumped[-20:] *= 6
    assert WILDNESS[volatility_states(measured(made(jumped)))[-1]] == "wild"


def test_the_old_name_still_works_and_says_so():
    import ara.models.regimes as module

    with pytest.warns(DeprecationWarning, match="Regime"):
        assert module.MarketRegime is Regime
