import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.files import Refused, series
from ara.data.grades import Grade
from ara.data.imported import Imported
from ara.data.imports import import_path
from ara.data.lake import Lake
from ara.data.origin import cleaned, origin
from ara.data.provider import Kind
from ara.data.withdraw import meant, withdraw
from ara.errors import AraError, CancelledError, ValidationError
from ara.settings import DataSettings, Settings
from ara.testing import FakeClock

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FIVE = "Date,Open,High,Low,Close,Volume\n" + "".join(
    f"2020-01-0{day},10,11,9,{close},100\n" for day, close in ((2, 10), (3, 10.5), (6, 10.2), (7, 10.4), (8, 10.6))
)


@pytest.fixture
def store(tmp_path):
    lake = Lake.at(tmp_path / "lake", clock=FakeClock(NOW))
    yield lake
    lake.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def bring(store, folder):
    def bringing(name="", content=None, **said):
        path = folder / name
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        elif content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_path(store, path, clock=FakeClock(said.pop("now", NOW)), **said)

    return bringing


def test_a_file_is_imported_as_published(store, bring):
    done = bring("KO.csv", FIVE)
    assert done == Imported(
        files=1, symbols=1, rows=5, new=5, corrected=0, same=0,
        notes=done.notes,
        quality=(Grade(symbol="KO", timeframe="1d", score=1.0, worst=""),),
    )  # fmt: skip
    (note,) = done.notes
    assert note.startswith("KO.csv: KO, bars of 1d, prices taken as traded (it has no adjusted closes, and no split ")
    bars = store.bars("KO", "1d")
    assert bars["source"].unique().to_list() == ["file:KO"]
    assert bars["at"][0] == datetime(2020, 1, 2, 14, 30, tzinfo=UTC)
    assert bars["known_at"][0] == datetime(2020, 1, 2, 21, tzinfo=UTC)
    assert bars["learned_at"].unique().to_list() == [NOW]
    assert bars["close"].to_list() == [10, 10.5, 10.2, 10.4, 10.6]
    assert bars["quality"].to_list() == [1] * 5
    assert bars["basis"].unique().to_list() == ["raw"]
    assert not bars["imputed"].any()
    assert [one.symbol for one in store.instruments("KO")] == ["KO"]


def test_the_file_itself_is_kept(store, bring):
    bring("KO.csv", FIVE)
    fetch = store.bars("KO", "1d")["fetch"].unique().item()
    kept = store.fetched(fetch)
    assert kept["body"].to_list() == [FIVE.encode()]
    assert kept["url"].to_list() == ["file:KO.csv"]


def test_of_a_large_file_only_its_name_size_and_hash_are_kept(store, bring, folder, monkeypatch):
    monkeypatch.setattr("ara.data.imports._WHOLE", 10)
    settings = Settings(data=DataSettings(max_mb=1), home=str(folder))
    monkeypatch.setattr("ara.settings.DataSettings.max_mb", 0, raising=False)
    bring("KO.csv", FIVE)
    kept = store.fetched(store.bars("KO", "1d")["fetch"].unique().item())
    assert json.loads(kept["body"][0])["size"] == len(FIVE)
    bring("PG.csv", FIVE, settings=settings)
    assert store.bars("PG", "1d").height == 5


def test_what_has_not_changed_is_passed_over_and_what_has_is_corrected(store, bring, folder):
    bring("KO.csv", FIVE)
    again = bring("KO.csv")
    assert (again.files, again.new, again.same) == (0, 0, 0)
    assert again.skipped == ("KO.csv was imported before and has not changed.",)
    changed = bring("KO.csv", FIVE.replace("10.5", "10.7") + "2020-01-09,1,1,1,1,1\n", now=NOW + timedelta(days=1))
    assert (changed.new, changed.corrected, changed.same) == (1, 1, 4)
    assert store.bars("KO", "1d")["close"].to_list() == [10, 10.7, 10.2, 10.4, 10.6, 1]
    assert store.bars("KO", "1d", learned_by=NOW)["close"].to_list() == [10, 10.5, 10.2, 10.4, 10.6]
    (folder / "PEP.csv").write_text(FIVE)
    assert bring("PEP.csv").new == 5
    assert bring("KO.csv", symbol="KOF").symbols == 1


