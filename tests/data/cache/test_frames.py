from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.cache import frames
from ara.data.cache.frames import Kept, pack, unpack
from tests.data.cache.conftest import NOON, frame


def kept(of):
    return Kept(frame=of, at=NOON, until=NOON + timedelta(seconds=30))


@pytest.mark.parametrize(
    "of",
    [
        frame(),
        frame(0),
        pl.DataFrame({"symbol": ["a", None], "x": [1.5, float("nan")], "flag": [True, None]}),
        pl.DataFrame(),
    ],
)
def test_there_and_back(of):
    packed = kept(of)
    back = unpack(pack(packed))
    assert back.frame.equals(of)
    assert back.frame.schema == of.schema
    assert (back.at, back.until) == (packed.at, packed.until)


@given(st.data())
def test_damage_is_seen(data):
    whole = bytearray(pack(kept(frame(50))))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    assert unpack(bytes(whole)) is None


@given(st.binary(max_size=300))
def test_nonsense_is_no_frame(data):
    assert unpack(data) is None
    assert unpack(b"ARA1" + data) is None


def test_a_cut_value_is_no_frame():
    whole = pack(kept(frame(50)))
    assert all(unpack(whole[:length]) is None for length in range(0, len(whole), 7))


def test_what_only_looks_right_is_no_frame():
    for facts, body in [
        ((0, 0, 0, 0), b"not arrow"),
        ((2**62, 0, 0, 0), b""),
        ((0, 0, 7, 48), pack(kept(frame()))[56:]),
    ]:
        head = frames._HEAD.pack(b"ARA1", *facts, frames._digest(facts, body))
        assert unpack(head + body) is None


def test_what_is_too_large_is_neither_written_nor_read(monkeypatch):
    whole = pack(kept(frame(5_000)))
    monkeypatch.setattr(frames, "LARGEST", 50_000)
    assert pack(kept(frame(5_000))) is None
    assert unpack(whole) is None
    monkeypatch.setattr(frames, "LARGEST", 500)
    assert pack(kept(frame(20))) is None
