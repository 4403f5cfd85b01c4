from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.providers import exchange
from ara.data.providers.exact import Millis, Nanos, Seconds, Text, amount, instant, opened, plain
from ara.data.providers.exchange import MINUTE, Bar, bar_frame, told_frame
from ara.data.providers.ladder import Ladder
from ara.errors import ShapeError

AT = datetime(2024, 1, 1, tzinfo=UTC)


class Sample(msgspec.Struct):
    sent: Millis
    size: Text
    made: Seconds | None = None
    seen: Nanos | None = None
    held: dict[str, Text] = {}
    more: list[Any] = []


def test_a_message_becomes_plain_data_without_loss():
    inner = Sample(sent=1, size="")
    message = Sample(sent=1_704_067_200_123, size="0.10", made=1_704_067_200, seen=1_704_067_200_123_456_789)
    message = msgspec.structs.replace(message, held={"a": "1.50", "b": "?"}, more=[inner, (1, {"x": "y"})])
    kept = plain(message, source="x")
    assert kept["sent"] == AT + timedelta(milliseconds=123)
    assert str(kept["size"]) == "0.10"
    assert (kept["made"], kept["seen"]) == (AT, AT + timedelta(microseconds=123_456))
    assert kept["held"] == {"a": Decimal("1.50"), "b": "?"}
    assert kept["more"][0]["size"] is None
    assert kept["more"][1] == [1, {"x": "y"}]


@pytest.mark.parametrize("text", ["x", "NaN", "Infinity", "1,5", "--1"])
def test_what_is_no_number_quotes_the_field(text):
    with pytest.raises(ShapeError, match=r"in Sample\.size, which is no number"):
        plain(Sample(sent=1, size=text), source="x")


def test_a_time_beyond_all_years_quotes_the_field():
    with pytest.raises(ShapeError, match=r"in Sample\.sent"):
        plain(Sample(sent=10**30, size=""), source="x")


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_comes_back_as_it_was(number):
    assert amount(str(number), source="x", field="f") == number


@given(st.integers(0, 4 * 10**12))
def test_every_millisecond_comes_back(count):
    assert instant(count) - AT == timedelta(milliseconds=count - 1_704_067_200_000)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "9" * 20])
def test_what_is_no_whole_number(text):
    with pytest.raises(ShapeError, match="no whole number"):
        exchange.number_of(text, source="x", field="$.id")


def test_pairs_of_states_and_unspellable_ones_are_no_instruments():
    assert exchange.instrument("EUR", "USD") is None
    assert exchange.instrument("币安", "USDT") is None
    assert exchange.instrument("A/B", "USDT") is None
    assert exchange.instrument("BTC", "EUR").currency == "EUR"


def bar(*, closed):
    return Bar("X", AT, *map(Decimal, ("1", "2", "0.5", "1.5", "9")), closed)


@pytest.mark.parametrize(
    ("closed", "now", "known"),
    [
        (True, AT, True),
        (True, AT + timedelta(hours=1), True),
        (False, AT, False),
        (False, AT + timedelta(hours=1), False),
        (None, AT + timedelta(seconds=59), False),
        (None, AT + timedelta(seconds=60), True),
    ],
)
def test_what_the_exchange_says_of_a_bar_counts_before_the_clock(closed, now, known):
    row = bar_frame([bar(closed=closed)], MINUTE, now=now, source="x").row(0, named=True)
    assert (row["learned_at"] >= row["known_at"]) is known
    if closed is not None:
        assert told_frame([bar(closed=closed)], now=now, source="x").drop("symbol").row(0, named=True) == row
    assert (row["open"], row["high"], row["low"], row["close"], row["volume"]) == (1, 2, 0.5, 1.5, 9)


