"""Imports, a second time and judged: what is tried again, whose bars they are, what prices are adjusted for."""

import fcntl
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.data.bar_store import WITHDRAWN
from ara.data.files.columns import says_nothing
from ara.data.files.spooling import spooling
from ara.data.imports import import_path
from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind
from ara.errors import ValidationError
from ara.testing import FakeClock

NOW = datetime(2020, 9, 1, 15, tzinfo=UTC)
HEAD = "Date,Open,High,Low,Close,Volume\n"


def rows(*days: tuple[str, float]) -> str:
    return HEAD + "".join(f"{day},{close},{close},{close},{close},100\n" for day, close in days)


@pytest.fixture
def store(tmp_path):
    lake = Lake.at(tmp_path / "lake", clock=FakeClock(NOW))
    yield lake
    lake.close()


@pytest.fixture
def bring(store, tmp_path):
    def bringing(name, content=None, *, now=NOW, **said):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        return import_path(store, path, clock=FakeClock(now), **said)

    return bringing


def test_what_was_refused_as_not_over_is_tried_again(store, bring):
    first = bring("KO.csv", rows(("2020-08-31", 49.5), ("2020-09-01", 49.9)))
    assert (first.new, first.refused[0].reason) == (1, "its bar is not over yet")
    again = bring("KO.csv")
    assert (again.new, again.same, again.skipped, again.refused[0].count) == (0, 1, (), 1)
    later = bring("KO.csv", now=NOW + timedelta(days=1))
    assert (later.new, later.same, later.refused) == (1, 1, ())
    done = bring("KO.csv", now=NOW + timedelta(days=2))
    assert done.skipped == ("KO.csv was imported before and has not changed.",)


def test_one_symbol_that_is_gone_makes_the_file_new(store, bring):
    text = "symbol,date,close\n" + "".join(f"{name},2020-08-{day},{day}\n" for name in ("KO", "PG") for day in (27, 28))
    bring("two.csv", text)
    bring("KO.csv", rows(("2020-08-27", 49.5)), source="two")
    kept = store.brought(source="file:two").filter(pl.col("symbol") == "PG")
    taken = kept.select("symbol", "source", "fetch", learned_at=pl.lit(NOW, pl.Datetime("us", "UTC")))
    store.withdraw(taken.cast(dict(WITHDRAWN)))
    assert store.catalogue()["symbol"].to_list() == ["KO"]
    again = bring("two.csv", now=NOW + timedelta(hours=1))
    assert (again.new, again.skipped) == (2, ())
    assert store.catalogue()["symbol"].to_list() == ["KO", "PG"]
    assert bring("two.csv").skipped


def test_a_column_for_each_symbol_is_said_and_a_kept_symbol_is_a_known_one(store, bring):
    text = "Date,HDFC,NSE\n2020-08-27,1,2\n2020-08-28,1.5,2.5\n"
    with pytest.raises(ValidationError, match="HDFC, NSE, none of which is a symbol that is known") as caught:
        bring("all.csv", text)
    assert "--wide" in caught.value.hint
    assert store.catalogue().is_empty()
    bring("HDFC.csv", rows(("2020-08-31", 49.5)))
    told = bring("all.csv", text)
    assert (told.new, told.symbols) == (4, 2)
    assert told.notes[1:] == (
        "all.csv: taken as one column of closes for each symbol: HDFC, NSE.",
        "all.csv: closes only: open, high and low are taken as the close.",
    )
    assert bring("other.csv", text.replace("NSE", "BSE"), wide=True).new == 4


