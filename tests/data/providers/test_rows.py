import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.provider import SCHEMAS, Kind
from ara.data.providers.rows import bars, counted, each, facts, number, numbers, offered, ratio
from ara.errors import DataProviderError, ShapeError
from ara.market.symbols import guess
from ara.market.timeframe import DAY

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(("unit", "power"), [("seconds", 0), ("milliseconds", 3), ("nanoseconds", 9)])
def test_stamps_of_a_known_unit_are_taken_by_it_alone(unit, power):
    ask = partial(counted, unit=unit, since=datetime(1990, 1, 1, tzinfo=UTC), source="venue", field="t")
    assert ask([1_617_197_400 * 10**power]).to_list() == [datetime(2021, 3, 31, 13, 30, tzinfo=UTC)]
    assert ask([]).is_empty()
    for wrong, size in (
        (1_617_197_400 * 10 ** (power + 3), "smaller"),
        (1_617_197 * 10**power, "larger"),
        (0, "larger"),
    ):
        with pytest.raises(ShapeError, match=f"the time {wrong} in t, .* a {size} unit than {unit}"):
            ask([1_617_197_400 * 10**power, wrong])


@pytest.mark.parametrize("text", ["1e-400", "-1e-400"])
def test_numbers_too_small_for_a_float_are_no_nought(text):
    with pytest.raises(ShapeError, match=r"the number -?1E-400 in price\[2\]"):
        numbers([None, Decimal(0), Decimal(text)], source="venue", field="price")
    with pytest.raises(ShapeError, match="in price"):
        number(Decimal(text), source="venue", field="price")


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1e19", "-1e19", "1e400"])
def test_numbers_beyond_all_prices_are_refused(text):
    with pytest.raises(ShapeError, match="in price"):
        number(Decimal(text), source="venue", field="price")
    with pytest.raises(ShapeError, match=r"in price\[1\]"):
        numbers([None, Decimal(text)], source="venue", field="price")
    with pytest.raises(ShapeError, match=r"in price\[1\]"):
        numbers([Decimal(1), Decimal(text)], source="venue", field="price")
    with pytest.raises(ShapeError, match="in split"):
        ratio(Decimal(text), Decimal(1), source="venue", field="split")


@given(st.lists(st.none() | st.decimals(-(10**17), 10**17, allow_nan=False, places=8)))
def test_numbers_are_the_nearest_floats(values):
    found = numbers(values, source="venue", field="price").to_list()
    assert found == [None if value is None else float(value) for value in values]


def test_a_ratio_is_of_positive_numbers():
    assert ratio(Decimal(3), Decimal(2), source="venue", field="split") == 1.5
    for new, old in ((0, 1), (1, 0), (-1, 1)):
        with pytest.raises(ShapeError, match=f"a split of {new} for {old}"):
            ratio(Decimal(new), Decimal(old), source="venue", field="split")


def test_facts_without_a_value_are_left_out():
    found = facts({"name": " Apple ", "sector": None, "industry": "  "}, NOW)
    assert found.schema == SCHEMAS[Kind.FACTS]
    assert found.rows() == [(NOW, NOW, NOW, "name", "Apple")]
    assert facts({}, NOW).schema == SCHEMAS[Kind.FACTS]


def test_what_is_not_offered_is_refused():
    with pytest.raises(DataProviderError, match="venue offers bars, quotes; no book"):
        offered(Kind.BOOK, frozenset({Kind.QUOTES, Kind.BARS}), source="venue")


async def test_each_asks_a_few_at_once_and_answers_in_order():
    running, most = 0, 0

    async def ask(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (5 - item))
        running -= 1
        return item * 10

    assert await each(ask, range(5), at_once=2) == [0, 10, 20, 30, 40]
    assert most == 2


async def test_the_first_failure_ends_the_others():
    ended = []

    async def ask(item):
        if item == 0:
            raise DataProviderError("no")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append(item)
            raise

    with pytest.raises(DataProviderError, match="no"):
        await each(ask, range(3))
    assert ended == [1, 2]


@pytest.mark.parametrize(("symbol", "refused"), [("AAPL", True), ("BTC-USD", True), ("^IRX", False), ("CL=F", False)])
def test_only_what_can_be_worth_less_than_nothing_is(symbol, refused):
    stamps = pl.Series("stamp", [date(2020, 4, 17), date(2020, 4, 20)])
    prices = {name: pl.Series(name, [18.3, -37.63]) for name in ("open", "high", "low", "close")}
    made = partial(bars, stamps, prices, guess(symbol), DAY, source="acme", now=datetime(2021, 1, 1, tzinfo=UTC))
    if refused:
        with pytest.raises(ShapeError, match=r"acme sends the price -37.63 in open\[1\]"):
            made()
    else:
        assert made()["close"].to_list() == [18.3, -37.63]