def test_a_folder_is_imported_with_a_report(store, bring, folder):
    (folder / "KO.csv").write_text(FIVE)
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (folder / "x.pdf").write_text("x")
    (folder / "PG.csv").write_text(FIVE + "2020-01-09,1,1,1,,1\n2020-01-10,1,1,1,,1\n")
    steps = []
    done = bring(progress=lambda *step: steps.append(step) or True)
    assert (done.files, done.symbols, done.new) == (2, 2, 10)
    assert done.refused == (Refused(file="PG.csv", reason="it has no close", count=2, rows=(6, 7)),)
    assert [words.split()[0] for words in done.skipped] == ["x.pdf", "notes.csv"]
    assert steps == [(0, 3, "KO.csv"), (1, 3, "PG.csv"), (2, 3, "notes.csv"), (3, 3, "")]


def test_an_import_stops_where_it_is_told_and_goes_on_later(store, bring, folder):
    for name in ("KO", "PG", "PEP"):
        (folder / f"{name}.csv").write_text(FIVE)
    with pytest.raises(CancelledError, match=r"stopped before PEP\.csv"):
        bring(progress=lambda done, total, words: done < 1)
    assert store.catalogue()["symbol"].to_list() == ["KO"]
    done = bring()
    assert (done.new, done.same, len(done.skipped)) == (10, 0, 1)


def test_an_import_that_was_killed_doubles_nothing(tmp_path, folder):
    frame = pl.DataFrame({"ts": pl.datetime_range(datetime(2000, 1, 3), datetime(2003, 1, 1), "1m", eager=True)})  # noqa: DTZ001
    frame = frame.with_columns(close=pl.lit(1.5)).head(600_000)
    frame.write_csv(folder / "BTC-USD.csv")
    code = (
        "import sys; from pathlib import Path; from ara.clock import SystemClock; from ara.data.lake import Lake;"
        "from ara.data.imports import import_path;"
        "print(import_path(Lake.at(Path(sys.argv[1]), clock=SystemClock()),"
        "Path(sys.argv[2]), clock=SystemClock()).new)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lake"), str(folder)]
    lake = Lake.at(tmp_path / "lake", clock=FakeClock(NOW))
    child = subprocess.Popen(command)
    while child.poll() is None and not (lake.there and len(lake.catalogue())):
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    subprocess.run(command, check=True, capture_output=True)
    assert lake.catalogue().select("bars", "corrections").rows() == [(600_000, 0)]
    assert "\n0\n" in "\n" + subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_rows_of_one_time_are_one_bar_or_refused(store, bring):
    double = "Date,Close\n2020-01-02,1\n2020-01-02,1\n2020-01-03,2\n2020-01-03,3\n2020-01-03,2\n"
    done = bring("KO.csv", double)
    assert store.bars("KO", "1d")["close"].to_list() == [1, 2]
    assert done.refused == (
        Refused(file="KO.csv", reason="another row of KO has its time and other values", count=1, rows=(4,)),
    )


def test_a_bar_that_is_not_over_is_refused(store, bring):
    today = datetime(2020, 1, 7, 15, tzinfo=UTC)
    done = bring("KO.csv", FIVE, now=today)
    assert store.bars("KO", "1d").height == 3
    assert done.refused == (Refused(file="KO.csv", reason="its bar is not over yet", count=2, rows=(4, 5)),)


def test_a_strict_import_refuses_the_file(store, bring, folder):
    for bad in ("2020-01-09,1,1,1,,1\n", "2020-01-08,1,1,1,1,1\n", "2030-01-09,1,1,1,1,1\n"):
        with pytest.raises(ValidationError, match="nothing of it was imported"):
            bring("KO.csv", FIVE + bad, strict=True)
    assert not len(store.catalogue())
    assert bring("PG.csv", FIVE, strict=True).new == 5


def adjusted(close, factor):
    days = pl.date_range(datetime(2020, 1, 1), datetime(2020, 12, 31), "1d", eager=True)  # noqa: DTZ001
    days = days.filter(days.dt.weekday() < 6).head(len(close))
    return pl.DataFrame({"date": days, "close": close, "adj_close": None if factor is None else close * factor})