PRICED = "Date,Open,High,Low,Close\n2020-08-26,49,50,48,49.5\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nan,inf,-1,1e308", "its close is beyond what a price can be (1e-15 to 1e+15)"),
        ("49,50,48,-5", "its close is not above 0"),
        ("0,50,48,49", "its open is not above 0"),
        ("49,1e400,48,49", "its high is no finite number"),
        ("49,inf,48,49", "its high is no finite number"),
        ("49,50,5e-324,49", "its low is beyond what a price can be (1e-15 to 1e+15)"),
    ],
)
def test_a_price_that_is_none_is_refused_by_its_row(store, bring, tmp_path, row, reason):
    text = f"{PRICED}2020-08-27,{row}\n"
    done = bring("KO.csv", text)
    assert (done.new, [(one.reason, one.count, one.rows) for one in done.refused]) == (1, [(reason, 1, (2,))])
    assert store.bars("KO", "1d")["close"].to_list() == [49.5]
    assert text.encode() in store.fetched(store.bars("KO", "1d")["fetch"][0])["body"].to_list()
    with pytest.raises(ValidationError, match="nothing of it was imported"):
        bring("KO.csv", strict=True, source="again")


@pytest.mark.parametrize("name", ["CL=F", "^IRX"])
def test_a_future_or_an_index_may_be_worth_nothing_or_less(store, bring, name):
    text = PRICED + "2020-08-27,49,50,-40,-37.63\n2020-08-28,0,1,0,0\n2020-08-31,1,inf,1,1\n"
    done = bring("oil.csv", text, symbol=name)
    assert (done.new, [one.reason for one in done.refused]) == (3, ["its high is no finite number"])
    assert store.bars(name, "1d")["close"].to_list() == [49.5, -37.63, 0]
    mixed = bring("mixed.csv", "Symbol,Date,Close\nKO,2020-08-27,-1\nCL=F,2020-08-27,-1\nPG,2020-08-27,1\n")
    assert (mixed.new, [(one.reason, one.rows) for one in mixed.refused]) == (2, [("its close is not above 0", (1,))])


def test_a_file_without_a_row_that_can_be_a_bar_is_an_error(store, bring, tmp_path):
    text = "Date,Close\n2020-08-26,-1\n2020-08-27,inf\n2020-08-28,\n"
    with pytest.raises(ValidationError, match=r"KO\.csv has no row that can be a bar: row 3: it has no close; row 1"):
        bring("KO.csv", text)
    bring("PG.csv", rows(("2020-08-28", 1.5)))
    both = bring("")
    assert both.files == 0
    assert any("KO.csv has no row that can be a bar" in words for words in both.skipped)
    assert store.catalogue()["symbol"].to_list() == ["PG"]


def test_an_infinite_volume_is_refused_and_a_missing_open_is_none(store, bring):
    done = bring("KO.csv", HEAD + "2020-08-26,,50,48,49,1\n2020-08-27,49,50,48,49,inf\n")
    assert (done.new, done.refused[0].reason) == (1, "its volume is no finite number")
    assert store.bars("KO", "1d")["open"].to_list() == [None]


def test_an_import_says_how_good_its_bars_are(store, bring):
    good, bad = bring("KO.csv", rows(("2020-08-27", 49.5))), bring("PG.csv", PRICED + "2020-08-27,49,40,48,49\n")
    assert [(one.symbol, one.score, one.worst, one.issues) for one in good.quality] == [("KO", 1.0, "", ())]
    (grade,) = bad.quality
    assert (grade.symbol, grade.timeframe, grade.worst) == ("PG", "1d", "warning")
    assert grade.score < 1
    assert any(words.startswith("warning, ") for words in grade.issues)


@pytest.mark.parametrize("name", ["EURUSD", "BTC-USD", "^GSPC"])
def test_an_adjusted_close_of_what_is_never_adjusted_is_left_out(store, bring, name):
    head = "Date,Open,High,Low,Close,Adj Close\n"
    done = bring("a.csv", head + "2020-08-27,2,2,2,2,2\n2020-08-28,3,3,3,3,3\n", symbol=name)
    kept = store.bars(name, "1d")
    assert (kept["basis"].unique().to_list(), kept["adjusted"].to_list()) == (["raw"], [None, None])
    assert not any("adjusted" in note for note in done.notes)
    shares = bring("b.csv", head + "2020-08-27,2,2,2,2,2\n2020-08-28,3,3,3,3,3\n", symbol="KO")
    assert "adjusted for splits and dividends" in shares.notes[0]
    assert store.bars("KO", "1d")["adjusted"].to_list() == [2.0, 3.0]


