from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.cli.render.why import answer, document
from ara.cli.screen import Flags, Screen
from ara.cli.words import width
from ara.data.actions import Action
from ara.data.provenance import Fetch, Provenance, Witness
from ara.market import DAY, Bars, Basis
from ara.market.bars import SCHEMA
from ara.market.symbols import resolve

OPEN = datetime(2020, 8, 28, 13, 30, tzinfo=UTC)
BAR = {
    "at": OPEN,
    "known_at": OPEN + timedelta(hours=6, minutes=30),
    "learned_at": datetime(2026, 11, 20, tzinfo=UTC),
    **dict.fromkeys(("open", "high", "low", "close"), 124.8075),
    "volume": 1.0,
    "source": "polygon+yahoo",
    "quality": 0.97,
    "imputed": False,
}


def witness(source, close, adjusted=124.8075, **rest):
    told = {"basis": "split", "traded": 499.23, "weight": 0.4, "vote": True, "quality": 1.0, "conflict": ""}
    told |= {"learned_at": BAR["learned_at"], "revisions": 1, "fetch": "", **rest}
    return Witness(source=source, close=close, adjusted=adjusted, **told)


def micro(*date):
    return int(datetime(*date, 13, 30, tzinfo=UTC).timestamp() * 1_000_000)


@pytest.fixture
def told():
    row = {**dict.fromkeys(SCHEMA.names()), **BAR, **({"votes": 3} if "votes" in SCHEMA else {})}
    frame = pl.DataFrame([row], schema=SCHEMA)
    bars = Bars(instrument=resolve("AAPL"), timeframe=DAY, basis=Basis.TOTAL, frame=frame)
    return Provenance(
        bars=bars,
        bar=frame.row(0, named=True),
        witnesses=(
            witness("yahoo", 124.8075),
            witness("polygon", 124.8075),
            witness("alpha_vantage", 499.23, basis="raw"),
        ),
        actions=(
            Action(split=True, effective=micro(2020, 8, 31), value=4.0, sources=("yahoo",)),
            Action(split=False, effective=micro(2020, 11, 6), value=0.205, currency="USD", sources=("yahoo",)),
        ),
        fetches=(
            Fetch(
                at=datetime(2026, 11, 20, 9, 5, tzinfo=UTC),
                source="yahoo",
                fetch="ab" * 32,
                tried=(
                    {"source": "polygon", "ok": False, "words": "503"},
                    {"source": "yahoo", "ok": True, "words": ""},
                ),
            ),
        ),
    )


def shown(told, columns=160):
    return answer(told, Screen(Flags(width=columns, colour=False), runner=None))


def test_the_form(told):
    said = "yahoo 124.81   polygon 124.81   alpha_vantage 499.23 (raw; 4:1 split on 31 Aug; adjusted: 124.81)"
    assert shown(told).splitlines() == [
        f"  close 124.81   from  {said}",
        "  quality 0.97   repaired: no   known at 2020-08-28 20:00 UTC, learned 2026-11-20",
        "  Since then: a 4:1 split on 31 Aug 2020, 1 dividend, the last 0.205 USD.",
        "  Asked 2026-11-20 09:05 UTC: polygon gave nothing (503); yahoo answered.",
    ]


@pytest.mark.parametrize("columns", range(20, 170, 7))
def test_it_fits(told, columns):
    text = shown(told, columns)
    assert max(map(width, text.splitlines())) <= max(columns, 40)
    assert "".join(text.split()).count("499.23") == 1


def test_conflicts_and_corrections_are_said(told):
    others = (
        witness("yahoo", 124.81, adjusted=124.81, revisions=2),
        witness("kraken", 130.0, adjusted=130.0, vote=False, revisions=4),
        witness("polygon", 12.48, adjusted=None, vote=False, conflict="a tenth of the others"),
    )
    text = shown(
        replace(told, witnesses=others, actions=(), fetches=told.fetches * 5, bar={**told.bar, "imputed": True})
    )
    assert "yahoo 124.81 (corrected once)" in text
    assert "kraken 130.00 (disagrees; corrected 3x)" in text
    assert "polygon 12.48 (a tenth of the others)" in text
    assert "repaired: yes" in text
    assert "And 2 earlier requests" in text
    assert "Since then" not in text


def test_without_a_witness_the_source_stands(told):
    assert "from  polygon+yahoo" in shown(replace(told, witnesses=()))


def test_control_characters_stay_out(told):
    text = shown(replace(told, witnesses=(witness("ev\x1b[31mil", 1.0, conflict="\x1b]0;x\x07"),)))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_the_document(told):
    data = document(told)
    assert (data["schema"], data["symbol"], data["close"], data["known_at"]) == (
        1,
        "AAPL",
        124.8075,
        "2020-08-28T20:00:00Z",
    )
    assert [one["source"] for one in data["witnesses"]] == ["yahoo", "polygon", "alpha_vantage"]
    assert data["actions"][0] == {
        "action": "split",
        "at": "2020-08-31T13:30:00Z",
        "value": 4.0,
        "currency": "",
        "sources": ["yahoo"],
    }
    assert data["fetches"][0]["tried"][0]["words"] == "503"
