import hashlib
import json
import math
from enum import IntEnum, StrEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.lineage import Lineage, canonical, digest, digest_arrays

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_the_canonical_text_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


def _by_json(value: object) -> bytes:
    """Write it by the standard library, once whole floats are integers."""

    def whole(value: object) -> object:
        if isinstance(value, list):
            return [whole(one) for one in value]
        if isinstance(value, dict):
            return {key: whole(one) for key, one in value.items()}
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value

    return json.dumps(whole(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(values)
def test_the_text_is_that_of_the_standard_library(value: object) -> None:
    assert canonical(value) == _by_json(value)


@given(st.integers(1, 2**53 - 1), st.integers(-1074, 971), st.booleans())
def test_floats_are_as_short_as_python_writes_them(digits: int, power: int, below: bool) -> None:
    value = math.ldexp(-digits if below else digits, power)
    assert canonical([value]) == _by_json([value])
    near = math.ldexp(digits, power % 60 - 66)  # where most figures lie, ties between two shortest texts among them
    assert canonical({"a": near}) == _by_json({"a": near})


class _Name(StrEnum):
    HIGH = "high"


class _Rank(IntEnum):
    FIRST = 1


def test_names_and_ranks_of_a_kind_are_written_as_what_they_stand_for() -> None:
    assert canonical({_Name.HIGH: [_Name.HIGH, _Rank.FIRST, np.float64(1e-7), np.float64(0.25), 10**30]}) == (
        b'{"high":["high",1,1e-07,0.25,1000000000000000000000000000000]}'
    )


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(mapping: dict) -> None:
    assert canonical(dict(reversed(mapping.items()))) == canonical(mapping)


def test_the_text_is_the_one_that_anybody_would_write() -> None:
    assert canonical({"b": [1.0, 0.1, None, True], "a": "é\n"}) == '{"a":"é\\n","b":[1,0.1,null,true]}'.encode()
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert canonical((1, 2)) == canonical([1, 2])
    assert canonical(-0.0) == b"0"
    assert canonical(1e300) == b"1e+300"


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": [-math.inf]}])
def test_what_json_can_not_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="NaN"):
        canonical(value)


@pytest.mark.parametrize("value", [{1: 2}, {1, 2}, b"x", object(), np.float64(1)])
def test_what_is_no_plain_value_is_refused(value: object) -> None:
    if isinstance(value, float):
        assert canonical(value) == b"1"
        return
    with pytest.raises(TypeError, match="canonical JSON"):
        canonical(value)


def test_arrays_are_told_apart_by_name_type_shape_and_content() -> None:
    a = np.arange(6, dtype=np.float64)
    seen = {
        digest_arrays([("a", a)]),
        digest_arrays([("b", a)]),
        digest_arrays([("a", a.astype(np.float32))]),
        digest_arrays([("a", a.reshape(2, 3))]),
        digest_arrays([("a", a + 1e-16 * (np.arange(6) == 3))]),
        digest_arrays([("a", a[:3]), ("a", a[3:])]),
    }
    assert len(seen) == 5  # the tiny change is lost in 3.0 itself
    assert digest_arrays([("a", a.astype(">f8"))]) == digest_arrays([("a", a)])
    assert digest_arrays([("a", np.asfortranarray(a.reshape(2, 3)))]) == digest_arrays([("a", a.reshape(2, 3))])


def test_the_id_covers_all_but_the_platform() -> None:
    base = {"data": "d", "features": "f", "models": {"m": 1}, "settings": {"s": 1}, "seed": 0, "engine": "1"}
    one = Lineage(**base)
    assert one.id == digest(base)
    assert Lineage(**base, platform={"simd": "AVX2"}).id == one.id
    for name, other in {"data": "x", "features": "x", "models": {}, "settings": {}, "seed": 1, "engine": "2"}.items():
        assert Lineage(**{**base, name: other}).id != one.id