def test_of_very_many_bars_check_tells(store, bring, monkeypatch):
    monkeypatch.setattr("ara.data.imports.MOST", 3)
    whole = bring("KO.csv", rows(("2020-08-27", 49.5)))
    assert (len(whole.quality), whole.unjudged) == (1, ())
    days = ("2020-08-25", "2020-08-26", "2020-08-27", "2020-08-28")
    lines = [f"{name},{day},{9}" for name, count in (("PG", 4), ("KO", 2), ("GE", 2), ("T", 1)) for day in days[:count]]
    many = bring("many.csv", "symbol,date,close\n" + "\n".join(lines))
    assert [one.symbol for one in many.quality] == ["GE", "T"]
    assert [(one.symbol, one.timeframe, one.source) for one in many.unjudged] == [
        ("KO", "1d", "file:many"),
        ("PG", "1d", "file:many"),
    ]


def test_of_a_series_in_parts_no_part_is_judged_alone(store, bring, monkeypatch):
    monkeypatch.setattr("ara.data.imports.MOST", 3)
    monkeypatch.setattr("ara.data.files.series._TOGETHER", 4)
    days = [f"2020-08-{day}" for day in (20, 21, 24, 25, 26)]
    found = bring("KO.csv", rows(*((day, 49.5 + place) for place, day in enumerate(days))))
    assert (found.new, found.quality, [one.symbol for one in found.unjudged]) == (5, (), ["KO"])


@pytest.mark.parametrize(
    ("stamps", "said", "note"),
    [
        (("2020-08-27 14:00", "2020-08-27 15:00"), {}, "its times name no zone and are taken as those of UTC"),
        (("2020-08-27 14:00", "2020-08-27 15:00"), {"timezone": "Europe/Paris"}, "taken as those of Europe/Paris"),
        (("2020-08-27T14:00Z", "2020-08-27T15:00Z"), {}, ""),
        (("2020-08-27", "2020-08-28"), {}, ""),
        (("1598536800", "1598540400"), {}, ""),
    ],
)
def test_the_zone_that_times_are_taken_to_be_of_is_said(bring, stamps, said, note):
    notes = " ".join(bring("KO.csv", rows(*((one, 49.5) for one in stamps)), **said).notes)
    assert (note in notes) if note else ("zone" not in notes)


def test_prices_that_are_lacking_are_said(bring):
    said = " ".join(bring("KO.csv", "Date,Close\n2020-08-27,1\n").notes)
    assert "KO.csv: closes only: open, high and low are taken as the close." in said
    said = " ".join(bring("PG.csv", "Date,High,Low,Close\n2020-08-27,1,1,1\n").notes)
    assert "PG.csv: it has no open: the close is taken for that." in said


@pytest.mark.parametrize(
    "name",
    ["data", "prices", "export (1)", "Export", "download (2)", "data_2020", "prices-daily", "history_1d", "OHLCV", "1"],
)
def test_a_name_that_any_table_has_is_no_symbol(store, bring, name):
    assert says_nothing(name)
    with pytest.raises(ValidationError, match="doesn't say whose bars it holds") as caught:
        bring(f"{name}.csv", rows(("2020-08-31", 49.5)))
    assert "--symbol AAPL" in caught.value.hint
    assert store.catalogue().is_empty()
    assert bring(f"{name}.csv", symbol="KO").new == 1
    assert bring(f"{name}.csv", "symbol,date,close\nPG,2020-08-31,1\n").new == 1


@pytest.mark.parametrize("name", ["KO", "aapl.us", "vix", "btc-usd_1h", "EURUSD", "BRK-B", "AAPL_daily_2020"])
def test_a_name_that_is_a_symbol_stays_one(name):
    assert not says_nothing(name)