RANDOM = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 200)))
DIVIDENDS = np.where(np.arange(200) < 120, 0.98, 1.0)
SPLIT = np.where(np.arange(200) < 90, 0.25, 1.0)


@pytest.mark.parametrize(
    ("close", "factor", "basis"),
    [
        (RANDOM, None, "raw"),
        (RANDOM, np.ones(200), "total"),
        (RANDOM, DIVIDENDS, "split"),
        (RANDOM / SPLIT, SPLIT, "raw"),
        (RANDOM / SPLIT, SPLIT * DIVIDENDS, "raw"),
        (RANDOM, SPLIT, "split"),
    ],
)
def test_what_prices_are_adjusted_for_is_judged_and_said(store, bring, close, factor, basis):
    done = bring("KO.parquet", adjusted(close, factor))
    bars = store.bars("KO", "1d")
    assert bars["basis"].unique().to_list() == [basis]
    words = {"raw": "as traded", "split": "adjusted for splits (", "total": "adjusted for splits and dividends"}
    assert words[basis] in done.notes[0]
    if basis == "total":
        assert bars["adjusted"].to_list() == bars["close"].to_list()
    bring("PG.parquet", adjusted(close, factor), basis="split")
    assert store.bars("PG", "1d")["basis"].unique().to_list() == ["split"]


def test_one_split_tells_the_basis_of_the_whole_file(store, bring):
    split = adjusted(RANDOM / SPLIT, SPLIT).with_columns(symbol=pl.lit("KO"))
    none = adjusted(RANDOM, DIVIDENDS).with_columns(symbol=pl.lit("PG"))
    bring("two.parquet", pl.concat([split, none]))
    assert store.catalogue().select("symbol", "basis").rows() == [("KO", "raw"), ("PG", "raw")]


@pytest.mark.parametrize(
    ("step", "timeframe"), [("1m", "1m"), ("5m", "5m"), ("1h", "1h"), ("4h", "4h"), ("1d", "1d"), ("1w", "1w")]
)
def test_the_length_of_a_bar_is_told_by_its_stamps(store, bring, step, timeframe):
    stamps = pl.datetime_range(datetime(2020, 1, 6), datetime(2021, 1, 1), step, eager=True).head(50)  # noqa: DTZ001
    bring("BTC-USD.parquet", pl.DataFrame({"ts": stamps, "close": [1.5] * len(stamps)}))
    assert store.catalogue().select("symbol", "timeframe", "asset_class").rows() == [("BTC-USD", timeframe, "crypto")]
    bring("ETH-USD.parquet", pl.DataFrame({"ts": stamps, "close": [1.5] * len(stamps)}), timeframe="1d")
    assert "1d" in store.catalogue().filter(symbol="ETH-USD")["timeframe"].to_list()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a\nb", r"'a\\nb' is no name of a source: it holds '\\n'"),
        ("a\x1b[31m", r"it holds '\\x1b'"),
        ("a\u202eb", r"it holds '\\u202e'"),
        ("../../x", "it holds '/'"),
        ("a..b", "it climbs out of a folder"),
        ("it's", 'it holds "\'"'),
        ('a"b', "it holds '\"'"),
        ("a" * 201, "it has 201 characters"),
        ("-x", "it begins with no letter or digit"),
        ("file:", "it begins with no letter or digit"),
        ("x ", "it begins or ends with a space"),
    ],
)
def test_a_source_has_a_name_that_can_stand_in_a_list(store, bring, name, why):
    with pytest.raises(ValidationError, match=f"is no name of a source: {why}" if "is no" not in why else why):
        bring("KO.csv", FIVE, source=name)
    assert store.catalogue().is_empty()


@pytest.mark.parametrize("name", ["vendor_2024", "file:Börse Stuttgart", "a.b-c:d (raw)", "^VIX=F"])
def test_any_plain_name_is_one_of_a_source(store, bring, name):
    bring("KO.csv", FIVE, source=name)
    assert store.catalogue()["source"].to_list() == [f"file:{name.removeprefix('file:')}"]


