import gzip
import io
import math
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.files import read_bars, read_origins
from ara.errors import ValidationError

DAYS = [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6)]
COLUMNS = {
    "symbol": pl.String(),
    "ts": pl.Datetime("us", "UTC"),
    "open": pl.Float64(),
    "high": pl.Float64(),
    "low": pl.Float64(),
    "close": pl.Float64(),
    "volume": pl.Float64(),
    "asset_class": pl.String(),
}


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def table(**columns):
    made = {"symbol": ["AAPL"] * 3, "ts": DAYS, "close": [10.0, 11.0, 12.0]} | columns
    return pl.DataFrame({name: column for name, column in made.items() if column is not None})


@pytest.fixture
def read(tmp_path):
    def reading(frame, *, name="bars.parquet", by=read_bars):
        path = tmp_path / name
        if isinstance(frame, bytes):
            path.write_bytes(frame)
        elif path.suffix == ".parquet":
            frame.write_parquet(path)
        else:
            frame.write_csv(path)
        return by(path)

    return reading


def test_the_least_that_bars_need(read):
    bars = read(table())
    assert bars.schema == COLUMNS
    assert bars["ts"].to_list() == [midnight(day) for day in DAYS]
    for name in ("open", "high", "low"):
        assert bars[name].to_list() == [10.0, 11.0, 12.0]
    assert bars["volume"].to_list() == [None] * 3
    assert bars["asset_class"].to_list() == [""] * 3


def test_all_that_bars_may_have(read):
    frame = table(
        open=[9.0, 10.0, 11.0],
        high=[11, 12, 13],
        low=[Decimal("8.5"), Decimal("9.5"), Decimal("10.5")],
        volume=[1, None, 0],
        asset_class=["equity", None, "equity"],
        note=["a", "b", "c"],
        __index_level_0__=[7, 8, 9],
    )
    bars = read(frame)
    assert bars.columns == list(COLUMNS)
    assert bars.row(0) == ("AAPL", midnight(DAYS[0]), 9.0, 11.0, 8.5, 10.0, 1.0, "equity")
    assert bars["asset_class"].to_list() == ["equity", "", "equity"]
    assert bars["volume"].to_list() == [1.0, None, 0.0]


def test_rows_may_stand_in_any_order(read):
    frame = table(symbol=["B", "A", "B"], ts=[DAYS[2], DAYS[1], DAYS[0]])
    assert read(frame).select("symbol", "close").rows() == [("A", 11.0), ("B", 12.0), ("B", 10.0)]


def test_a_missing_open_high_or_low_is_the_close(read):
    bars = read(table(open=[None, 9.0, math.nan], high=[None] * 3))
    assert bars["open"].to_list() == [10.0, 9.0, 12.0]
    assert bars["high"].to_list() == [10.0, 11.0, 12.0]


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "Asia/Tokyo"])
def test_midnights_are_labels_whatever_their_type(read, unit, zone):
    stamps = pl.Series(DAYS).cast(pl.Datetime(unit)).dt.replace_time_zone(zone)
    assert read(table(ts=stamps))["ts"].to_list() == [midnight(day) for day in DAYS]


def test_instants_of_another_zone_become_utc(read):
    stamps = pl.Series([datetime(2020, 1, 2, hour, tzinfo=UTC) for hour in (5, 6, 7)], dtype=pl.Datetime("us", "UTC"))
    bars = read(table(ts=stamps.dt.convert_time_zone("America/New_York")))
    assert bars["ts"].to_list() == stamps.to_list()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-01-02", "2020-01-02T00:00"),
        (" 2020-01-02 ", "2020-01-02T00:00"),
        ("2020-01-02 21:30", "2020-01-02T21:30"),
        ("2020-01-02T21:30:15", "2020-01-02T21:30:15"),
        ("2020-01-02 21:30:15.250", "2020-01-02T21:30:15.250"),
        ("2020-01-02T21:30:15Z", "2020-01-02T21:30:15"),
        ("2020-01-02T21:30+01:00", "2020-01-02T20:30"),
        ("2020-01-02 21:30:15.5-05:00", "2020-01-03T02:30:15.5"),
        ("2020-01-02 00:00:00+00:00", "2020-01-02T00:00"),
    ],
)
@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
def test_text_is_read_as_time(read, text, instant, name):
    frame = pl.DataFrame({"symbol": ["AAPL"], "ts": [text], "close": [1.5]})
    assert read(frame, name=name)["ts"].to_list() == [datetime.fromisoformat(instant).replace(tzinfo=UTC)]


