"""`ara features select`."""

import json

import pytest


def test_of_daily_returns_nothing_is_claimed(ara):
    outcome = ara("features", "select", "ara-fast", "AAPL", "--horizon", "1")
    assert outcome.code == 0, outcome.err
    assert "help" in outcome.plain.splitlines()[0]
    assert "moved in time" in " ".join(outcome.plain.split())
    assert "Dropped, because" in outcome.plain
    told = json.loads(ara("features", "select", "ara-fast", "AAPL", "--horizon", "1", "--json").out)
    assert told["schema"] == 1
    assert told["horizon"] == 1
    assert len(told["features"]) == 17
    assert told["kept"] == [one["name"] for one in told["features"] if one["kept"]]
    assert all(one["reason"] for one in told["features"])
    assert len(told["folds"]) == 4


@pytest.fixture
def swinging(home, ara):
    """Bars whose return follows the one of the day before."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    step = random.normal(0, 0.01, 1500)
    for day in range(1, 1500):
        step[day] += 0.6 * step[day - 1]
    close = 100 * np.exp(np.cumsum(step - step.mean()))
    days = pl.date_range(pl.date(2015, 1, 1), pl.date(2030, 1, 1), eager=True)[:1500]
    prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close, "volume": 1.0}
    pl.DataFrame({"date": days, **prices}).write_csv(home / "TEST-USD.csv")
    (home / "mine.toml").write_text('items = ["log_return", "drawdown", "close - close", "rsi"]\n')
    assert ara("data", "import", "TEST-USD.csv", "--symbol", "TEST-USD").code == 0
    return "TEST-USD"


@pytest.mark.parametrize("columns", ["36", "100"])
def test_what_helps_is_named(ara, swinging, columns):
    outcome = ara("features", "select", "mine.toml", swinging, "--horizon", "1", "--width", columns, "--embargo", "2")
    assert outcome.code == 0, outcome.err
    assert "1 of 4 features help to forecast the return of TEST-USD" in " ".join(outcome.plain.split())
    assert "log_return" in outcome.plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ara-fast", "AAPL", "--horizon", "0"], "--horizon is 0"),
        (["ara-fast", "AAPL", "--embargo", "x"], "--embargo is x"),
        (["ara-fast", "AAPL", "--folds", "20", "--horizon", "250"], "too few"),
        (["all", "AAPL"], "150 at most"),
        (["ara-fest", "AAPL"], "Did you mean"),
    ],
)
def test_bad_requests_are_refused(ara, words, said):
    outcome = ara("features", "select", *words)
    assert outcome.code in {2, 3, 4}
    assert said in outcome.err
