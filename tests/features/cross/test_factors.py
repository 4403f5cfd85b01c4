"""Eigenvectors against NumPy's; factors keep their names and signs; what is planted is found."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features import cross
from ara.features.cross import eigen, factors, pairs, peers
from ara.features.cross import principal as module_of_principal
from ara.features.cross.eigen import Window, decomposed
from ara.features.cross.matrices import ranks, returns, scores
from ara.features.cross.principal import FACTORS, Held, principal
from ara.features.loops import compiled
from tests.features.cross.panels import panel, walk


def features(name, close, **params):
    found = cross.get(name).compute_panel({"close": close}, **params)
    return found if len(found) > 1 else found[0]


@given(
    count=st.integers(1, 30),
    kind=st.sampled_from(["full", "thin", "one", "many", "ones", "none"]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=80)
def test_eigenvectors_are_those_of_numpy(count, kind, seed):
    random = np.random.default_rng(seed)
    line = random.standard_normal((max(count // 2, 1) if kind == "thin" else count + 2, count))
    matrix = {
        "full": line.T @ line,
        "thin": line.T @ line,
        "one": np.eye(count),
        "many": np.kron(np.eye(2), np.ones((count, count))),
        "ones": np.ones((count, count)),
        "none": np.zeros((count, count)),
    }[kind]
    kept = matrix.copy()
    values, vectors = decomposed(matrix)
    assert np.array_equal(matrix, kept)
    largest = max(np.abs(matrix).max() * len(matrix), 1e-300)
    assert np.allclose(values, np.linalg.eigvalsh(matrix)[::-1], atol=1e-13 * largest)
    assert (np.diff(values) <= 0).all()
    assert np.allclose(vectors @ vectors.T, np.eye(len(matrix)), atol=1e-12)
    assert np.allclose(vectors.T @ np.diag(values) @ vectors, matrix, atol=1e-13 * largest)


def test_eigenvectors_of_many_that_are_one_stand_upright():
    """What rounding leaves of a matrix of rank one has squares too small for a float."""
    values, vectors = decomposed(np.ones((120, 120)))
    assert values[0] == pytest.approx(120)
    assert np.allclose(vectors @ vectors.T, np.eye(120), atol=1e-12)


def test_correlations_of_a_window_are_those_of_numpy():
    moves = returns(panel(80, 5)["close"])
    window = Window(moves, 30, least=20)
    line = window.at(60)
    assert np.allclose(window.matrix, np.corrcoef(moves[31:61].T), atol=1e-14)
    assert np.allclose(window.centre, moves[31:61].mean(axis=0))
    assert np.allclose(window.size, moves[31:61].std(axis=0))
    assert np.allclose((line**2).sum(axis=0), 1.0)
    window.at(60, lag=2)
    assert np.allclose(window.matrix, line[:-2].T @ line[2:], atol=1e-14)


def test_few_returns_or_none_that_move_do_not_count():
    moves = returns(panel(80, 5)["close"])
    moves[31:43, 1] = np.nan
    moves[31:41, 2] = np.nan
    moves[:, 3] = 0.001
    window = Window(moves, 30, least=20)
    window.at(60)
    assert (window.size > 0).tolist() == [True, False, True, False, True]
    assert not window.matrix[1].any()
    assert not window.matrix[:, 3].any()


def test_one_factor_is_recovered():
    """A planted factor: betas, the factor's path, loadings and what it absorbs."""
    betas = np.linspace(0.3, 1.7, 20)
    close, factor = walk(1500, 20, seed=3, betas=betas, common=0.01, own=0.01)
    market = factor * betas.mean()
    found = features("market_beta", close, window=1000)[-1]
    assert np.allclose(found, betas / betas.mean(), atol=0.15)
    size = np.sqrt(betas**2 + 1)
    usual = np.outer(betas / size, betas / size) + np.diag(1 / size**2)
    values, vectors = np.linalg.eigh(usual)
    loading = features("pca_loading", close, window=1000)[0][-1]
    assert np.allclose(loading, np.abs(vectors[:, -1]) * np.sqrt(values[-1]), atol=0.06)
    first = features("pca_return", close, window=250)[0][:, 0]
    assert np.corrcoef(first[300:], market[300:])[0, 1] > 0.97, "as much as twenty series can tell"
    assert np.std(first[300:]) == pytest.approx(np.std(market), rel=0.15)
    absorbed = features("absorption_ratio", close, window=1000)[-1, 0]
    assert absorbed == pytest.approx(values[-4:].sum() / 20, abs=0.03)
    specific = features("specific_volatility", close, window=1000)[-1]
    assert np.allclose(specific, 0.01, rtol=0.12)


