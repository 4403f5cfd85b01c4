"""`ara features drift`."""

import json

import pytest


def test_drift_is_told_with_its_windows(ara):
    outcome = ara("features", "drift", "ara-fast", "AAPL")
    assert outcome.code == 0, outcome.err
    assert "Now is 2020-04-03 to 2021-03-31 (250 bars) compared with 2009-01-02 to 2020-04-02" in " ".join(
        outcome.plain.split()
    )
    told = json.loads(ara("features", "drift", "ara-fast", "AAPL", "--json").out)
    assert told["schema"] == 1
    assert (told["reference"]["bars"], told["current"]["bars"]) == (2832, 250)
    assert len(told["features"]) == 17
    assert told["drifted"] == sum(one["drifted"] for one in told["features"])


@pytest.fixture
def broken(home, ara):
    """Bars whose last 300 move ten times as much."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    step = random.normal(0, 0.01, 1500)
    step[-300:] *= 10
    close = 100 * np.exp(np.cumsum(step - step.mean()))
    days = pl.date_range(pl.date(2015, 1, 1), pl.date(2030, 1, 1), eager=True)[:1500]
    high, low = close * 1.001, close * 0.999
    pl.DataFrame({"date": days, "open": close, "high": high, "low": low, "close": close, "volume": 1.0}).write_csv(
        home / "BTC-USD.csv"
    )
    (home / "mine.toml").write_text('items = ["log_return", "intraday_return", "drawdown", "sma(window=300)"]\n')
    done = ara("data", "import", "BTC-USD.csv", "--symbol", "TEST-USD")
    assert done.code == 0, done.err
    return "TEST-USD"


@pytest.mark.parametrize("columns", ["40", "100"])
def test_what_drifted_is_named(ara, broken, columns):
    outcome = ara("features", "drift", "mine.toml", broken, "--window", "300", "--width", columns)
    assert outcome.code == 0, outcome.err
    assert "drifted." in outcome.plain
    assert "log_return" in outcome.plain
    told = json.loads(
        ara("features", "drift", "mine.toml", broken, "--window", "300", "--correction", "HOLM", "--json").out
    )
    assert told["correction"] == "holm"
    assert next(one for one in told["features"] if one["name"] == "log_return")["drifted"]


def test_a_reference_may_be_chosen(ara):
    words = ("features", "drift", "ara-fast", "EURUSD", "--json", "--reference")
    told = json.loads(ara(*words, "2014-01-01..2018-12-31").out)
    assert told["reference"]["from"] >= "2014-01-01"
    assert told["reference"]["to"] <= "2019-01-01"
    assert json.loads(ara(*words, "..2018-12-31").out)["reference"]["from"] == "2012-12-04"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ara-fast", "AAPL", "--reference", "2014"], "write it so"),
        (["ara-fast", "AAPL", "--reference", "2015-01-01..2014-01-01"], "ends before it begins"),
        (["ara-fast", "AAPL", "--reference", "2030-01-01.."], "--reference 2030-01-01.. holds no bar of AAPL before"),
        (["ara-fast", "AAPL", "--reference", "2030-01-01.."], "Give days from 2009-01-02 to 2020-04-02"),
        (["ara-fast", "AAPL", "--window", "5000"], "AAPL has 3,082 bars; before the last 5,000 there are none"),
        (["ara-fast", "AAPL", "--reference", "2012-01-01..2012-01-05"], "Give longer windows"),
        (["ara-fast", "AAPL", "--window", "9999"], "none to compare with"),
        (["ara-fast", "AAPL", "--window", "5"], "30 at least"),
        (["ara-fast", "AAPL", "--correction", "no"], "there are bh, holm"),
        (["ara-fest", "AAPL"], "Did you mean"),
    ],
)
def test_bad_requests_are_refused(ara, words, said):
    outcome = ara("features", "drift", *words)
    assert outcome.code in {2, 3, 4}
    assert said in " ".join(outcome.err.split())
