"""What is kept of an instrument, seen as of a moment."""

import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.bar_store import ROWS
from ara.data.provider import SCHEMAS, Kind
from ara.data.view import Kept, stated, view
from ara.market.bars import SCHEMA, Basis
from ara.market.calendar import calendar
from ara.market.symbols import resolve
from ara.market.timeframe import DAY

APPLE, BITCOIN = resolve("AAPL"), resolve("BTC-USD")
ACTIONS = {"symbol": pl.String(), "source": pl.String(), **SCHEMAS[Kind.ACTIONS]}
DAYS = calendar("XNYS").sessions(date(2020, 8, 24), date(2020, 9, 4))
TODAY = datetime(2020, 11, 7, tzinfo=UTC)
SPLIT_DAY = date(2020, 8, 31)


def rows(closes, *, source="yahoo", instrument=APPLE, basis="split", learned=TODAY, adjusted=None, days=DAYS):
    hours = calendar(instrument.calendar)
    made = []
    for place, (day, close) in enumerate(zip(days, closes, strict=False)):
        opened, known = hours.opens(day), hours.closes(day)
        received = known + timedelta(minutes=5) if learned is None else learned
        prices = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": 1000.0}
        made.append(
            {"symbol": instrument.symbol, "asset_class": instrument.asset_class.value, "timeframe": "1d"}
            | {"source": source, "at": opened, "known_at": known, "learned_at": received, **prices}
            | {"adjusted": None if adjusted is None else close * adjusted[place], "basis": basis}
            | {"quality": 1.0, "imputed": False, "fetch": ""}
        )
    return pl.DataFrame(made, schema=ROWS)


def actions(*stated, learned=TODAY):
    """Rows of (source, action, day, value, basis)."""
    opens = calendar("XNYS").opens
    made = [
        {"symbol": "AAPL", "source": source, "at": opens(day), "known_at": opens(day), "learned_at": learned}
        | {"action": action, "value": value, "currency": "USD", "basis": basis}
        for source, action, day, value, basis in stated
    ]
    return pl.DataFrame(made, schema=ACTIONS)


def asked(source):
    return (source, "asked", date(2020, 8, 24), 1.0, "raw")


SPLIT = ("yahoo", "split", SPLIT_DAY, 4.0, "raw")
TRADED = [500.0, 504.0, 496.0, 499.0, 499.23, 129.04, 134.18, 131.4, 120.88, 120.96]
DIVIDED = [price / 4 if day < SPLIT_DAY else price for day, price in zip(DAYS, TRADED, strict=True)]


def seen(kept, text, instrument=APPLE, order=()):
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return view(kept, instrument, DAY, moment=moment, order=order)


@pytest.mark.parametrize("basis", ["split", "raw"])
def test_a_split_is_seen_from_its_day_on_and_not_before(basis):
    """As a source that divides publishes it, and as one that doesn't."""
    published = rows(DIVIDED if basis == "split" else TRADED, basis=basis)
    kept = Kept(rows=published, actions=actions(SPLIT))
    before = seen(kept, "2020-08-28T21:00").bars
    assert before.frame["close"].to_list() == pytest.approx(TRADED[:5])
    assert before.frame["close"][-1] == 499.23
    after = seen(kept, "2020-09-01T02:00").bars
    assert after.frame["close"].to_list() == pytest.approx([*DIVIDED[:5], 129.04])
    assert after.frame["volume"].to_list() == pytest.approx([1000.0 * (1 if basis == "split" else 4)] * 5 + [1000.0])
    assert after.basis is Basis.TOTAL
    assert after.frame.schema == SCHEMA


def test_bars_received_before_and_after_the_split_are_one_series():
    """Kept day by day: the first five as they were traded, since the source had nothing to divide by yet."""
    kept = Kept(rows=rows(TRADED, learned=None), actions=actions(SPLIT))
    assert seen(kept, "2020-09-30").bars.frame["close"].to_list() == pytest.approx(DIVIDED)


def test_a_moment_sees_the_same_whatever_came_later():
    early = Kept(rows=rows(TRADED[:5], learned=None), actions=actions(asked("yahoo")))
    late = Kept(rows=rows(DIVIDED), actions=actions(asked("yahoo"), SPLIT))
    one, two = (seen(kept, "2020-08-28T21:00").bars.frame.drop("learned_at", "volume") for kept in (early, late))
    assert one.equals(two)