def test_without_a_factor_nothing_is_absorbed():
    close, _ = walk(1200, 10, seed=4, common=0.0)
    assert features("absorption_ratio", close, window=1000)[-1, 0] < 0.3
    assert features("pca_share", close, window=1000)[0][-1, 0] < 0.16
    assert features("effective_factors", close, window=1000)[-1, 0] > 0.97
    assert abs(features("mean_correlation", close, window=1000)[-1, 0]) < 0.02
    assert abs(features("implied_correlation", close, window=1000)[-1, 0]) < 0.03


def test_absorption_shifts_when_markets_grow_tight():
    calm, _ = walk(700, 10, seed=5, common=0.004)
    tight, _ = walk(120, 10, seed=6, common=0.03)
    close = np.concatenate([calm, calm[-1] * tight / tight[0]])
    shift = features("absorption_shift", close, window=60, slow=250)[:, 0]
    assert np.nanmax(np.abs(shift[:690])) < shift[720:790].max()
    assert features("correlation_shift", close)[720:790, 0].max() > 3


def two_factors(rows=1600, series=12, seed=7, *, apart=False):
    """Two groups that move on their own, one after the other in step; on bars of their own if apart."""
    random = np.random.default_rng(seed)
    early = (np.arange(rows) < rows // 2)[:, None]
    one, two = (0.01 * random.standard_normal((rows, 1)) for _ in range(2))
    first = np.arange(series) < series // 2
    common = np.where(first, one, two) * np.where(first == early, 3.0, 0.8)
    steps = common + 0.01 * random.standard_normal((rows, series))
    if apart:
        steps *= (np.arange(rows) % 2)[:, None] == first
    return 100 * np.exp(np.cumsum(steps, axis=0)), first


def overlaps(found, window):
    """Of each factor with the bar before."""
    return np.einsum("tki,tki->tk", found.vectors[window + 1 :], found.vectors[window:-1])


def test_factors_that_cross_keep_their_names():
    close, first = two_factors(apart=True)
    found = principal(close, 250)
    strongest = np.argmax(found.named[250:, :2], axis=1)
    assert strongest[0] == 0
    assert strongest[-1] == 1, "the second has become the strongest, and is still called the second"
    assert overlaps(found, 250)[:, :2].min() > 0.7
    loading = features("pca_loading", close)[0]
    assert (loading[260:, first].mean(axis=1) > 0.5).all(), "the first is the first group's throughout"


@pytest.mark.parametrize("seed", range(4))
def test_no_factor_turns_round_or_changes_places_at_once(seed):
    close, _ = two_factors(seed=seed)
    found = principal(close, 250)
    assert (overlaps(found, 250) >= 0).all()
    assert overlaps(found, 250)[:, :2].min() > 0.7
    alone = found.vectors[250:, :2]
    other = np.abs(np.einsum("tki,tji->tkj", alone[1:], alone[:-1]))
    assert (other[:, 0, 0] + other[:, 1, 1] >= other[:, 0, 1] + other[:, 1, 0]).all()


def test_factors_are_the_strongest_in_every_bar():
    close, _ = two_factors(700)
    found = principal(close, 60)
    named = np.sort(found.named[60:], axis=1)[:, ::-1]
    assert np.array_equal(named, found.values[60:, :FACTORS])
    length = np.linalg.norm(found.vectors[60:], axis=2)
    assert np.allclose(length, 1.0)
    values = np.sort(np.linalg.eigvalsh(np.corrcoef(returns(close)[-60:].T)))[::-1]
    assert np.allclose(found.values[-1], values)


def test_at_first_factors_are_named_by_strength_and_sum_to_more_than_none():
    found = principal(panel(100, 6)["close"], 60)
    assert (np.diff(found.named[60]) <= 0).all()
    assert (found.vectors[60].sum(axis=1) >= 0).all()
    assert np.isnan(found.vectors[59]).all()


def test_a_panel_of_two_has_two_factors():
    close = panel(90, 2)["close"]
    first, second, third = features("pca_share", close, window=30)
    assert np.allclose(first[30:] + second[30:], 1.0)
    assert np.isnan(third).all()
    assert np.isnan(features("pca_return", close, window=30)[2]).all()
    assert np.allclose(features("pca_specific", close, window=30)[30:], 0.0, atol=1e-12)


def test_a_newcomer_joins_the_factors_of_the_others():
    close = panel(200, 5)["close"]
    close[:100, 4] = np.nan
    found = features("pca_loading", close, window=40)[0]
    assert np.isnan(found[100:129, 4]).all()
    assert (found[131:, 4] > 0).all()
    alone = features("pca_loading", close[:, :4], window=40)[0]
    assert np.allclose(found[40:120, :4], alone[40:120])


def test_factor_returns_are_of_weights_known_before():
    close = panel(120, 6)["close"]
    found = principal(close, 60)
    first = features("pca_return", close, window=60)[0]
    weights = found.vectors[99, 0] / found.size[99]
    assert first[100, 0] == pytest.approx((weights @ returns(close)[100]) / np.abs(weights).sum())


def test_turbulence_is_one_on_ordinary_days_and_large_on_planted_ones():
    close, _ = walk(900, 10, seed=8, common=0.01)
    steps = np.diff(np.log(close), axis=0)
    steps[600] *= 6
    steps[700] = np.where(np.arange(10) % 2, 0.02, -0.02)
    close = np.exp(np.vstack([np.zeros(10), np.cumsum(steps, axis=0)]))
    found = features("turbulence", close)[:, 0]
    assert np.nanmedian(found) == pytest.approx(1.0, abs=0.2)
    assert found[601] > 10
    surprise = features("correlation_surprise", close)[:, 0]
    assert surprise[701] > 1.4, "against the usual relations"
    assert surprise[701] == np.nanmax(surprise[690:710])


def test_the_same_content_is_computed_once_and_other_content_anew():
    close = panel(80, 4)["close"]
    assert principal(close, 30) is principal(close.copy(), 30)
    assert principal(close, 30) is not principal(close, 31)
    assert Held.of(close) == Held.of(np.asfortranarray(close))
    assert Held.of(np.ones((2, 3))) != Held.of(np.ones((3, 2)))
    assert Held.of(close) != "close"
    changed = close.copy()
    changed[-1, -1] *= 1 + 1e-15
    assert principal(changed, 30) is not principal(close, 30)


@given(st.lists(st.sampled_from([math.nan, 0.0, 1.0, 1.0, 2.0, -3.5]), min_size=1, max_size=8))
def test_ranks_and_scores_are_those_of_a_plain_count(values):
    (line,) = ranks(np.array([values]))
    there = [value for value in values if value == value]
    for value, found in zip(values, line, strict=True):
        if value != value or len(there) < 2:
            assert math.isnan(found)
            continue
        below, same = sum(one < value for one in there), there.count(value)
        assert found == (below + (same - 1) / 2) / (len(there) - 1)
    (line,) = scores(np.array([values]))
    if len(there) >= 2 and np.std(there) > 0:
        expected = (np.array(values) - np.mean(there)) / np.std(there)
        assert np.allclose(line, expected, equal_nan=True)


def test_the_machine_code_does_what_it_reads(monkeypatch):
    """The loops over bars, run as plain Python, give the same bytes."""
    moves = returns(panel(60, 6, gaps=True)["close"])
    fast = Window(moves, 20, least=15)
    results = []
    for run in (compiled, lambda kernel: kernel):
        monkeypatch.setattr(eigen, "compiled", run)
        for lag in (0, 2):
            fast.at(50, lag=lag)
            results.append((fast.matrix.copy(), fast.size.copy(), fast.centre.copy()))
        results.append(decomposed(np.corrcoef(moves[1:40, [0, 4, 5]].T)))
        results.append(decomposed(np.ones((5, 5))))
        results.append(decomposed(np.zeros((4, 4))))
    half = len(results) // 2
    for one, other in zip(results[:half], results[half:], strict=True):
        assert [part.tobytes() for part in one] == [part.tobytes() for part in other]


@pytest.mark.parametrize("series", [1, 2, 6])
def test_the_machine_code_of_features_does_what_it_reads(series, monkeypatch):
    close = panel(70, 6, gaps=True)["close"][:, :series].copy()
    close[30:42, 0] = close[30, 0]
    asked = [(name, {"window": 12}) for name in ("mean_correlation", "peer_correlation", "pca_loading", "pca_return")]
    asked += [("turbulence", {"window": 12}), ("residual_score", {"window": 12, "path": 6})]
    asked += [(name, {"window": 12, "lag": 1}) for name in ("lead_score", "lead_strength", "lead_signal")]
    asked += [(name, {"decay": 0.9}) for name in ("peer_return", "peer_count", "peer_change")]
    results = []
    for run in (compiled, lambda kernel: kernel):
        for module in (factors, pairs, peers, module_of_principal):
            monkeypatch.setattr(module, "compiled", run)
        for kept in (module_of_principal._principal, pairs._together, pairs._leads):
            kept.cache_clear()
        results.append([cross.get(name).compute_panel({"close": close}, **params) for name, params in asked])
    for (name, _), one, other in zip(asked, *results, strict=True):
        assert [part.tobytes() for part in one] == [part.tobytes() for part in other], name
    assert series == 1 or all(np.isfinite(part).any() for one in results[0] for part in one[:2])


@pytest.mark.parametrize("at_once", [1, 36 * 7, 1 << 20])
def test_weights_of_peers_are_the_same_however_many_bars_are_taken_at_once(at_once, monkeypatch):
    close = panel(90, 6, gaps=True)["close"]
    names = ("peer_change", "peer_count", "peer_gap", "peer_return")
    expected = [features(name, close).tobytes() for name in names]
    monkeypatch.setattr(peers, "_AT_ONCE", at_once)
    assert [features(name, close).tobytes() for name in names] == expected


def test_a_path_longer_than_the_window_waits_for_it():
    close = panel(90, 5)["close"]
    found = features("residual_score", close, window=20, path=40)
    assert np.isnan(found[:40]).all()
    assert np.isfinite(found[40:]).all()


@pytest.mark.parametrize("run", [compiled, lambda kernel: kernel])
def test_squares_too_small_for_a_float_end_a_turn_and_leave_the_basis_upright(run):
    diagonal, beside, turned = np.array([1.0, 2.0, 1.0]) * 1e-170, np.array([3.0, 1.0, 0.0]) * 1e-170, np.eye(3)
    run(eigen._diagonal)(diagonal, beside, turned)
    assert np.abs(diagonal).max() < 1e-169
    assert beside[0] == pytest.approx(3e-170, rel=1e-9, abs=0), "what was not turned is not taken for turned"
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)


def test_the_only_series_is_its_own_factor():
    for run in (compiled, lambda kernel: kernel):
        diagonal, beside, mirrors = np.zeros(1), np.zeros(1), np.zeros((1, 1))
        run(eigen._tridiagonal)(np.array([[2.5]]), diagonal, beside, mirrors)
        assert (diagonal[0], beside[0], mirrors[0, 0]) == (2.5, 0.0, 0.0)


def test_a_bar_that_nobody_has_surprises_nobody():
    close = panel(120, 6)["close"]
    close[100] = np.nan
    found = principal(close, 40)
    bare = ~np.isfinite(found.moves).any(axis=1)
    assert bare[100]
    assert np.isnan(found.surprise[bare]).all()
    assert np.isfinite(found.surprise[99]).any()
    assert np.isfinite(found.surprise[-1]).any()