def test_the_name_of_a_file_is_shown_on_one_line(store, bring, folder):
    done = bring("KO\n1.csv", FIVE + "2020-01-09,1,1,1,,1\n", symbol="KO")
    assert store.catalogue()["source"].to_list() == ["file:KO_1"]
    assert done.notes
    (folder / "no\ntable.png").write_text("")
    again = bring("")
    told = [*done.notes, *again.skipped, *(one.words for one in done.refused)]
    assert [one for one in told if not one.isprintable()] == []
    assert sum("KO\\n1.csv" in one for one in told) >= 2
    assert any("no\\ntable.png" in one for one in told)


@pytest.mark.parametrize(
    ("stem", "source"),
    [
        ("q'uo\"te", "q_uo_te"),
        ("a/b|c", "a_b_c"),
        ("Bo\u0308rse", "B\u00f6rse"),
        ("_prices", "file_prices"),
        ("a...b ", "a._.b"),
        ("^VIX", "^VIX"),
        ("prices (1)", "prices (1)"),
    ],
)
def test_the_name_of_a_file_becomes_one_of_a_source(stem, source):
    assert cleaned(stem) == source


@given(st.text(max_size=300))
def test_any_name_of_a_file_becomes_one_that_can_be_given_again(stem):
    assert origin(f"file:{cleaned(stem)}") == f"file:{cleaned(stem)}"
    assert cleaned(cleaned(stem)) == cleaned(stem)


def test_a_symbol_of_few_rows_has_the_steps_of_its_file(store, bring):
    rows = [f"BTC-USD,2020-01-01 {hour:02}:00,1\n" for hour in range(24)] + ["ETH-USD,2020-01-01 05:00,1\n"]
    bring("coins.csv", "symbol,time,close\n" + "".join(rows))
    assert store.catalogue()["timeframe"].to_list() == ["1h", "1h"]


def test_kind_source_and_names_are_taken_from_what_is_said(store, bring):
    bring("x.csv", "symbol,date,close,asset_class\nGLD,2020-01-02,1,etf\nXAUUSD,2020-01-02,1,gold\n", source="mine")
    assert store.catalogue().select("symbol", "asset_class", "source").rows() == [
        ("GLD", "etf", "file:mine"),
        ("XAUUSD", "forex", "file:mine"),
    ]
    bring("y.csv", "date,close\n2020-01-02,1\n", symbol="QQQ", asset_class="etf", source="file:mine")
    assert store.catalogue().filter(symbol="QQQ")["source"].to_list() == ["file:mine"]
    bring("vix.csv", "date,vix\n2020-01-02,12\n2020-01-03,13\n")
    assert store.catalogue().filter(asset_class="index")["symbol"].to_list() == ["^VIX"]


def test_a_long_series_in_parts_equals_the_whole(store, bring, monkeypatch, tmp_path):
    frame = adjusted(np.tile(RANDOM, 1), None).with_columns(close=pl.Series(RANDOM).round(2))
    bring("KO.parquet", frame)
    monkeypatch.setattr(series, "_TOGETHER", 30)
    monkeypatch.setattr(series, "_BEFORE", 200)
    monkeypatch.setattr("ara.data.imports._TOGETHER", 50)
    twice = pl.concat([frame, frame[95:96].with_columns(close=pl.lit(1.0)), frame[10:11]])
    done = bring("PG.parquet", twice)
    assert done.refused[0].rows == (201,)
    assert (done.new, done.same) == (200, 0)
    columns = ["at", "known_at", "close", "quality", "basis", "adjusted"]
    assert store.bars("PG", "1d").select(columns).equals(store.bars("KO", "1d").select(columns))


def test_factor_files_state_splits_and_dividends(store, bring, folder):
    late = 1 - 2.65 / 582.85
    early = late * (1 - 2.65 / 619.86)
    (folder / "AAPL.csv").write_text(
        f"19980102,{early:.7f},0.0357143,1\n20120808,{early:.7f},0.0357143,619.86\n20121106,{late:.7f},0.0357143,582.85\n"
        "20140606,1,0.0357143,645.57\n20200828,1,0.25,499.23\n20501231,1,1,0\n"
    )
    done = bring("AAPL.csv")
    facts = store.facts(Kind.ACTIONS, "AAPL")
    assert facts.filter(action="dividend")["value"].to_list() == [2.65, 2.65]
    assert facts.filter(action="split")["value"].to_list() == [7, 4]
    assert facts["at"][0] == datetime(2012, 8, 9, 13, 30, tzinfo=UTC)
    assert facts["basis"].unique().to_list() == ["raw"]
    assert "splits and dividends" in done.notes[0]
    assert bring("AAPL.csv").skipped