def test_a_source_that_was_never_asked_for_actions_is_not_mixed_with_others():
    kept = Kept(
        rows=pl.concat([rows(DIVIDED, source="file:old"), rows(TRADED, source="polygon", basis="raw")]),
        actions=actions(("polygon", "split", SPLIT_DAY, 4.0, "raw")),
    )
    found = seen(kept, "2020-09-30")
    assert set(found.traded) == {"polygon"}
    assert found.bars.frame["close"].to_list() == pytest.approx(DIVIDED)
    assert found.bars.frame["source"].unique().to_list() == ["polygon"]


def test_two_sources_in_one_basis_vote():
    kept = Kept(
        rows=pl.concat([rows(DIVIDED), rows(TRADED, source="polygon", basis="raw")]),
        actions=actions(SPLIT, ("polygon", "split", SPLIT_DAY, 4.0, "raw")),
    )
    frame = seen(kept, "2020-09-30").bars.frame
    assert frame["votes"].to_list() == [2] * 10
    assert set(frame["source"][0].split("+")) == {"yahoo", "polygon"}
    assert frame["close"].to_list() == pytest.approx(DIVIDED)


def test_one_file_is_adjusted_by_its_own_closes():
    whole = rows(TRADED, source="file:a", basis="raw", adjusted=[0.25 if day < SPLIT_DAY else 1.0 for day in DAYS])
    found = seen(Kept(rows=whole, actions=actions()), "2020-09-30")
    assert found.bars.frame["close"].to_list() == pytest.approx(DIVIDED)
    assert found.bars.basis is Basis.TOTAL
    assert not found.traded
    bare = rows(TRADED, source="file:a", basis="raw")
    assert seen(Kept(rows=bare, actions=actions()), "2020-09-30").bars.basis is Basis.RAW
    total = rows(DIVIDED, source="file:a", basis="total")
    assert seen(Kept(rows=total, actions=actions()), "2020-09-30").bars.basis is Basis.TOTAL


def test_the_preferred_source_then_what_can_be_adjusted_then_the_newest_then_the_longest():
    bare = rows(TRADED, source="file:bare", basis="raw")
    whole = rows(DIVIDED, source="file:total", basis="total")
    shorter = rows(DIVIDED[2:], source="file:short", basis="total", days=DAYS[2:])
    older = rows(DIVIDED[:-1], source="file:older", basis="total")
    kept = Kept(rows=pl.concat([bare, whole, shorter, older]), actions=actions())
    assert seen(kept, "2020-09-30").bars.frame["source"][0] == "file:total"
    assert seen(kept, "2020-09-30", order=("file:older",)).bars.frame["source"][0] == "file:older"
    assert seen(kept, "2020-09-30", order=("file:bare",)).bars.frame["source"][0] == "file:bare"


def test_coins_have_nothing_to_adjust_and_merge_in_any_basis():
    days = [date(2020, 8, 24) + timedelta(days=day) for day in range(3)]
    one = rows([11_000.0, 11_100.0, 11_200.0], source="kraken", instrument=BITCOIN, basis="raw", days=days)
    other = rows([11_001.0, 11_101.0, 11_201.0], source="yahoo", instrument=BITCOIN, basis="split", days=days)
    found = seen(Kept(rows=pl.concat([one, other]), actions=actions()), "2020-09-30", BITCOIN)
    assert set(found.traded) == {"kraken", "yahoo"}
    assert found.bars.basis is Basis.SPLIT


@pytest.mark.parametrize("name", ["EURUSD", "BTC-USD", "^GSPC"])
@pytest.mark.parametrize("basis", ["raw", "total"])
def test_an_adjusted_close_is_no_word_where_nothing_is_adjusted(name, basis):
    """One file with a column of adjusted closes does not silence two that agree."""
    what = resolve(name)
    days = calendar(what.calendar).sessions(date(2020, 8, 24), date(2020, 8, 28))[:3]
    good = [rows([1.10, 1.11, 1.12], source=f"file:{one}", instrument=what, days=days) for one in ("b", "c")]
    bad = rows([1.6, 1.7, 1.8], source="file:a", instrument=what, basis=basis, adjusted=[1.0, 1.0, 1.0], days=days)
    found = seen(Kept(rows=pl.concat([bad, *good]), actions=actions()), "2020-09-30", what)
    assert set(found.traded) == {"file:a", "file:b", "file:c"}
    frame = found.bars.frame
    assert frame["close"].to_list() == pytest.approx([1.10, 1.11, 1.12])
    assert frame["source"].unique().to_list() == ["file:b+file:c"]
    alone = seen(Kept(rows=bad, actions=actions()), "2020-09-30", what)
    assert alone.bars.frame["close"].to_list() == [1.6, 1.7, 1.8]
    assert set(alone.traded) == {"file:a"}


