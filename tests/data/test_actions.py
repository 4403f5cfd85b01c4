from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.actions import believed, read
from ara.data.provider import SCHEMAS, Kind

START = datetime(2020, 8, 24, 13, 30, tzinfo=UTC)
FACTS = {"symbol": pl.String(), "source": pl.String(), **SCHEMAS[Kind.ACTIONS]}


def day(number):
    return START + timedelta(days=number)


def stated(*rows):
    """Rows of (source, action, day, value, basis, learned day)."""
    made = [
        {
            "symbol": "AAPL",
            "source": source,
            "at": day(at),
            "known_at": day(at),
            "learned_at": day(learned),
            "action": action,
            "value": value,
            "currency": "USD" if action == "dividend" else "",
            "basis": basis,
        }
        for source, action, at, value, basis, learned in rows
    ]
    return pl.DataFrame(made, schema=FACTS)


def bars(*closes, opens=None):
    columns = {"at": [day(number) for number in range(len(closes))], "open": opens or closes, "close": closes}
    schema = {"at": pl.Datetime("us", "UTC"), "open": pl.Float64(), "close": pl.Float64()}
    return pl.DataFrame(columns, schema=schema)


SPLIT = ("yahoo", "split", 2, 4.0, "raw", 30)
WHOLE = bars(400.0, 404.0, 101.0, 100.0)
FLAT = bars(400.0, 404.0, 401.0, 400.0)


def values(actions):
    return [(one.split, one.value, one.sources) for one in actions]


def test_what_the_source_states_of_its_own_bars_is_believed():
    assert values(believed(read(stated(SPLIT)), ["yahoo"], WHOLE)) == [(True, 4.0, ("yahoo",))]


@pytest.mark.parametrize(("paid", "believed_too"), [(403.9, True), (404.0, False), (5_000.0, False)])
def test_a_dividend_of_the_whole_price_is_believed_of_nobody(paid, believed_too):
    one = stated(("yahoo", "dividend", 2, paid, "raw", 30), ("polygon", "dividend", 2, paid, "raw", 30))
    assert bool(believed(read(one), ["yahoo"], FLAT)) is believed_too
    before_all = stated(("yahoo", "dividend", 0, paid, "raw", 30))
    assert len(believed(read(before_all), ["yahoo"], FLAT)) == 1


def test_an_invented_split_that_prices_contradict_is_not():
    assert believed(read(stated(SPLIT)), ["yahoo"], FLAT) == []


def test_a_second_witness_outweighs_the_prices():
    facts = stated(SPLIT, ("polygon", "split", 2, 4.0, "raw", 30))
    assert values(believed(read(facts), ["yahoo"], FLAT)) == [(True, 4.0, ("polygon", "yahoo"))]


def test_a_missing_split_needs_two_witnesses():
    other = ("polygon", "split", 2, 4.0, "raw", 30)
    assert values(believed(read(stated(other)), ["alpha"], WHOLE)) == [(True, 4.0, ("polygon",))]
    assert believed(read(stated(other)), ["alpha"], FLAT) == []
    both = stated(other, ("yahoo", "split", 2, 4.0, "raw", 30))
    assert values(believed(read(both), ["alpha"], FLAT)) == [(True, 4.0, ("polygon", "yahoo"))]


def test_a_dividend_of_another_source_needs_two_witnesses():
    one = ("polygon", "dividend", 1, 0.82, "raw", 30)
    assert believed(read(stated(one)), ["alpha"], WHOLE) == []
    two = stated(one, ("yahoo", "dividend", 1, 0.80, "raw", 30))
    assert values(believed(read(two), ["alpha"], WHOLE)) == [(False, pytest.approx(0.81), ("polygon", "yahoo"))]


def test_a_small_split_can_not_be_seen_in_prices_and_is_believed():
    small = ("yahoo", "split", 2, 1.05, "raw", 30)
    assert len(believed(read(stated(small)), ["yahoo"], FLAT)) == 1
    assert believed(read(stated(("polygon", *small[1:]))), ["yahoo"], FLAT) == []


def test_prices_that_say_nothing_leave_the_word_to_the_source():
    for odd in (bars(400.0), bars(400.0, 404.0), bars(400.0, None, 101.0), bars(400.0, 0.0, 101.0)):
        assert len(believed(read(stated(SPLIT)), ["yahoo"], odd)) == 1
        assert believed(read(stated(("polygon", *SPLIT[1:]))), ["yahoo"], odd) == []


def test_two_dividends_of_one_day_are_two_and_pair_by_amount():
    rows = [(source, "dividend", 1, amount, "raw", 30) for source in ("yahoo", "polygon") for amount in (0.50, 2.00)]
    found = believed(read(stated(*rows)), ["yahoo"], WHOLE)
    assert values(found) == [(False, 0.5, ("polygon", "yahoo")), (False, 2.0, ("polygon", "yahoo"))]


def test_sources_a_day_apart_mean_one_event():
    facts = stated(SPLIT, ("polygon", "split", 3, 4.0, "raw", 30))
    assert values(believed(read(facts), ["yahoo"], WHOLE)) == [(True, 4.0, ("polygon", "yahoo"))]
    apart = stated(SPLIT, ("polygon", "split", 5, 4.0, "raw", 30))
    assert values(believed(read(apart), ["yahoo"], WHOLE)) == [(True, 4.0, ("yahoo",))]


def test_a_dividend_divided_by_later_splits_is_told_as_it_was_paid():
    facts = stated(("yahoo", "dividend", 0, 0.205, "split", 30), SPLIT)
    assert read(facts)[0].value == pytest.approx(0.82)
    early = stated(("yahoo", "dividend", 0, 0.82, "split", 1), SPLIT)
    assert read(early)[0].value == 0.82
    other = stated(("yahoo", "dividend", 0, 0.82, "split", 30), ("polygon", *SPLIT[1:]))
    assert read(other)[0].value == 0.82


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), None])
def test_amounts_that_are_none_are_passed_over(bad):
    assert read(stated(("yahoo", "split", 2, bad, "raw", 30))) == []


def test_that_a_source_was_asked_is_no_action():
    assert read(stated(("yahoo", "asked", 0, 1.0, "raw", 30))) == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["split", "dividend"]), st.integers(0, 3)), max_size=12)
)
def test_no_source_is_counted_twice_and_nothing_depends_on_the_order(rows):
    facts = [(source, action, at, 2.0, "raw", 30) for source, action, at in rows]
    forward, backward = (believed(read(stated(*some)), "ab", FLAT) for some in (facts, facts[::-1]))
    assert forward == backward
    for one in forward:
        assert len(set(one.sources)) == len(one.sources)
