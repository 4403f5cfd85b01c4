import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.cache.events import FAR, mark_of, next_close
from ara.market import DAY, Timeframe, calendar
from ara.market.timeframe import TIMEFRAMES
from tests.data.cache.conftest import frame


@pytest.mark.parametrize(
    ("timeframe", "name", "now", "close"),
    [
        (DAY, "XNYS", "2026-01-07T12:00", "2026-01-07T21:00"),
        (DAY, "XNYS", "2026-01-07T21:00", "2026-01-08T21:00"),
        (None, "XNYS", "2026-01-09T22:00", "2026-01-12T21:00"),
        (Timeframe.parse("1w"), "XNYS", "2026-01-07T12:00", "2026-01-07T21:00"),
        (DAY, "24/7", "2026-01-10T12:00", "2026-01-11T00:00"),
        (Timeframe.parse("1h"), "24/7", "2026-01-10T12:10", "2026-01-10T13:00"),
        (Timeframe.parse("1h"), "XNYS", "2026-01-07T15:00", "2026-01-07T15:30"),
        (Timeframe.parse("4h"), "XNYS", "2026-01-07T19:00", "2026-01-07T21:00"),
        (Timeframe.parse("5m"), "XNYS", "2026-01-07T14:28", "2026-01-07T14:30"),
        (Timeframe.parse("5m"), "XNYS", "2026-01-07T14:30", "2026-01-07T14:35"),
        (Timeframe.parse("1m"), "XNYS", "2026-11-27T18:00", "2026-11-27T18:01"),
        (DAY, "XNYS", "2026-11-27T12:00", "2026-11-27T18:00"),
    ],
)
def test_the_next_bar(timeframe, name, now, close):
    assert next_close(timeframe, name, datetime.fromisoformat(f"{now}+00:00")) == datetime.fromisoformat(
        f"{close}+00:00"
    )


@given(
    st.integers(1_577_836_800, 1_798_761_600).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from(TIMEFRAMES),
    st.sampled_from(["XNYS", "forex", "24/7"]),
)
def test_it_lies_ahead_but_not_beyond_the_session(now, timeframe, name):
    close = next_close(timeframe, name, now)
    hours = calendar(name)
    assert now < close <= hours.closes(hours.label(now))
    if timeframe.span < DAY.span:
        assert close - now <= timeframe.span


def test_there_is_none_without_a_calendar_or_beyond_its_years():
    now = datetime(2026, 1, 7, tzinfo=UTC)
    assert next_close(DAY, "", now) is None
    assert next_close(DAY, "XNYS", now + timedelta(days=73 * 365.25)) is None


def test_the_mark_is_the_last_close_and_its_own_volatility():
    bars = frame(200)
    mark = mark_of(bars)
    closes = bars["close"].to_list()[-61:]
    returns = [math.log(b / a) for a, b in pairwise(closes)]
    mean = sum(returns) / len(returns)
    sigma = math.sqrt(sum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
    assert mark.close == closes[-1]
    assert mark.sigma == pytest.approx(sigma)
    edge = mark.close * math.exp(FAR * sigma)
    assert mark.far(edge * 1.0001)
    assert not mark.far(edge * 0.9999)
    assert mark.far(mark.close * math.exp(-FAR * sigma) * 0.9999)
    assert not any(mark.far(price) for price in (0, -1, math.inf, math.nan, mark.close))


@pytest.mark.parametrize(
    "bars",
    [
        frame(20),
        pl.DataFrame({"rate": [1.0] * 50}),
        pl.DataFrame({"close": [5.0] * 50}),
        pl.DataFrame({"close": [5.0, 6.0] * 20 + [None, 5.0]}),
        pl.DataFrame({"close": [5.0, 6.0] * 20 + [math.nan, 5.0]}),
        pl.DataFrame({"close": [5.0, 6.0] * 20 + [0.0]}),
        pl.DataFrame({"close": ["5", "6"] * 20}),
    ],
)
def test_there_is_no_mark_where_nothing_can_be_said(bars):
    assert mark_of(bars) is None