def test_an_open_bar_and_what_is_not_known_yet_are_not_seen():
    open_bar = rows(TRADED[:1], learned=calendar("XNYS").opens(DAYS[0]) + timedelta(hours=1))
    assert seen(Kept(rows=open_bar, actions=actions()), "2020-09-30") is None
    closed = Kept(rows=rows(TRADED), actions=actions())
    assert seen(closed, "2020-08-24T19:59") is None
    assert len(seen(closed, "2020-08-24T20:00").bars) == 1
    assert seen(Kept(rows=ROWS.to_frame(), actions=actions()), "2020-09-30") is None


@given(cut=st.integers(1, 10), ratio=st.sampled_from([2.0, 4.0, 0.1]), place=st.integers(1, 9), cash=st.floats(0.1, 9))
def test_nothing_that_comes_later_is_in_any_view(cut, ratio, place, cash):
    """Cut the kept rows and actions at a moment, or see the whole as of it: the same bars."""
    stated = actions(("a", "split", DAYS[place], ratio, "raw"), ("a", "dividend", DAYS[place - 1], cash, "raw"))
    whole = Kept(rows=rows(TRADED, source="a", basis="raw", learned=None), actions=stated)
    moment = calendar("XNYS").closes(DAYS[cut - 1])
    past = Kept(
        rows=whole.rows.filter(pl.col("known_at") <= moment), actions=stated.filter(pl.col("known_at") <= moment)
    )
    now, then = (view(kept, APPLE, DAY, moment=moment, order=("a",)) for kept in (whole, past))
    assert now.bars.frame.equals(then.bars.frame)
    assert now.bars.frame["close"][-1] == TRADED[cut - 1]


def test_a_later_split_does_not_shrink_an_earlier_dividend():
    """Before the split the source states 8 for a share; after it, 2: it was 8 that was paid."""
    paid = ("yahoo", "dividend", date(2020, 8, 26), 8.0, "split")
    before = Kept(rows=rows(TRADED[:5], learned=None), actions=actions(paid, learned=datetime(2020, 8, 27, tzinfo=UTC)))
    divided = ("yahoo", "dividend", date(2020, 8, 26), 2.0, "split")
    after = Kept(rows=rows(DIVIDED), actions=actions(divided, SPLIT))
    one, two = (seen(kept, "2020-08-28T21:00").bars.frame["close"].to_list() for kept in (before, after))
    assert one == pytest.approx(two)
    assert one[0] == pytest.approx(500.0 * (1 - 8 / 504))


def test_the_preferred_source_is_not_outvoted_by_a_file():
    days = [date(2020, 8, 24) + timedelta(days=day) for day in range(3)]
    ours = rows([11_000.0, 11_100.0, 11_200.0], source="yahoo", instrument=BITCOIN, basis="raw", days=days)
    junk = rows([99.0, 98.0, 97.0], source="file:junk", instrument=BITCOIN, basis="raw", days=days)
    found = seen(Kept(rows=pl.concat([junk, ours]), actions=actions()), "2020-09-30", BITCOIN, order=("yahoo",))
    assert found.bars.frame["close"].to_list() == [11_000.0, 11_100.0, 11_200.0]


def test_what_one_file_states_of_splits_goes_for_another():
    kept = Kept(
        rows=pl.concat(
            [
                rows(TRADED, source="file:raw", basis="raw"),
                rows(DIVIDED[5:], source="file:total", basis="total", days=DAYS[5:]),
            ]
        ),
        actions=actions(("file:AAPL", "split", SPLIT_DAY, 4.0, "raw"), ("file:AAPL", "dividend", DAYS[7], 1.0, "raw")),
    )
    found = seen(kept, "2020-09-30")
    assert set(found.traded) == {"file:raw"}
    assert len(found.actions) == 2


LONG = calendar("XNYS").sessions(date(2019, 1, 2), date(2020, 6, 30))


def wave(**rest):
    closes = [100 + 5 * math.sin(place / 9) + place % 7 / 10 for place in range(len(LONG))]
    return rows(closes, basis="raw", days=LONG, **rest)


def hurt(frame, place, **prices):
    here = pl.int_range(pl.len()) == place
    return frame.with_columns(pl.when(here).then(price).otherwise(name).alias(name) for name, price in prices.items())