@pytest.mark.parametrize("kind", [pl.Categorical(), pl.Enum(["AAPL"])])
def test_symbols_may_be_categories(read, kind):
    assert read(table(symbol=pl.Series(["AAPL"] * 3, dtype=kind)))["symbol"].to_list() == ["AAPL"] * 3


def test_a_csv_is_the_same_as_a_parquet(read):
    frame = table(open=[9.5, None, 11.0], volume=[100, 200, None], asset_class=["fx", None, "fx"])
    assert read(frame, name="bars.csv").equals(read(frame))


def test_a_csv_from_a_spreadsheet(read):
    raw = b'\xef\xbb\xbfsymbol,ts,close,volume\r\n"AAPL",2020-01-02,"10.5",NA\r\n007,2020-01-02, 3e1 ,\r\n'
    bars = read(raw, name="BARS.CSV")
    assert bars.select("symbol", "close", "volume").rows() == [("007", 30.0, None), ("AAPL", 10.5, None)]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(close=[10.0, None, 12.0]), r"column close, row 2 \('AAPL'\): nothing; allowed is a price"),
        (table(close=[10.0, math.nan, math.nan]), r"column close, row 2 \('AAPL'\): nan and 1 more"),
        (table(close=[10.0, 11.0, math.inf]), r"column close, row 3 \('AAPL'\): inf"),
        (table(close=[0.0, 11.0, 12.0]), r"column close, row 1 \('AAPL'\): 0\.0"),
        (table(close=[10, -11, 12]), r"column close, row 2 \('AAPL'\): -11"),
        (table(close=[True, True, False]), r"column close is of the type Boolean; allowed is numbers"),
        (table(close=DAYS), r"column close is of the type Date"),
        (table(close=["10", "eleven", "12"]), r"column close, row 2 \('AAPL'\): 'eleven'; allowed is a number"),
        (table(close=pl.Series([None] * 3)), r"column close, row 1 \('AAPL'\): nothing and 2 more"),
        (table(open=[10.0, -1.0, 12.0]), r"column open, row 2 \('AAPL'\): -1\.0"),
        (table(high=[10.0, math.inf, 12.0]), r"column high, row 2"),
        (table(low=["x", "y", "z"]), r"column low, row 1 \('AAPL'\): 'x' and 2 more"),
        (table(volume=[1.0, -5.0, 2.0]), r"column volume, row 2 \('AAPL'\): -5\.0; allowed is a volume"),
        (table(volume=[[1], [2], [3]]), r"column volume is of the type List"),
        (table(symbol=["AAPL", None, "AAPL"]), r"column symbol, row 2: nothing; allowed is a symbol"),
        (table(symbol=["AAPL", "AAPL", "  "]), r"column symbol, row 3: '  '"),
        (table(symbol=[1, 2, 3]), r"column symbol is of the type Int64; allowed is text"),
        (table(ts=[DAYS[0], None, DAYS[2]]), r"column ts, row 2 \('AAPL'\): nothing; allowed is a date or time"),
        (table(ts=["2020-01-02", "01/03/2020", "2020-01-06"]), r"column ts, row 2 \('AAPL'\): '01/03/2020'"),
        (table(ts=["2020-01-02", "2020-02-30", "2020-01-06"]), r"column ts, row 2 \('AAPL'\): '2020-02-30'"),
        (table(ts=[1577923200, 1578009600, 1578268800]), r"column ts is of the type Int64; allowed is a date or time"),
        (table(ts=[date(1890, 1, 1), DAYS[1], date(9999, 1, 1)]), r"row 1 .*: 1890-01-01 and 1 more; .*1900 to 2099"),
        (table(close=None), r"has no column close; it has symbol, ts"),
        (table(symbol=None, ts=None), r"has no column symbol and no column ts; it has close"),
        (table(close=None, **{"a\x1b[2J": [1, 2, 3]}), r"it has symbol, ts, 'a\\x1b\[2J'"),
        (table(ts=[DAYS[0], DAYS[1], DAYS[0]]), r"has 2 bars of 'AAPL' at 2020-01-02 00:00:00 UTC, in the rows 1, 3"),
        (table().clear(), r"has no rows"),
        (pl.DataFrame(), r"has no column symbol and no column ts and no column close; it has $|has no column"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(read, frame, words):
    with pytest.raises(ValidationError, match=words) as caught:
        read(frame)
    assert "bars.parquet" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "bars.parquet", r"is no Parquet file: its first bytes are b''"),
        (b"PK\x03\x04 a sheet", "bars.parquet", r"can't be read: it is a zip archive or a workbook"),
        (b"symbol,ts,close\n", "bars.parquet", r"its first bytes are b'symb'.*"),
        (b"PAR1 and then nothing of the kind", "bars.parquet", r"can't be read: "),
        (b"PAR1", "bars.csv", r"can't be read: "),
        (b"", "bars.csv", r"can't be read: empty"),
        (b"symbol,ts,close\n", "bars.csv", r"has no rows"),
        (b"symbol;ts;price\nA;2020-01-02;x\n", "bars.csv", r"row 1: its close is no number \(x\)"),
        (b"symbol;ts;height\nA;2020-01-02;1\n", "bars.csv", r"has no column symbol .*; it has symbol;ts;height"),
        (b"Date,Close\n2020-01-02,1\n", "bars.csv", r"bars\.csv doesn't say whose bars it holds"),
        (b"Date,Close\n01/02/2020,1\n", "KO.csv", r"doesn't tell whether 01/02/2020 has the day or the month first"),
        (b"Date,Close\n2020-01-02,1\n2020-01-02,2\n", "KO.csv", r"has 2 bars of 'KO' at 2020-01-02 00:00:00 UTC"),
        (b"symbol,ts,close\nA,2020-01-02,1,2,3\n", "bars.csv", r"can't be read: "),
        (b"symbol,ts,close\n\xff\xfe\xfd,2020-01-02,1\n", "bars.csv", r"can't be read: |no symbol"),
        (b"\x00\x01\x02\x03" * 50, "bars.csv", r"has no column|can't be read"),
    ],
)
def test_a_file_of_another_kind_is_refused(read, content, name, words):
    with pytest.raises(ValidationError, match=words) as caught:
        read(content, name=name)
    assert caught.value.hint


