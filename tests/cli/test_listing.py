"""A list that is written while it grows reads as one document, and what was written is not held."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.cli.listing import Listing

VALUES = st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none(), st.lists(st.booleans())))


@given(st.lists(VALUES, max_size=4), st.booleans())
def test_it_is_what_json_gives_of_the_whole(documents, plain):
    lines = []
    listing = Listing(lines.append, plain=plain)
    for one in documents:
        listing.add(one)
    listing.end({"failed": [], "exit_code": 0})
    whole = {"schema": 1, "forecasts": documents, "failed": [], "exit_code": 0}
    assert "\n".join(lines) == json.dumps(whole, indent=2, ensure_ascii=plain)


def test_no_more_than_one_is_held_back():
    lines = []
    listing = Listing(lines.append)
    for number in range(5):
        listing.add({"number": number})
        assert f'"number": {number - 1}' in lines[-1] or not number
    with pytest.raises(ValueError, match="not JSON compliant"):
        listing.add({"number": float("nan")})


def test_forecasts_are_shown_as_they_come_and_the_document_is_one(ara, monkeypatch):
    names = ("AAPL", "APPL", "MSFT", "SPY")
    found = ara("predict", *names, "-d", "1", "--json", "-a", "minimal")
    data = json.loads(found.out)
    assert json.dumps(data, indent=2, ensure_ascii=False) + "\n" == found.out
    assert [one["symbol"] for one in data["forecasts"]] == ["AAPL", "MSFT", "SPY"]
    assert [one["symbol"] for one in data["failed"]] == ["APPL"]
    assert data["exit_code"] == found.code != 0
    file = ara("predict", *names, "-d", "1", "-a", "minimal", "-e", "all.json", "-q")
    assert json.loads(Path("all.json").read_text("utf-8"))["failed"] == data["failed"]
    assert file.out.count("\n\n") >= 2
    for name in ("AAPL", "MSFT", "SPY"):
        assert name in file.out
