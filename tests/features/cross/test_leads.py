"""A planted leader is found, and none among walks that have none; peers are those that one went with of late."""

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import cross
from ara.features.cross.pairs import leaders
from tests.features.cross.panels import walk


def led(rows=900, *, by=2, seed=9, share=0.6):
    """Walks on their own but for the third and fourth, which follow the first some bars later."""
    random = np.random.default_rng(seed)
    steps = 0.01 * random.standard_normal((rows, 6))
    steps[by:, 2] += share * steps[:-by, 0]
    steps[by:, 3] -= share * steps[:-by, 0]
    return 100 * np.exp(np.cumsum(steps, axis=0))


def feature(name, close, **params):
    return cross.get(name).compute_panel({"close": close}, **params)[0]


@pytest.mark.parametrize("by", [1, 2, 3])
def test_who_leads_whom_is_found(by):
    found = leaders(led(by=by), window=500, lags=3)
    assert {(one.leader, one.follower, one.lag) for one in found} == {(0, 2, by), (0, 3, by)}
    signs = {one.follower: np.sign(one.correlation) for one in found}
    assert signs == {2: 1, 3: -1}
    assert all(abs(one.correlation) == pytest.approx(0.5, abs=0.12) for one in found)
    assert [abs(one.z) for one in found] == sorted((abs(one.z) for one in found), reverse=True)


def test_none_leads_among_walks_on_their_own():
    """At most as often as it is allowed: 5 % of 60 panels are 3; beyond 8 has a chance of 1 in 250."""
    found = sum(bool(leaders(walk(400, 8, seed=seed, common=0.0)[0], window=250)) for seed in range(60))
    assert found <= 8


def test_a_few_wild_bars_are_no_lead():
    """Two crashes and their rebounds, which all share, in an otherwise quiet market."""
    close, _ = walk(400, 6, seed=16, common=0.0)
    steps = np.diff(np.log(close), axis=0, prepend=0.0)
    for bar in (200, 300):
        steps[bar] -= 0.15
        steps[bar + 1] += 0.15
    wild = 100 * np.exp(np.cumsum(steps, axis=0))
    plain = np.corrcoef(steps[150:-1, 0], steps[151:, 1])[0, 1] * np.sqrt(249)
    assert plain < -5, "as a correlation it looks like one"
    assert leaders(wild, window=250) == []


def test_a_lead_is_told_with_its_figures():
    close = led(by=2)
    (first, _) = leaders(close, window=500)
    moves = np.diff(np.log(close), axis=0)[-500:]
    moves -= moves.mean(axis=0)
    x, y = moves[:-2, first.leader], moves[2:, first.follower]
    assert first.z == pytest.approx((x @ y) / np.sqrt((x * x) @ (y * y)))
    whole = np.sqrt((moves[:, first.leader] ** 2).sum() * (moves[:, first.follower] ** 2).sum())
    assert first.correlation == pytest.approx((x @ y) / whole)


def test_a_market_with_few_bad_bars_has_no_downside_beta():
    steps = np.full((90, 3), 0.01) + 0.0001 * np.random.default_rng(17).standard_normal((90, 3))
    steps[9::10] = [-0.2, -0.3, -0.1]
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    found = feature("downside_beta", close, window=20)
    assert np.isnan(found[:39]).all()
    assert (found[39:] == 0).all()


def test_leads_need_their_bars():
    with pytest.raises(FeatureEngineeringError, match="need 251 of them; there are 250"):
        leaders(led(250), window=250)
    assert leaders(np.ones((300, 3)), window=250) == []
    assert leaders(np.ones((300, 1)), window=250) == []


def test_the_leader_has_the_highest_score_and_its_follower_the_lowest():
    random = np.random.default_rng(11)
    steps = 0.01 * random.standard_normal((800, 5))
    steps[1:, 1:] += 0.5 * steps[:-1, :1]
    score = feature("lead_score", 100 * np.exp(np.cumsum(steps, axis=0)), window=500)[-1]
    assert score[0] > 0.3
    assert (score[1:] < -0.05).all()
    strength = feature("lead_strength", 100 * np.exp(np.cumsum(steps, axis=0)), window=500)[-1]
    assert strength[0] < 4 < strength[1:].min()


