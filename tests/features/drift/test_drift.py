"""Drift: the measures against scipy, chance against known worlds."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from ara.errors import ValidationError
from ara.features.drift import (
    benjamini_hochberg,
    drift,
    holm,
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability,
    wasserstein,
)
from ara.features.drift.cells import apart, in_cells
from ara.features.drift.chance import Chance, block_length
from ara.features.drift.dependence import memory_time, memory_times, shuffled_windows
from ara.features.drift.stretches import unseen
from tests.features.drift.worlds import KINDS, PLANTED, made

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)
CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


@given(NUMBERS, NUMBERS)
@settings(deadline=None, max_examples=60)
def test_the_measures_are_those_of_scipy(a, b):
    plain = max(abs((a <= value).mean() - (b <= value).mean()) for value in [*a, *b])
    assert kolmogorov_smirnov(a, b) == pytest.approx(plain, abs=1e-12)
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-9, abs=1e-9)


def test_the_largest_distance_is_scipy_s():
    random = np.random.default_rng(9)
    a, b = random.standard_normal(300), random.standard_normal(80) + 0.2
    assert kolmogorov_smirnov(a, b) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic, abs=1e-12)


@given(NUMBERS, NUMBERS)
@settings(deadline=None, max_examples=60)
def test_the_binned_measures_are_as_they_are_defined(a, b):
    edges = sorted(set(np.quantile(a, [k / 10 for k in range(1, 10)]).tolist()))
    shares = []
    for values in (a, b):
        counts = [0.5] * (len(edges) + 1)
        for value in values.tolist():
            counts[sum(edge < value for edge in edges)] += 1
        shares.append(np.array(counts) / sum(counts))
    p, q = shares
    assert population_stability(a, b) == pytest.approx(float(np.sum((q - p) * np.log(q / p))), abs=1e-9)
    assert jensen_shannon(a, b) == pytest.approx(distance.jensenshannon(p, q, base=2), abs=1e-6)
    assert population_stability(a, a) == jensen_shannon(a, a) == 0.0
    assert 0 <= jensen_shannon(a, b) <= 1


@given(CHANCES)
@settings(deadline=None, max_examples=60)
def test_corrections_are_as_they_are_defined(p):
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-12)
    order = np.argsort(p, kind="stable")
    expected, largest = np.empty(len(p)), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, (len(p) - rank) * p[place])
        expected[place] = min(largest, 1.0)
    np.testing.assert_allclose(holm(p), expected, atol=1e-12)


def test_memory_is_that_of_the_process():
    random = np.random.default_rng(1)
    assert memory_time(np.array([1.0])) == 1.0
    assert memory_time(np.ones(100)) == 1.0
    for kind, low, high in (("white noise", 1.0, 2.2), ("AR(1), 0.5", 2.0, 5.0), ("AR(1), 0.8", 6.0, 14.0)):
        times = [memory_time(one) for one in made(kind, 4000, 10, random).T]
        assert low <= np.median(times) <= high, kind
    garch = made("GARCH(1,1), 0.08 and 0.90", 4000, 10, random)
    assert np.median([memory_time(one) for one in garch.T]) > 3
    assert block_length(*memory_times(random.standard_normal(1000))) <= 20
    assert block_length(*memory_times(made("AR(1), 0.8", 4000, 1, random)[:, 0])) >= 30


def test_shuffles_keep_blocks_together():
    random = np.random.default_rng(2)
    for block in (1, 7, 40):
        labels = shuffled_windows(200, 50, block, 30, random)
        assert labels.shape == (30, 250)
        assert (labels.sum(axis=1) == 50).all()
        pieces = (np.diff(np.concatenate([labels, labels[:, :1]], axis=1), axis=1) == 1).sum(axis=1)
        assert pieces.max() <= 50 // block + 2
    assert len({row.tobytes() for row in labels}) > 20


def test_chance_finds_what_is_apart_and_no_more():
    chance = Chance(before=400, after=100, seed=1)
    random = np.random.default_rng(3)
    calm = random.standard_normal(500)
    assert chance.p(calm, 1, 499) > 0.05
    apart = calm + np.where(np.arange(500) >= 400, 2.0, 0.0)
    assert chance.p(apart, 1, 499) <= 0.005
    assert chance.p(apart, 1, 1499) <= 0.002
    assert chance.p(np.ones(500), 1, 499) == 1.0
    assert not chance.tells(101)
    assert not chance.tells(60)
    assert chance.tells(50)


def test_p_values_of_equal_windows_are_even():
    random = np.random.default_rng(4)
    p = [Chance(before=200, after=100, seed=n).p(random.standard_normal(300), 1, 199) for n in range(80)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("kind", ["white noise", "AR(1), 0.5", "GARCH(1,1), 0.05 and 0.90"])
def test_what_does_not_drift_is_left_in_peace_and_what_does_is_named(kind):
    x = made(kind, 1500, 26, np.random.default_rng(5))
    names = [f"f{n}" for n in range(26)]
    quiet = drift(names, x[:1250], x[1250:])
    assert len(quiet.drifted) <= 1
    moved = x[1250:].copy()
    for column, change in zip((3, 11, 25), ("mean, one deviation", "scale, times 2", "shape, two humps"), strict=True):
        moved[:, column] = PLANTED[change](moved[:, column])
    for correction in ("bh", "holm"):
        found = drift(names, x[:1250], moved, correction=correction)
        named = {one.name for one in found.drifted}
        assert {"f3", "f11"} <= named
        assert len(named - {"f3", "f11", "f25"}) <= 1 + ("GARCH" in kind), "storms of volatility look like drift"


def test_what_came_and_went_before_is_no_drift():
    random = np.random.default_rng(6)
    x = random.standard_normal((1250, 1))
    x[300:550] += 2.0
    x[1000:] += 1.0
    found = drift(["x"], x[:1000], x[1000:]).features[0]
    assert not found.unseen
    assert not found.drifted


def test_what_chance_does_not_explain_but_the_reference_knew_is_no_drift():
    x = np.random.default_rng(6).standard_normal((3100, 1))
    x[1500:1600] += 1.5
    x[3000:] += 1.3
    found = drift(["x"], x[:3000], x[3000:]).features[0]
    assert found.p <= 0.01
    assert not found.unseen
    assert not found.drifted


def test_counts_by_cell_measure_as_the_values_do():
    random = np.random.default_rng(12)
    values = np.append(random.standard_normal(2000), random.standard_normal(400) + 0.7)
    values[::50] = np.nan
    placed, width = in_cells(values)
    assert placed.sum(axis=1).tolist() == (~np.isnan(values)).astype(float).tolist()
    found = apart(placed[2000:].sum(axis=0)[None, :], placed.sum(axis=0), width)[0]
    before, now = values[:2000][~np.isnan(values[:2000])], values[2000:][~np.isnan(values[2000:])]
    assert found[0] == pytest.approx(kolmogorov_smirnov(before, now), rel=0.05)
    assert found[1] == pytest.approx(wasserstein(before, now), rel=0.02)
    assert found[2] == pytest.approx(population_stability(before, now), rel=0.2)
    assert found[3] / (2 * math.log(2)) == pytest.approx(jensen_shannon(before, now) ** 2, rel=0.2)


def test_any_of_the_four_measures_may_be_unseen():
    x = made("AR(1), 0.8", 2750, 40, np.random.default_rng(13))
    humps = PLANTED["shape, two humps"](x[2500:])
    assert sum(unseen(x[:2500, n], humps[:, n], volatile=False) for n in range(40)) >= 38
    assert not any(unseen(x[:2500, n], x[:250, n], volatile=False) for n in range(40)), "it stands in the reference"


def test_more_is_asked_where_volatility_remembers():
    random = np.random.default_rng(14)
    x = made("GARCH(1,1), 0.08 and 0.90", 2750, 300, random)
    plain, strict = (
        [unseen(x[:2500, n], x[2500:, n], volatile=volatile) for n in range(300)] for volatile in (False, True)
    )
    assert sum(strict) < 0.75 * sum(plain)
    assert sum(strict) <= 300 * 0.09
    some = np.flatnonzero(plain)
    told = drift([str(n) for n in some], x[:2500, some], x[2500:, some]).features
    assert [one.unseen for one in told] == [strict[n] for n in some], "the spread of all of them remembers"
    loud = x[2500:] * 3.0
    assert all(unseen(x[:2500, n], loud[:, n], volatile=True) for n in range(100))
    few = random.standard_normal(150)
    assert unseen(few, few[:100] + 3.0, volatile=True), "where no two stretches fit, the farthest is all there is"
    assert unseen(np.ones(500), np.full(100, 2.0), volatile=True)
    assert not unseen(np.ones(500), np.ones(100), volatile=True)


def test_gaps_constants_and_slow_features_are_told_apart():
    random = np.random.default_rng(7)
    x = random.standard_normal((700, 5))
    x[:690, 0] = np.nan
    x[:, 1] = 3.0
    x[:, 2] = np.cumsum(x[:, 2])
    x[500:, 3] = np.where(np.arange(200) % 2 == 0, np.inf, x[500:, 3])
    x[:500, 4], x[500:, 4] = 1.0, 2.0
    found = drift(list("abcde"), x[:500], x[500:])
    a, b, c, d, e = found.features
    assert "only 0 values in a window" in a.why
    assert a.missing_before == 1.0
    assert (b.p, b.psi, b.wasserstein, b.drifted) == (1.0, pytest.approx(0.0, abs=0.01), 0.0, False)
    assert "so slowly" in c.why
    assert d.missing_now == 0.5
    assert e.drifted
    assert e.wasserstein == math.inf
    assert [one.name for one in found.untold] == ["a", "c"]
    assert json.loads(json.dumps([one.as_dict() for one in found.features]))[4]["wasserstein"] is None


def test_nothing_to_judge_is_no_error():
    found = drift(["x"], np.full((100, 1), np.nan), np.full((50, 1), np.nan))
    assert found.drifted == ()
    assert len(found.untold) == 1


def test_the_same_seed_says_the_same():
    x = made("AR(1), 0.5", 900, 5, np.random.default_rng(8))
    first, second = (drift(list("abcde"), x[:700], x[700:], seed=3) for _ in range(2))
    assert first == second
    assert first != drift(list("abcde"), x[:700], x[700:], seed=4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ["a"]}, "for 1 features"),
        ({"current": np.ones((50, 3))}, r"\(50, 3\)"),
        ({"current": np.ones(50)}, r"\(50,\)"),
        ({"current": np.ones((5, 2))}, "30 at least"),
        ({"correction": "none"}, "no correction 'none'"),
        ({"level": 0.0}, "level is 0"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    asked = {"names": ["a", "b"], "reference": np.ones((100, 2)), "current": np.ones((50, 2)), **change}
    names, reference, current = (asked.pop(key) for key in ("names", "reference", "current"))
    with pytest.raises(ValidationError, match=words):
        drift(names, reference, current, **asked)


def test_there_are_worlds_with_memory_and_without():
    assert len(KINDS) >= 5
