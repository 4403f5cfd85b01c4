import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.workers.freight import Freight

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(timezones=st.just(UTC)),
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def _equal(one, other):
    if isinstance(one, float):
        return isinstance(other, float) and (one == other or (math.isnan(one) and math.isnan(other)))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@given(value=_VALUES)
def test_plain_values_come_back_as_they_were(tmp_path_factory, value):
    freight = Freight(tmp_path_factory.getbasetemp(), side="one")
    assert _equal(value, freight.unpack(freight.pack(value)))


@given(
    rows=st.lists(
        st.tuples(st.floats(), st.none() | st.text(), st.dates(date(1900, 1, 1), date(2100, 1, 1))), max_size=9
    )
)
def test_frames_come_back_as_they_were(tmp_path_factory, rows):
    schema = {"price": pl.Float64, "word": pl.String, "day": pl.Date}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    folder = tmp_path_factory.mktemp("frames")
    back = Freight(folder, side="two").unpack(Freight(folder, side="one").pack({"a": [frame, frame]}))
    assert all(one.equals(frame) and one.schema == frame.schema for one in back["a"])
    assert sorted(path.name for path in folder.iterdir()) == ["one0", "one1"]


def test_the_annotation_decides_what_is_built(tmp_path):
    freight = Freight(tmp_path, side="one")
    span = freight.unpack(freight.pack(timedelta(hours=1)), timedelta)
    assert span == timedelta(hours=1)
    assert freight.unpack(freight.pack([1, 2]), tuple[int, ...]) == (1, 2)
    assert freight.unpack(freight.pack(datetime(2020, 1, 1, tzinfo=UTC))) == datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="Expected `str`, got `int`"):
        freight.unpack(freight.pack(1), str)