def test_a_list_of_tickers_is_no_table_of_bars(bring):
    with pytest.raises(ValidationError, match="lists the tickers"):
        bring("AAPL.csv", "19980102,aapl,Q\n20501231,aapl,Q\n")


def test_a_file_whose_bars_are_gone_is_imported_again(store, bring, tmp_path):
    bring("KO.csv", FIVE)
    store.close()
    shutil.rmtree(tmp_path / "lake" / "silver")
    shutil.rmtree(tmp_path / "lake" / "begun")
    again = bring("KO.csv")
    assert (again.files, again.new, again.skipped) == (1, 5, ())
    assert store.bars("KO", "1d").height == 5
    assert bring("KO.csv").skipped


def test_each_part_of_an_archive_counts(store, bring):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("KO.csv", FIVE)
        archive.writestr("PG.csv", FIVE)
        archive.writestr("bad.csv", "a,b\n1,2\n")
    done = bring("prices.zip", data.getvalue())
    assert (done.files, done.symbols, len(done.skipped)) == (1, 2, 1)
    assert store.catalogue()["source"].unique().to_list() == ["file:prices"]
    assert bring("prices.zip").skipped == ("prices.zip was imported before and has not changed.",)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"basis": "none"}, "The basis is 'none'; allowed: raw, split, total"),
        ({"timeframe": "3d"}, "there is no timeframe '3d'"),
        ({"dates": "x"}, "--dates is 'x'"),
    ],
)
def test_what_is_said_wrongly_is_refused_before_anything_is_read(store, bring, said, words):
    with pytest.raises(ValidationError, match=words):
        bring("KO.csv", FIVE, **said)


def test_nothing_to_import_is_an_error(bring, folder):
    with pytest.raises(ValidationError, match="There is no file"):
        bring("none.csv")
    (folder / "a.csv").write_text("a,b\n1,2\n")
    (folder / "b.csv").write_text("")
    with pytest.raises(ValidationError, match=r"a\.csv holds no bars"):
        bring()


HOSTILE = [
    FIVE.replace("Date", "Date\x00"),
    "Date,Close\n" + "2020-01-02,1\n" * 3 + "\x00" * 1000,
    "Date,Close\n=cmd|'/c calc'!A0,1\n2020-01-02,${jndi:ldap://x}\n2020-01-03,1\n",
    "Symbol,Date,Close\n../../etc/passwd,2020-01-02,1\n'; DROP TABLE bars,2020-01-02,1\nKO,2020-01-02,1\n",
    "Date,Close\n2020-01-02," + "9" * 4000 + "\n2020-01-03,1e999\n2020-01-06,-0\n",
    "Date,../../x,<script>\n2020-01-02,1,2\n",
    "Date" + ",Close" * 500 + "\n2020-01-02" + ",1" * 500 + "\n",
]


@pytest.mark.parametrize("content", HOSTILE, ids=[str(place) for place in range(len(HOSTILE))])
def test_hostile_files_are_imported_or_refused(bring, folder, content):
    before = set(folder.parent.iterdir())
    with contextlib.suppress(AraError):
        bring("KO.csv", content)
    assert set(folder.parent.iterdir()) <= before | {folder.parent / "lake"}


CONFORMANCE = os.environ.get("ARA_CONFORMANCE", "")


@pytest.mark.skipif(not CONFORMANCE, reason="ARA_CONFORMANCE names no folder")
def test_every_hostile_file_is_imported_or_refused(store, tmp_path):
    files = sorted(path for path in Path(CONFORMANCE, "hostile").rglob("*") if path.is_file())
    assert files
    for path in files:
        for name in (path.name, "KO.csv", "KO.parquet", "KO.zip", "KO.csv.gz"):
            copy = tmp_path / name
            copy.write_bytes(path.read_bytes())
            with contextlib.suppress(AraError):
                import_path(store, copy, clock=FakeClock(NOW))
            copy.unlink()