def repaired_and_not(*frames):
    kept = Kept(rows=pl.concat(frames), actions=actions())
    return [view(kept, APPLE, DAY, moment=TODAY, repaired=asked).bars.frame for asked in (True, False)]


def test_a_repair_is_made_only_where_asked_and_is_marked():
    wrong = hurt(wave(), 200, high=50.0)
    put_right, plain = repaired_and_not(wrong)
    assert plain["high"][200] == 50.0
    assert not plain["imputed"].any()
    assert put_right["high"][200] == put_right["close"][200] == plain["close"][200]
    assert put_right.filter("imputed")["at"].to_list() == [wrong["at"][200]]
    others = pl.int_range(pl.len()) != 200
    assert put_right.filter(others).equals(plain.filter(others))


def test_two_sources_outvote_the_preferred_one_that_weighs_as_much_as_both():
    wrong = hurt(wave(), 200, open=170.0, high=175.0, low=168.0, close=171.0)
    frames = [wrong, wave(source="polygon"), wave(source="binance")]
    kept = Kept(rows=pl.concat(frames), actions=actions())
    put_right, plain = (
        view(kept, APPLE, DAY, moment=TODAY, order=("yahoo",), repaired=asked).bars.frame for asked in (True, False)
    )
    assert plain["close"][200] == 171.0
    assert put_right["close"][200] == wave()["close"][200]
    assert put_right.filter("imputed")["at"].to_list() == [wrong["at"][200]]
    assert put_right["source"][200] == "binance+polygon"


@pytest.mark.parametrize(
    ("stated", "counts"),
    [
        ((), (0, 0)),
        ((SPLIT,), (1, 0)),
        ((("yahoo", "dividend", date(2020, 8, 26), 0.82, "raw"),), (0, 1)),
    ],
)
def test_how_many_actions_went_into_the_prices_is_told(stated, counts):
    kept = Kept(rows=rows(DIVIDED), actions=actions(asked("yahoo"), *stated))
    bars = seen(kept, "2020-09-05").bars
    assert bars.basis is Basis.TOTAL
    assert (bars.splits, bars.dividends) == counts


def test_of_prices_that_a_source_adjusted_itself_no_number_is_told():
    bars = seen(Kept(rows=rows(DIVIDED, adjusted=[0.5] * len(DAYS)), actions=actions()), "2020-09-05").bars
    assert (bars.splits, bars.dividends) == (None, None)


def told(kept, source, moment=TODAY):
    """Give what one source's bars are judged by."""
    return stated(kept, source, moment=moment).select("source", "action", "value").rows()


def test_bars_as_traded_are_judged_by_what_is_believed_of_others():
    """The file of prices says nothing of the split; another file, and prices that step, do."""
    prices = rows(TRADED, source="file:prices", basis="raw")
    split, paid = (
        ("file:AAPL", "split", SPLIT_DAY, 4.0, "raw"),
        ("file:AAPL", "dividend", date(2020, 8, 27), 0.8, "raw"),
    )
    kept = Kept(rows=prices, actions=actions(split, paid))
    assert told(kept, "file:prices") == [("file:AAPL", "dividend", 0.8), ("file:AAPL", "split", 4.0)]
    assert told(kept, "file:prices", datetime(2020, 8, 28, tzinfo=UTC)) == [("file:AAPL", "dividend", 0.8)]
    row = stated(kept, "file:prices", moment=TODAY).row(1, named=True)
    assert (row["symbol"], row["at"]) == ("AAPL", calendar("XNYS").opens(SPLIT_DAY))


def test_bars_are_not_judged_by_what_is_not_believed_or_not_visible_in_them():
    elsewhere = actions(("polygon", "split", date(2020, 8, 27), 4.0, "raw"))
    assert told(Kept(rows=rows(TRADED, basis="raw"), actions=elsewhere), "yahoo") == []
    divided = rows(DIVIDED, source="file:prices")
    assert told(Kept(rows=divided, actions=actions(("file:AAPL", "split", SPLIT_DAY, 4.0, "raw"))), "file:prices") == []


def test_what_a_source_states_itself_stands_once_and_even_against_its_prices():
    wrong = ("yahoo", "split", date(2020, 8, 27), 4.0, "raw")
    both = actions(wrong, SPLIT, ("polygon", "split", SPLIT_DAY, 4.0, "raw"))
    kept = Kept(rows=rows(TRADED, basis="raw"), actions=both)
    assert told(kept, "yahoo") == [("yahoo", "split", 4.0)] * 2