def test_a_truncated_file_is_refused(read, tmp_path):
    read(table(close=[1.0, 2.0, 3.0]))
    whole = (tmp_path / "bars.parquet").read_bytes()
    for size in (12, len(whole) // 2, len(whole) - 1):
        with pytest.raises(ValidationError, match="can't be read"):
            read(whole[:size])


def test_no_file_and_no_right_to_it(tmp_path):
    with pytest.raises(ValidationError, match=r"none\.parquet can't be read: No such file"):
        read_bars(tmp_path / "none.parquet")
    with pytest.raises(ValidationError, match="can't be read: Is a directory"):
        read_bars(tmp_path)


def test_a_message_stays_short(read):
    with pytest.raises(ValidationError) as caught:
        read(table(symbol=["A" * 10_000] * 3, close=["x" * 10_000, "1", "2"]))
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "origin",
    [
        pl.Series([DAYS[1], DAYS[0]]),
        pl.Series(["2020-01-03", "2020-01-02"]),
        pl.Series([DAYS[1], DAYS[0]]).cast(pl.Datetime("ns")),
        pl.Series([DAYS[1], DAYS[0]]).cast(pl.Datetime("ms")).dt.replace_time_zone("America/New_York"),
    ],
)
@pytest.mark.parametrize("kind", [pl.String(), pl.Categorical()])
@pytest.mark.parametrize("horizon", [pl.Int64(), pl.Int8(), pl.UInt32()])
def test_origins_come_back_as_given(read, origin, kind, horizon):
    asked = pl.DataFrame(
        {
            "symbol": pl.Series(["msft", "AAPL"], dtype=kind),
            "origin": origin,
            "horizon": pl.Series([21, 1], dtype=horizon),
            "__index_level_0__": [5, 6],
        }
    )
    got = read(asked, by=read_origins)
    assert got.select("symbol", "origin", "horizon").equals(asked.select("symbol", "origin", "horizon"))
    assert got.schema == {
        "symbol": kind, "origin": origin.dtype, "horizon": horizon, "instant": pl.Datetime("us", "UTC")
    }  # fmt: skip
    assert got["instant"].to_list() == [midnight(DAYS[1]), midnight(DAYS[0])]