MARKET = os.environ.get("ARA_MARKET_DATA", "")


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
def test_real_files_are_judged_right(store):
    done = import_path(store, Path(MARKET, "bars", "vix_close_daily_1990_2025.parquet"), clock=FakeClock(NOW))
    assert (done.rows, done.refused) == (8991, ())
    import_path(store, Path(MARKET, "bars", "us_etf_daily_raw_av.parquet"), clock=FakeClock(NOW))
    import_path(store, Path(MARKET, "bars", "us_equity_daily_yahoo_2022_2025.parquet"), clock=FakeClock(NOW))
    judged = store.catalogue().group_by("source").agg(pl.col("basis").unique().first()).rows()
    assert dict(judged) == {
        "file:vix_close_daily_1990_2025": "raw",
        "file:us_etf_daily_raw_av": "raw",
        "file:us_equity_daily_yahoo_2022_2025": "split",
    }


HOURS = "time,close\n" + "".join(f"2024-01-02 {hour:02d}:00,{100 + hour}\n" for hour in range(12))


@pytest.mark.parametrize("before", [{}, {"timezone": "Asia/Tokyo"}])
def test_a_file_that_is_read_otherwise_is_not_taken_twice(store, bring, before):
    bring("BTC-USD.csv", HOURS, **before)
    kept = store.bars("BTC-USD", "1h")
    with pytest.raises(ValidationError, match="was imported before and read otherwise") as caught:
        bring("BTC-USD.csv", timezone="America/New_York")
    assert " of its bars of BTC-USD stand under file:BTC-USD at other times" in caught.value.message
    assert f"ara data withdraw {kept['fetch'][0][:12]}" in caught.value.hint
    assert store.bars("BTC-USD", "1h").equals(kept)
    assert bring("BTC-USD.csv", timezone="America/New_York", source="second").new == 12
    same = bring("BTC-USD.csv", timezone="Japan" if before else "Etc/UTC")
    assert (same.new, same.same) == (0, 12)


def test_a_file_that_is_read_otherwise_keeps_no_other_of_its_folder_back(store, bring, folder):
    bring("BTC-USD.csv", HOURS)
    (folder / "ETH-USD.csv").write_text(HOURS)
    done = bring(timezone="America/New_York")
    assert (done.files, done.new, done.symbols, done.rows) == (1, 12, 1, 12)
    (words,) = done.skipped
    assert words.startswith("BTC-USD.csv was imported before and read otherwise: 5 of its bars")


def test_a_reading_that_was_taken_back_gives_way_to_another(store, bring, folder):
    bring("BTC-USD.csv", HOURS)
    withdraw(store, meant(store, str(folder / "BTC-USD.csv")), now=NOW)
    assert bring("BTC-USD.csv", timezone="America/New_York", now=NOW + timedelta(days=1)).new == 12
    assert store.bars("BTC-USD", "1h")["at"][0] == datetime(2024, 1, 2, 5, tzinfo=UTC)


def test_another_basis_of_the_same_file_corrects_its_bars(store, bring):
    bring("KO.csv", FIVE)
    assert bring("KO.csv", basis="total").corrected == 5


def test_the_parts_of_an_archive_do_not_stand_in_each_others_way(store, bring):
    lines = HOURS.splitlines(keepends=True)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("1/BTC-USD.csv", "".join(lines[:7]))
        archive.writestr("2/BTC-USD.csv", "".join([lines[0], *lines[7:]]))
    early = datetime(2024, 1, 2, 10, 30, tzinfo=UTC)
    assert bring("BTC-USD.zip", data.getvalue(), now=early).new == 10
    assert bring("BTC-USD.zip").new == 2


@pytest.mark.parametrize("zone", ["Etc/GMT-1", "Etc/GMT+1"])
def test_a_long_series_that_is_read_otherwise_is_not_taken_twice(store, bring, monkeypatch, zone):
    monkeypatch.setattr(series, "_TOGETHER", 10)
    times = [datetime(2024, 1, 2) + timedelta(hours=hour) for hour in range(48)]  # noqa: DTZ001
    rows = pl.DataFrame({"time": times, "close": [100.0 + hour for hour in range(48)]})
    bring("BTC-USD.csv", rows.write_csv())
    assert bring("BTC-USD.csv", rows.write_csv(), timezone="Etc/UTC").same == 48
    with pytest.raises(ValidationError, match="otherwise: 1 of its bars"):
        bring("BTC-USD.csv", timezone=zone)
