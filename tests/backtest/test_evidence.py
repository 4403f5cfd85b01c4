"""What following the forecasts would have earned, on real bars, after costs: written down as it is."""

import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.backtest import run
from ara.data.files import read_bars
from ara.performance.luck import significance
from ara.prediction.bulk import series
from ara.trading import Tape
from ara.trading.strategies import made

DATA = Path(os.environ.get("ARA_MARKET_DATA", "")) / "bars"
FILES = {
    "us_equity_daily_adjusted": 50,
    "crypto_daily_yahoo": 1,
    "fx_daily_mt5": 4,
}
HISTORY, START, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2014, 2017, 2021))
PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "backtest.md"
CASH = 100_000

HEAD = """# Following forecasts

What would `forecast_following` have earned, with its defaults: hold where `har_t` gives a rise at least even odds,
sized to a volatility of 15 % a year, at most all of the equity, never short? {count} instruments, each alone with
{cash:,} USD, from {first} to {last}, decided at each close, filled at the next open, with the default
[costs](../concepts/backtest.md), beside buying and holding with the same costs. Prices are adjusted for splits and
dividends; each plan was made anew on three shorter pasts, and was the same. The model is refitted at each month on what
was known then.

Measured by `ARA_MARKET_DATA=FOLDER pytest -m slow tests/backtest/test_evidence.py`, last on {today}.

{words}

| instrument | return | held | Sharpe | held | drawdown | held | invested | fills | fees | deflated |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def tapes():
    for name, most in FILES.items():
        bars = read_bars(DATA / f"{name}.parquet")
        if name.startswith("fx"):
            bars = bars.filter(pl.col("symbol").cast(pl.String).str.ends_with("USD"))
        bars = bars.filter(pl.col("ts").is_between(HISTORY, END))
        for one in series(bars)[:most]:
            yield one.instrument.symbol, Tape.of(one)


def returns(found, name):
    equity = found.frame[name].to_numpy()
    return equity / np.concatenate(([float(found.cash)], equity[:-1])) - 1


def row(symbol, found, trials):
    own, hold, frame = found.measures, found.hold, found.frame
    proof = significance(returns(found, "equity"), per_year=found.per_year, trials=trials, draws=0)
    deflated = "-" if proof.deflated is None else f"{proof.deflated:.0%}"
    sharpe, held = (0.0 if one.sharpe is None else one.sharpe for one in (own, hold))
    return (
        f"| {symbol} | {own.total:+.1%} | {hold.total:+.1%} | {sharpe:.2f} | {held:.2f} | {own.drawdown:.1%} | "
        f"{hold.drawdown:.1%} | {frame['exposure'].mean():.0%} | {len(found.fills)} | {float(found.fees):,.0f} | "
        f"{deflated} |"
    )


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="ARA_MARKET_DATA names no folder with bars")
def test_following_forecasts_is_written_down_as_it_is():
    found = {}
    for symbol, tape in tapes():
        maker = made("forecast_following", {"days": 365.0 if symbol == "BTC-USD" else 252.0})
        found[symbol] = run(
            maker, {symbol: tape}, name=maker.name, parameters=maker.described(), cash=CASH, start=START
        )
        print(symbol, found[symbol].measures.total, found[symbol].hold.total, flush=True)
    assert len(found) >= 20
    better = sum(one.measures.total > one.hold.total for one in found.values())
    calmer = sum((one.measures.sharpe or 0) > (one.hold.sharpe or 0) for one in found.values())
    proven = [
        significance(returns(one, "equity"), per_year=one.per_year, trials=len(found), draws=0).deflated
        for one in found.values()
    ]
    sure = sum(one is not None and one > 0.95 for one in proven)
    gap = np.mean([one.measures.total - one.hold.total for one in found.values()])
    count = len(found)
    side = "more" if gap > 0 else "less"
    words = textwrap.fill(
        f"It returned more than holding on {better} of {count} instruments, {abs(gap):.1%} {side} on average, and had "
        f"a better Sharpe ratio on {calmer}, being less invested. After {count} trials {sure} of the ratios are above "
        "what luck gives the best of as many (deflated, 95 %); that is not to say that they beat holding.",
        110,
    )
    first = next(iter(found.values())).frame
    head = HEAD.format(
        count=count, cash=CASH, first=f"{START:%Y-%m-%d}", last=f"{first['at'][-1]:%Y-%m-%d}", words=words,
        today=f"{datetime.now(UTC):%Y-%m-%d}",
    )  # fmt: skip
    rows = [row(symbol, one, len(found)) for symbol, one in found.items()]
    PAGE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