def test_of_two_states_of_a_bar_the_later_counts_and_all_ascend():
    later = bar(closed=None)._replace(at=AT + timedelta(minutes=1))
    again = bar(closed=None)._replace(close=Decimal(2))
    frame = bar_frame([later, bar(closed=None), again], MINUTE, now=AT, source="x")
    assert frame["close"].to_list() == [2.0, 1.5]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"close": Decimal("1.6")}, "close 1.5 and 1.6"),
        ({"volume": Decimal(8)}, "volume 8 and 9"),
        ({"close": Decimal("1.6"), "closed": True}, "close 1.5 and 1.6"),
    ],
)
def test_two_closed_bars_of_one_time_that_differ_are_refused(other, told):
    one, now = bar(closed=None), AT + timedelta(minutes=1)
    later = one._replace(at=AT + timedelta(minutes=1))
    with pytest.raises(ShapeError, match=f"^acme sends unlike bars of X for {AT:%Y-%m-%d %H:%M}: {told}"):
        bar_frame([one, later, one._replace(**other)], MINUTE, now=now, source="acme")
    other_symbol = one._replace(symbol="Y", **other)
    assert bar_frame([one, one, other_symbol, later], MINUTE, now=now, source="acme").height == 3
    assert bar_frame([one._replace(closed=False), one._replace(**other)], MINUTE, now=now, source="acme").height == 1


@given(st.lists(st.tuples(st.sampled_from(["bid", "ask"]), st.integers(1, 9), st.integers(0, 3)), max_size=40))
def test_a_ladder_is_what_its_changes_make_it(changes):
    book, held = Ladder([], []), {"bid": {}, "ask": {}}
    for side, price, size in changes:
        book.change(side, [(Decimal(price), Decimal(size))])
        held[side][price] = size
    assert book.bids == [(p, q) for p, q in sorted(held["bid"].items(), reverse=True) if q]
    assert book.asks == [(p, q) for p, q in sorted(held["ask"].items()) if q]


def test_a_ladder_of_some_depth_lets_the_worst_go():
    book = Ladder([], [], depth=2)
    book.change("bid", [(Decimal(n), Decimal(1)) for n in (1, 2, 3)])
    book.change("ask", [(Decimal(n), Decimal(1)) for n in (1, 2, 3)])
    assert ([p for p, _ in book.bids], [p for p, _ in book.asks]) == ([3, 2], [1, 2])


@pytest.mark.parametrize(
    ("count", "unit", "words"),
    [
        (1577836800, "millis", "before there were coins: is it in a larger unit than milliseconds"),
        (1577836800000, "seconds", "far ahead: is it in a smaller unit than seconds"),
        (10**30, "seconds", "far ahead"),
        (-(10**30), "seconds", "before there were coins"),
    ],
)
def test_a_coins_bar_opened_when_there_were_coins(count, unit, words):
    with pytest.raises(ShapeError, match=rf"acme sends the time {str(count)[:24]} in t, which is {words}"):
        opened(count, unit, source="acme", field="t")


def test_when_a_coins_bar_opened():
    assert opened(1577836800000, source="acme", field="t") == datetime(2020, 1, 1, tzinfo=UTC)
    assert opened(1577836800, "seconds", source="acme", field="t") == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("name", "price"), [("open", "0"), ("low", "-1"), ("close", "-0.5")])
def test_no_coin_is_worth_nothing(name, price):
    bar = Bar("BTC-USD", datetime(2020, 1, 1, tzinfo=UTC), *[Decimal(1)] * 5)._replace(**{name: Decimal(price)})
    now = datetime(2020, 1, 2, tzinfo=UTC)
    for made in (
        lambda: bar_frame([bar], MINUTE, now=now, source="acme"),
        lambda: told_frame([bar], now=now, source="acme"),
    ):
        with pytest.raises(ShapeError, match=rf"acme sends the price {price} in {name}\[0\]"):
            made()


def test_no_volume_is_below_zero():
    bar = Bar("BTC-USD", datetime(2020, 1, 1, tzinfo=UTC), *[Decimal(1)] * 4, Decimal("-2"))
    for make in (bar_frame, told_frame):
        how = {} if make is told_frame else {"timeframe": MINUTE}
        with pytest.raises(ShapeError, match=r"acme sends the volume -2 in volume\[0\]"):
            make([bar], now=datetime(2020, 1, 2, tzinfo=UTC), source="acme", **how)