def test_in_a_folder_only_the_nameless_is_passed_over(store, bring, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("KO", "prices"):
        (tmp_path / "in" / f"{name}.csv").write_text(rows(("2020-08-31", 49.5)))
    done = bring("in")
    assert (done.new, len(done.skipped), "prices.csv doesn't say" in done.skipped[0]) == (1, 1, True)


def split(store, value=4.0, symbol="AAPL"):
    at = datetime(2020, 8, 31, 13, 30, tzinfo=UTC)
    row = {"at": at, "known_at": at, "learned_at": at, "action": "split", "value": value, "currency": "", "basis": ""}
    store.append_facts(Kind.ACTIONS, symbol, "yahoo", pl.DataFrame([row], schema=SCHEMAS[Kind.ACTIONS]))


@pytest.mark.parametrize(
    ("closes", "value", "basis", "words"),
    [
        ((124.8, 129.0), 4.0, "split", "adjusted for splits (they don't step at the 4:1 split of AAPL on 2020-08-31)"),
        ((499.2, 129.0), 4.0, "raw", "taken as traded (they step at 1 of 1 known splits)"),
        ((12.48, 129.0), 0.1, "raw", "taken as traded (they step at 1 of 1 known splits)"),
        (
            (124.8, 129.0),
            0.1,
            "split",
            "adjusted for splits (they don't step at the 0.1:1 split of AAPL on 2020-08-31)",
        ),
        ((124.8, 129.0), 1.2, "raw", "taken as traded (it has no adjusted closes, and no split in its time is known)"),
    ],
)
def test_known_splits_tell_what_prices_are(store, bring, closes, value, basis, words):
    split(store, value)
    done = bring("AAPL.csv", rows(("2020-08-28", closes[0]), ("2020-08-31", closes[1])))
    assert done.notes == (f"AAPL.csv: AAPL, bars of 1d, prices {words}.",)
    assert set(store.bars("AAPL", "1d")["basis"]) == {basis}


def test_a_split_outside_of_the_file_or_of_another_says_nothing(store, bring):
    split(store, symbol="TSLA")
    split(store)
    assert "taken as traded" in bring("AAPL.csv", rows(("2020-08-26", 124.8), ("2020-08-28", 129.0))).notes[0]
    as_said = bring("KO.csv", rows(("2020-08-28", 1), ("2020-08-31", 1)), basis="raw").notes[0]
    assert "prices as traded (as said)" in as_said


def test_many_symbols_are_named_in_few_words(store, bring):
    text = "symbol,date,close\n" + "".join(f"S{n},2020-08-{day},{day}\n" for n in range(5) for day in (27, 28))
    assert bring("many.csv", text).notes[0].startswith("many.csv: S0, S1, S2 and 2 more, bars of 1d")


def test_spools_of_dead_imports_are_cleared(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, young, held, other = (tmp_path / name for name in ("ara-import-a", "ara-import-b", "ara-import-c", "other"))
    for folder in (dead, young, held, other):
        folder.mkdir()
        (folder / "000000.parquet").write_bytes(b"rows")
    (tmp_path / "ara-import-link").symlink_to(other, target_is_directory=True)
    for folder in (dead, held, other):
        os.utime(folder, (1e9, 1e9))
    os.utime(tmp_path / "ara-import-link", (1e9, 1e9), follow_symlinks=False)
    handle = os.open(held, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with spooling() as mine:
            assert mine.parent == tmp_path
            assert not dead.exists()
            os.utime(mine, (1e9, 1e9))
            with spooling():
                assert mine.exists()
    finally:
        os.close(handle)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["ara-import-b", "ara-import-c", "ara-import-link", "other"]
    assert (other / "000000.parquet").exists()
    with spooling():
        assert not held.exists()
    assert Path(young, "000000.parquet").exists()
