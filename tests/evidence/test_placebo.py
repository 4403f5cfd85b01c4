"""Placebo markets keep what they say that they keep, and nothing can be known in them."""

import numpy as np
import polars as pl
import pytest

from ara.errors import ValidationError
from ara.evidence import evaluate
from ara.evidence.leaks.planted_sources import truth
from ara.evidence.placebo import KINDS, placebo
from ara.evidence.worlds import market, walks

PRICES = ["open", "high", "low", "close"]


def real():
    """Give walks that go on as they began, so that there is something to be taken away."""
    returns = walks(4, 1200, seed=5)
    returns[1:] += 0.4 * returns[:-1]
    return market(returns)


def moves(bars, symbol="S01"):
    return np.diff(np.log(bars.filter(symbol=symbol)["close"].to_numpy()))


def echo(values, lag=1):
    apart = values - values.mean()
    return float((apart[lag:] * apart[:-lag]).mean() / (apart * apart).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_days_symbols_and_beginnings_stay_and_bars_are_whole(kind):
    bars = truth().drop("known_at", "due")
    made = placebo(bars, kind, seed=3)
    assert made.schema == bars.schema
    assert made.select("symbol", "ts", "asset_class").equals(bars.select("symbol", "ts", "asset_class"))
    first = pl.col("ts") == bars["ts"].min()
    assert made.filter(first)["close"].to_numpy() == pytest.approx(bars.filter(first)["close"].to_numpy())
    assert (made["high"] >= made.select(pl.max_horizontal("open", "close")).to_series() * (1 - 1e-12)).all()
    assert (made["low"] <= made.select(pl.min_horizontal("open", "close")).to_series() * (1 + 1e-12)).all()
    assert not made.equals(bars)
    assert placebo(bars, kind, seed=3).equals(made)
    ends = made.group_by("symbol", maintain_order=True).agg(last=pl.col("close").last() / pl.col("close").first())
    assert ends["last"].to_numpy() == pytest.approx(1.0)
    assert not placebo(bars, kind, seed=4)["close"].equals(made["close"])


def test_phases_keep_the_distribution_and_the_clusters_and_nothing_else():
    bars = real()
    made = placebo(bars, "phase", seed=1)
    kept = placebo(bars, "phase", seed=1, drift=True)
    old, new = np.sort(moves(bars)), np.sort(moves(made))
    assert new == pytest.approx(old - old.mean(), abs=1e-12)
    assert np.sort(moves(kept)) == pytest.approx(old)
    for lag in (1, 2, 5, 10, 20):
        assert echo(moves(kept) ** 2, lag) == pytest.approx(echo(moves(bars) ** 2, lag), abs=0.04)
    assert echo(moves(bars) ** 2) > 0.1, "there is something to keep"
    assert echo(moves(bars)) > 0.3
    assert abs(echo(moves(made))) < 0.1


def test_regimes_keep_how_symbols_move_together_and_how_long_wild_times_last():
    bars = real()
    made = placebo(bars, "regime", seed=1)
    kept = placebo(bars, "regime", seed=1, drift=True)
    assert set(np.round(moves(kept), 9)) <= set(np.round(moves(bars), 9)), "every move is one of its own"
    together = [np.corrcoef(moves(one, "S00"), moves(one, "S01"))[0, 1] for one in (bars, made)]
    assert together[1] == pytest.approx(together[0], abs=0.1)
    assert abs(echo(moves(made))) < 0.1
    times = np.tile(np.repeat([0.3, 3.0], 100), 15)[:, None]
    assert echo(np.abs(moves(placebo(market(walks(2, 3000, seed=2) * times), "regime", seed=2))), 20) > 0.08


def test_what_an_honest_model_finds_in_a_real_market_is_not_in_its_placebo():
    bars = real()
    asked = {"start": bars["ts"].unique().sort()[700], "models": ["drift"], "baselines": False}
    for kind in KINDS:
        found = evaluate(placebo(bars, kind, seed=2), **asked)
        assert [one for one in found.claims if one.kind == "direction" and one.claimed] == []


def test_short_series_are_refused():
    bars = market(walks(2, 50, seed=1))
    with pytest.raises(ValidationError, match="S00 has 50 bars"):
        placebo(bars, "phase", seed=1)
    with pytest.raises(ValidationError, match="no bars"):
        placebo(bars[:0], "regime", seed=1)
