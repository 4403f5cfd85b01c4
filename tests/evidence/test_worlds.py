"""Made-up markets: the very ones of the scorer that shares no code with Ara, and what a break does to bands."""

import numpy as np
import pytest

from ara.evidence import evaluate
from ara.evidence.worlds import BREAK, after_break, market, walks

KNOWN = {
    (0, 0): 0.03678923742168286,
    (1, 7): 0.012572299830276532,
    (500, 3): 0.0014140627309257494,
    (999, 5): -0.006246037750181822,
}


def test_walks_are_those_of_the_other_scorer():
    returns = walks(8, 1000, seed=3)
    for (bar, symbol), value in KNOWN.items():
        assert returns[bar, symbol] == pytest.approx(value, abs=1e-14)


def test_walks_have_clusters_and_no_direction():
    returns = walks(20, 2000, seed=1)
    signs, sizes = np.sign(returns), np.abs(returns)
    assert abs(np.mean(signs[1:] * signs[:-1])) < 0.02
    assert np.mean([np.corrcoef(sizes[1:, one], sizes[:-1, one])[0, 1] for one in range(20)]) > 0.05
    assert returns.std() == pytest.approx(0.015, rel=0.1)
    assert 0.2 < np.mean(np.corrcoef(returns.T)[np.triu_indices(20, 1)]) < 0.4


def test_bars_follow_the_returns():
    returns = walks(2, 30, seed=2)
    bars = market(returns)
    assert bars["symbol"].unique().sort().to_list() == ["S00", "S01"]
    own = bars.filter(symbol="S01")
    assert np.diff(np.log(own["close"].to_numpy())) == pytest.approx(returns[1:, 1])
    assert own["open"].to_list()[1:] == own["close"].to_list()[:-1]
    assert set(own["ts"].dt.weekday()) == {1, 2, 3, 4, 5}
    assert own["ts"].is_sorted()


def test_a_slow_model_is_caught_by_a_break(monkeypatch):
    monkeypatch.setattr("ara.evidence.worlds._SEEDS", 1)
    quick, slow = after_break("ewma_t"), after_break("hist")
    assert slow < 0.6 < quick < 0.8
    bars = market(walks(2, 600, seed=4))
    days = bars["ts"].unique().sort()
    found = evaluate(bars, models=["drift"], start=days[560], end=days[580], broken=True)
    (line,) = [line for line in found.verdicts["drift"] if line.name == "80 % band after a break"]
    assert line.got.endswith(" %")
    assert line.passed is (float(line.got[:-2]) >= 72.0)
    assert BREAK == 840