def test_origins_from_a_csv(read):
    asked = pl.DataFrame({"symbol": ["A", "B"], "origin": ["2020-01-02", "2020-01-03"], "horizon": [1, 30]})
    got = read(asked, name="origins.csv", by=read_origins)
    assert got["horizon"].to_list() == [1, 30]
    assert got["origin"].to_list() == ["2020-01-02", "2020-01-03"]


@pytest.mark.parametrize(
    "bad", [[0, 1], [1, 31], [-1, 1], [1.5, 1.0], [None, 1], ["1", "x"], [math.nan, 1.0], [10**12, 1]]
)
def test_a_horizon_is_a_whole_number_from_1_to_30(read, bad):
    asked = pl.DataFrame({"symbol": ["A", "B"], "origin": DAYS[:2], "horizon": bad})
    with pytest.raises(ValidationError, match=r"column horizon, row [12] \('[AB]'\)"):
        read(asked, by=read_origins)


def test_bars_in_another_layout_are_those_of_the_plain_one(read):
    """What a newcomer has, and what `ara data export` writes; the columns' names are all that differs."""
    plain = read(pl.DataFrame({"symbol": "KO", "ts": DAYS, "open": 9.5, "close": [10.5, 11.5, 12.5], "volume": 7.0}))
    german = "Datum;Eröffnung;Schlusskurs;Volumen\n" + "".join(
        f"{day:%d.%m.%Y};9,5;{close},5;7\n" for day, close in zip(DAYS, (10, 11, 12), strict=True)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("KO.csv", german)
    mine = pl.DataFrame({"symbol": "KO", "at": DAYS, "basis": "raw", "open": 9.5, "close": [10.5, 11.5, 12.5]})
    for name, content in (("KO.csv", german.encode()), ("prices.zip", packed.getvalue())):
        assert read(content, name=name).equals(plain)
    assert read(mine).drop("volume").equals(plain.drop("volume"))
    for name, content in (("KO.csv", german.encode()), ("KO.csv.gz", gzip.compress(german.encode()))):
        with pytest.raises(ValidationError, match=r"has no column symbol|is packed by gzip"):
            read(content, name=name, by=partial(read_bars, plain=True))


def test_a_whole_horizon_may_be_written_as_a_float(read):
    asked = pl.DataFrame({"symbol": ["A"], "origin": DAYS[:1], "horizon": [5.0]})
    assert read(asked, by=read_origins)["horizon"].to_list() == [5]


@pytest.mark.parametrize("column", ["symbol", "origin", "horizon"])
def test_an_origin_needs_its_columns(read, column):
    asked = pl.DataFrame({"symbol": ["A"], "origin": DAYS[:1], "horizon": [5]}).drop(column)
    with pytest.raises(ValidationError, match=f"has no column {column}"):
        read(asked, by=read_origins)


@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "B", "C"]), st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.floats(1e-6, 1e9)),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:2],
    )
)
@settings(max_examples=30)
def test_every_good_table_comes_back_whole(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    pl.DataFrame(rows, schema=["symbol", "ts", "close"], orient="row").write_parquet(path)
    bars = read_bars(path)
    assert [(row[0], row[1].date(), row[2]) for row in bars.select("symbol", "ts", "close").rows()] == sorted(rows)
