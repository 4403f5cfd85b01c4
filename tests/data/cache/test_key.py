import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data import Kind
from ara.data.cache import Key
from ara.market import DAY

texts = st.text(alphabet=string.printable + "é漢\x00", max_size=12)


def test_the_spelling():
    key = Key(kind=Kind.BARS, symbol="BTC-USD", timeframe=DAY, parts=("total", "2020-02-20T00:00:00+00:00"))
    assert str(key) == "{ara:1}:bars:BTC-USD:1d:total:2020-02-20T00%3A00%3A00%2B00%3A00"
    assert str(Key(kind=Kind.RATES, symbol="EUR")) == "{ara:1}:rates:EUR:"
    assert str(Key(kind=Kind.BARS, symbol="O:AAPL", timeframe=DAY)) == "{ara:1}:bars:O%3AAAPL:1d"


@given(st.lists(st.tuples(texts, st.lists(texts, max_size=3)), min_size=2, max_size=2))
def test_two_keys_never_share_a_name(pairs):
    one, other = (Key(kind=Kind.BARS, symbol=symbol, parts=tuple(parts)) for symbol, parts in pairs)
    assert (one.text == other.text) == (one == other)
    assert not set(one.text) & set(" *?[]\r\n\x00")


@pytest.mark.parametrize("length", [100, 300, 100_000])
def test_a_long_name_is_cut_but_stays_its_own(length):
    one, other = (Key(kind=Kind.BARS, symbol="A", parts=("x" * length, last)) for last in "ab")
    assert one.text != other.text
    assert len(one.text) <= 265


def test_the_calendar_is_no_part_of_it():
    one, other = (Key(kind=Kind.BARS, symbol="A", calendar=name) for name in ("", "XNYS"))
    assert (one, one.text, hash(one)) == (other, other.text, hash(other))
