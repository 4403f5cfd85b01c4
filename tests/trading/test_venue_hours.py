"""Bars within a day: orders wait for the venue to open, half days end early, and what is for a day ends with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.backtest import run
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.timeframe import Timeframe
from ara.trading import Costs, Signal, Tape
from tests.trading.conftest import SHARE

HOUR = Timeframe.parse("1h")
NEW_YORK = replace(SHARE, calendar="XNYS", timezone="America/New_York")


def hours(*stamps, price=100.0):
    """Hourly bars that open at UTC times, each a tick dearer than the one before."""
    at = [datetime.fromisoformat(one).replace(tzinfo=UTC) for one in stamps]
    prices = [price + number for number in range(len(at))]
    known = [one + timedelta(hours=1) for one in at]
    frame = pl.DataFrame(
        {
            "at": at, "known_at": known, "learned_at": known, "open": prices, "high": [one + 0.5 for one in prices],
            "low": [one - 0.5 for one in prices], "close": prices, "volume": 1e6, "source": "test", "quality": 1.0,
            "imputed": False, "votes": 1,
        },
        schema=SCHEMA,
    )  # fmt: skip
    return {"ACME": Tape.of(Bars(instrument=NEW_YORK, timeframe=HOUR, basis=Basis.RAW, frame=frame))}


class At:
    """Says something at one bar."""

    def __init__(self, bar, **more):
        self.bar, self.more = bar, more

    def decide(self, view):
        return Signal(symbol="ACME", size=1.0, **self.more) if view.index() == self.bar else None


def filled(bar, tapes, **more):
    found = run(lambda: At(bar, **more), tapes, costs=Costs.none(), cuts=0)
    return [one.at.strftime("%m-%d %H:%M") for one in found.fills], found.notes


# 2019-11-27 Wednesday, 28 Thanksgiving, 29 a half day that ends at 18:00 UTC, 12-02 Monday
WEEK = (
    "2019-11-27T19:30", "2019-11-27T20:30", "2019-11-29T12:00", "2019-11-29T14:30", "2019-11-29T17:30",
    "2019-11-29T19:30", "2019-12-02T14:30", "2019-12-02T15:30",
)  # fmt: skip


@pytest.mark.parametrize(
    ("bar", "more", "when"),
    [
        (0, {}, ["11-27 20:30"]),
        (1, {}, ["11-29 14:30"]),  # over a holiday, and past what was traded before the bell
        (2, {}, ["11-29 14:30"]),
        (4, {}, ["12-02 14:30"]),  # the half day is over
        (1, {"valid": "ioc"}, ["11-29 14:30"]),  # the first bar in which there is trade counts
        (3, {"limit": 50.0, "valid": "day"}, []),
    ],
)
def test_orders_wait_for_the_open(bar, more, when):
    assert filled(bar, hours(*WEEK), **more)[0] == when


def test_an_order_for_the_day_ends_with_a_half_day():
    tapes = hours(*WEEK)
    cheap = {"trigger": 105.4}  # reached on Monday alone, and by what was traded after the bell on Friday
    assert filled(3, tapes, **cheap)[0] == ["12-02 14:30"]
    assert filled(3, tapes, **cheap, valid="day")[0] == []
    assert filled(5, tapes, **cheap, valid="day")[0] == ["12-02 14:30"]


def test_bars_outside_the_hours_are_said():
    notes = filled(0, hours(*WEEK))[1]
    assert "ACME: 2 bars lie outside the hours of NYSE; nothing was filled there, orders waited" in notes
    assert not any("outside" in one for one in filled(0, hours(*WEEK[:2]))[1])