def test_the_signal_foretells_what_follows():
    close = led(1500, by=1)
    signal = feature("lead_signal", close, window=250)
    later = np.diff(np.log(close), axis=0)
    for series in (2, 3):
        assert np.corrcoef(signal[400:-1, series], later[400:, series])[0, 1] > 0.3
    assert abs(np.corrcoef(signal[400:-1, 5], later[400:, 5])[0, 1]) < 0.1


def test_a_late_follower_has_a_delay():
    random = np.random.default_rng(12)
    market = 0.01 * random.standard_normal(700)
    steps = market[:, None] + 0.005 * random.standard_normal((700, 6))
    steps[1:, 0] = market[:-1] + 0.005 * random.standard_normal(699)
    delay = feature("price_delay", 100 * np.exp(np.cumsum(steps, axis=0)), window=500)[-1]
    assert delay[0] > 0.9
    assert (delay[1:] < 0.1).all()


def with_leader(name, close, other, **params):
    return cross.get(name).compute_panel({"close": close, "other": other}, **params)[0]


def test_coins_follow_btc():
    """The leader's beta, what is still to come of its move, and its share of all movement."""
    random = np.random.default_rng(13)
    btc = 0.03 * random.standard_normal(1200)
    steps = btc[:, None] * np.array([1.0, 1.5, 0.5, 0.0]) + 0.02 * random.standard_normal((1200, 4)) * [0, 1, 1, 1]
    steps[1:, 3] += 0.8 * btc[:-1]
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    other = np.repeat(close[:, :1], 4, axis=1)
    assert np.allclose(with_leader("leader_beta", close, other, window=1000)[-1], [1.0, 1.5, 0.5, 0.0], atol=0.1)
    assert np.allclose(with_leader("leader_correlation", close, other, window=1000)[-1, 0], 1.0)
    pull = with_leader("leader_pull", close, other, window=500)
    assert np.corrcoef(pull[600:-1, 3], steps[601:, 3])[0, 1] > 0.6
    share = np.mean([0.045**2 / (0.045**2 + 0.02**2), 0.015**2 / (0.015**2 + 0.02**2), 0.0])
    assert with_leader("leader_dominance", close, other, window=1000)[-1, 1] == pytest.approx(share, abs=0.03)
    assert np.allclose(with_leader("leader_return", close, other)[1:, 2], np.diff(np.log(close[:, 0])))


def test_peers_follow_changes_of_correlation():
    """The second half has other companions, and the weights go with them."""
    random = np.random.default_rng(14)
    one, two = (0.01 * random.standard_normal(800) for _ in range(2))
    early = (np.arange(800) < 400)[:, None]
    steps = 0.003 * random.standard_normal((800, 5))
    steps[:, 1] += one
    steps[:, 2] += one
    steps[:, 3] += two
    steps[:, 4] += two
    steps[:, 0] += np.where(early[:, 0], one, two)
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    theirs = feature("peer_return", close, decay=0.97)[:, 0]
    assert np.corrcoef(theirs[100:400], one[100:400])[0, 1] > 0.9
    assert np.corrcoef(theirs[550:], two[550:])[0, 1] > 0.9
    change = feature("peer_change", close, decay=0.97, bars=60)[:, 0]
    assert change[460] > 0.5
    assert change[395] < 0.1
    assert change[790] < 0.1
    assert feature("peer_count", close)[390, 0] < 0.8, "two of four count"


def test_a_peer_that_is_gone_has_no_say():
    close, _ = walk(300, 4, seed=15)
    gone = close.copy()
    gone[200:, 3] = np.nan
    without = feature("peer_count", close[:, :3])[-1]
    assert np.allclose(feature("peer_count", gone)[-1, :3], without)
    assert np.isnan(
        feature(
            "peer_count", np.where(np.arange(4) > 0, np.where(np.arange(300)[:, None] < 200, close, np.nan), close)
        )[-1, 0]
    )
    assert np.isnan(
        feature("breadth_thrust", np.where((np.arange(4) > 0) & (np.arange(300)[:, None] > 200), np.nan, close))[-1, 0]
    )
