"""What a year is: of one calendar its bars, of several the moments that there were, so that growth is by the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.backtest import run
from ara.backtest.result import per_year
from ara.backtest.sweep import sweep
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.timeframe import DAY, Timeframe
from ara.trading import Costs, Tape
from ara.trading.strategies import BuyAndHold, Momentum
from tests.trading.conftest import SHARE

HOUR = Timeframe.parse("1h")
BEGIN = datetime(2017, 1, 2, tzinfo=UTC)


def tape(symbol, name, stamps, timeframe=DAY, *, growth=0.0):
    """Bars of a venue that rise by a share of the first price over all of them, in small waves."""
    hours = spans(pl.Series(stamps, dtype=pl.Datetime("us", "UTC")), calendar(name), timeframe)
    bar = np.arange(1, len(stamps) + 1)
    close = 100 * (1 + growth * bar / len(stamps) + 0.01 * np.sin(bar / 3))
    frame = hours.with_columns(
        **{one: pl.Series(close) for one in ("open", "high", "low", "close")},
        learned_at=pl.col("known_at"), volume=pl.lit(1e9), source=pl.lit("made up"), quality=pl.lit(1.0),
        imputed=pl.lit(value=False), votes=pl.lit(1, pl.Int64),
    ).select(SCHEMA.names())  # fmt: skip
    instrument = replace(SHARE, symbol=symbol, calendar=name)
    return Tape.of(Bars(instrument=instrument, timeframe=timeframe, basis=Basis.RAW, frame=frame))


def days(name, years=3):
    found = calendar(name).sessions(BEGIN.date(), BEGIN.replace(year=BEGIN.year + years).date())
    return [datetime(one.year, one.month, one.day, tzinfo=UTC) for one in found]


SHARES, COIN = tape("SHARES", "XNYS", days("XNYS"), growth=1.0), tape("COIN", "24/7", days("24/7"), growth=1.0)


@pytest.mark.parametrize(
    ("tapes", "bars"), [((SHARES,), 252), ((COIN,), 365), ((SHARES, replace(SHARES)), 252), ((SHARES, COIN), 617)]
)
def test_a_year_has_as_many_moments_as_there_are(tapes, bars):
    named = {f"{number}": one for number, one in enumerate(tapes)}
    moments = sorted({moment for one in tapes for moment in one.known})
    assert per_year(named, moments) == pytest.approx(bars, abs=1)


def test_growth_of_instruments_of_two_calendars_is_by_the_clock():
    found = run(BuyAndHold, {"SHARES": SHARES, "COIN": COIN}, costs=Costs.none(), cash=10**9)
    assert found.measures.cagr == pytest.approx((1 + found.measures.total) ** (1 / 3) - 1, abs=2e-3)
    alone = run(BuyAndHold, {"COIN": COIN}, costs=Costs.none(), cash=10**9)
    assert found.measures.cagr == pytest.approx(alone.measures.cagr, abs=5e-3)


def test_bars_of_hours_outside_the_session_are_moments_of_its_year():
    there = calendar("XNYS").sessions(BEGIN.date(), BEGIN.date() + timedelta(days=60))
    within, around = [15, 16, 17, 18, 19, 20], range(10, 24)
    of = {
        name: tape(
            "ACME", "XNYS", [datetime(d.year, d.month, d.day, h, 30, tzinfo=UTC) for d in there for h in hours], HOUR
        )
        for name, hours in (("within", within), ("around", around))
    }
    plain, more = ({"ACME": of[name]} for name in ("within", "around"))
    assert per_year(plain, plain["ACME"].known) == per_year(plain) == 1635
    assert per_year(more, more["ACME"].known) == pytest.approx(14 * 252, rel=0.05)
    swept = sweep(Momentum, {"window": [5, 9]}, more["ACME"], cash=10**6)
    best = swept.best.measures.sharpe
    assert swept.trials["sharpe"][0] == pytest.approx(best)
