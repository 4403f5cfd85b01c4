"""Returns side by side: days that all have, each instrument once, days of a year by the calendar."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.errors import ValidationError
from ara.market import symbols
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.timeframe import DAY
from ara.risk import aligned, days_a_year


def made(symbol, closes):
    """Give bars with a close for each date."""
    instrument = symbols.resolve(symbol)
    opens = [calendar(instrument.calendar).opens(day) for day in closes]
    frame = pl.DataFrame(
        {"at": opens, "close": [float(one) for one in closes.values()]},
        schema={"at": SCHEMA["at"], "close": SCHEMA["close"]},
    ).with_columns(
        known_at=pl.col("at") + timedelta(hours=8), learned_at=pl.lit(datetime(2021, 1, 1, tzinfo=UTC)),
        open="close", high="close", low="close", volume=1.0, source=pl.lit("made"), quality=1.0, imputed=False,
        votes=pl.lit(1, pl.Int64),
    )  # fmt: skip
    frame = frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    return Bars(instrument=instrument, timeframe=DAY, basis=Basis.TOTAL, frame=frame)


FRIDAY = datetime(2020, 1, 10).date()  # noqa: DTZ001 - a date


def days(first, *closes, gap=()):
    every = [first + timedelta(days=place) for place in range(len(closes))]
    return {day: close for day, close in zip(every, closes, strict=True) if day not in gap}


def test_a_weekend_of_a_coin_is_one_return_beside_a_share():
    monday, tuesday = FRIDAY + timedelta(days=3), FRIDAY + timedelta(days=4)
    share = made("AAPL", {FRIDAY: 100, monday: 110, tuesday: 99})
    coin = made("BTC-USD", days(FRIDAY, 1000, 1100, 1200, 1500, 1500))
    found = aligned([share, coin])
    assert found.dates == (monday, tuesday)
    assert found.returns[:, 0] == pytest.approx([0.1, -0.1])
    assert found.returns[:, 1] == pytest.approx([0.5, 0.0])
    assert found.per_year == 252
    assert found.only(["BTC-USD"]).symbols == ("BTC-USD",)
    assert found.only(["BTC-USD"]).last(1).returns.tolist() == [[0.0]]


def test_a_close_that_is_no_price_is_passed_over():
    coin = made("BTC-USD", days(FRIDAY, 100, 0, float("nan"), 200, 100))
    assert aligned([coin]).returns[:, 0] == pytest.approx([1.0, -0.5])


def test_days_of_a_year_are_those_of_the_calendar():
    assert (days_a_year("XNYS"), days_a_year("24/7")) == (252, 365)
    assert aligned([made("BTC-USD", days(FRIDAY, 1, 2, 3, 4))]).per_year == 365


def test_what_can_not_be_put_side_by_side_is_said():
    coin = made("BTC-USD", days(FRIDAY, 1, 2, 3, 4))
    later = made("ETH-USD", days(FRIDAY + timedelta(days=3), 1, 2, 3, 4))
    with pytest.raises(ValidationError, match="BTC-USD is there twice"):
        aligned([coin, coin])
    with pytest.raises(ValidationError, match="have 1 days in common") as caught:
        aligned([coin, later])
    assert "BTC-USD 2020-01-10 to 2020-01-13" in caught.value.hint
    with pytest.raises(ValidationError, match="No instrument"):
        aligned([])
    with pytest.raises(ValidationError, match="0 days"):
        aligned([made("BTC-USD", {})])
