import codecs
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from ara.data.files import FRAME, Reading, Refused, Table, members, text
from ara.errors import AraError, ValidationError

BAR = ("symbol", "ts", "open", "high", "low", "close", "volume", "adjusted")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


LAYOUTS = [
    (
        "AAPL.csv",  # Yahoo
        "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,1,2,0.5,1.5,1.4,100\n",
        ("AAPL", at(2020, 1, 2), 1, 2, 0.5, 1.5, 100, 1.4),
    ),
    (
        "aapl_us_d.csv",  # Stooq
        (
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
            "AAPL.US,5,20200102,153500,1,2,0.5,1.5,100,0\n"
        ),
        ("AAPL", at(2020, 1, 2, 15, 35), 1, 2, 0.5, 1.5, 100, None),
    ),
    (
        "EURUSD_D1.csv",  # MetaTrader 5
        (
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
            "2020.01.02\t10:00:00\t1.1\t1.2\t1.0\t1.15\t100\t0\t5\n"
        ),
        ("EURUSD", at(2020, 1, 2, 10), 1.1, 1.2, 1.0, 1.15, 100, None),
    ),
    (
        "GBPUSD.csv",  # MetaTrader 4, no heading
        "2020.01.02,10:00,1.1,1.2,1.0,1.15,100\n2020.01.02,11:00,1.1,1.2,1.0,1.15,100\n",
        ("GBPUSD", at(2020, 1, 2, 10), 1.1, 1.2, 1.0, 1.15, 100, None),
    ),
    (
        "BTCUSDT-1h-2020-01.csv",  # Binance's klines, no heading
        "1577836800000,7195.24,7196.25,7175.46,7177.02,511.81,1577840399999,3675856.5,7640,226.1,1624,0\n",
        ("BTC-USDT", at(2020, 1, 1), 7195.24, 7196.25, 7175.46, 7177.02, 511.81, None),
    ),
    (
        "IBM.csv",  # Alpha Vantage
        (
            "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
            "2020-01-02,1,2,0.5,1.5,1.4,100,0,1\n"
        ),
        ("IBM", at(2020, 1, 2), 1, 2, 0.5, 1.5, 100, 1.4),
    ),
    (
        "MSFT.csv",  # Nasdaq
        "Date,Close/Last,Volume,Open,High,Low\n10/17/2023,$177.15,57549350,$176.645,$178.42,$174.80\n",
        ("MSFT", at(2023, 10, 17), 176.645, 178.42, 174.8, 177.15, 57549350, None),
    ),
    (
        "SPY.csv",  # Investing.com
        (
            '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
            '"Jan 02, 2020","1,234.50","1,200.00","1,250.0","1,190.0","1.23M","0.5%"\n'
        ),
        ("SPY", at(2020, 1, 2), 1200, 1250, 1190, 1234.5, 1230000, None),
    ),
    (
        "any.csv",  # CryptoDataDownload
        (
            "https://www.example.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
            "1646092800,2022-03-01 00:00:00,BTC/USD,43221.71,43626.49,43185.48,43185.48,49.00,2116360.1\n"
        ),
        ("BTC-USD", at(2022, 3, 1), 43221.71, 43626.49, 43185.48, 43185.48, 49, None),
    ),
    (
        "coin.csv",  # Coinbase
        "time,low,high,open,close,volume,product,pair\n1577836800,0.5,2,1,1.5,10,x,ETH-USD\n",
        ("ETH-USD", at(2020, 1, 1), 1, 2, 0.5, 1.5, 10, None),
    ),
    (
        "dax.csv",  # a German bank
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stücke;Volumen\n31.12.2019;13.337,11;13.400,00;13.200,5;13.249,01;7;8\n",
        ("DAX", at(2019, 12, 31), 13337.11, 13400, 13200.5, 13249.01, 7, None),
    ),
    (
        "X.csv",  # pandas
        ",Open,Close\n2020-01-02 00:00:00-05:00,1,2\n2020-07-02 00:00:00-04:00,1,2\n",
        ("X", at(2020, 1, 2), 1, 2, 2, 2, None, None),
    ),
    ("vix.csv", "DATE,VIX\n2020-01-02,12.5\n", ("^VIX", at(2020, 1, 2), 12.5, 12.5, 12.5, 12.5, None, None)),
    ("KO.txt", "# made by hand\n# twice\nDate|Close\n2020-01-02|5\n", ("KO", at(2020, 1, 2), 5, 5, 5, 5, None, None)),
    ("KO.csv", "20200102,5\n20200103,6\n", ("KO", at(2020, 1, 2), 5, 5, 5, 5, None, None)),
]


@pytest.mark.parametrize(("name", "content", "bar"), LAYOUTS, ids=[str(place) for place in range(len(LAYOUTS))])
def test_layouts_of_many_sources_are_understood(read, name, content, bar):
    frame, refused = read(name, content)
    assert frame.schema == FRAME
    assert frame.select(BAR).row(0) == bar
    assert frame["row"][0] == 1
    assert refused == []


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_are_recognised(read, encoding):
    head = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    content = "Date,Close,Größe\n2020-01-02,1,ä\n2020-01-03,2,ö\n".encode(encoding)
    for data in (content, head + content):
        assert read("KO.csv", data)[0]["close"].to_list() == [1, 2]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters_and_line_ends_are_recognised(read, delimiter, newline):
    rows = [("Date", "Open", "Close"), ("2020-01-02", "1", "2"), ("2020-01-03", "", "3")]
    frame, refused = read("KO.csv", newline.join(delimiter.join(row) for row in rows))
    assert frame["close"].to_list() == [2, 3]
    assert frame["open"].to_list() == [1, None]
    assert refused == []


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1.5", "1e3", ".5", " 7 ", "+2"], [1.5, 1000, 0.5, 7, 2]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1.234,5", "999"], [1234.5, 999]),
        (["1,234.5", "12,345,678"], [1234.5, 12345678]),
        (["1.234.567", "1.000,5"], [1234567, 1000.5]),
        (["1'234.5", "$5", "€6", "(7)", "2.5K", "1M", "3B"], [1234.5, 5, 6, -7, 2500, 1e6, 3e9]),
        (["nan", "1"], [None, 1]),
    ],
)
def test_numbers_are_read_as_they_are_meant(read, cells, values):
    text = "Date;Close;Volume\n" + "".join(f"2020-01-{day:02};1;{cell}\n" for day, cell in enumerate(cells, start=2))
    frame, refused = read("KO.csv", text)
    assert frame["volume"].to_list() == values
    assert refused == []


def test_prices_that_no_market_has_are_kept_to_be_judged(read):
    frame, refused = read("KO.csv", "Date,Open,High,Low,Close\n2020-01-02,-3,inf,0,1e308\n2020-01-03,1,1,1,-1\n")
    assert frame.select("open", "high", "low", "close").rows() == [(-3, float("inf"), 0, 1e308), (1, 1, 1, -1)]
    assert refused == []


def test_rows_that_can_t_be_bars_are_named_with_their_reason(read):
    frame, refused = read(
        "bars.csv",
        "Symbol,Date,Close,Volume\nKO,2020-01-02,1,1\nKO,never,1,1\nKO,2020-01-03,,1\nKO,2020-01-06,x,1\n"
        "K\u00d6,2020-01-02,1,1\nKO,2020-01-07,1,many\nKO,2020-01-08,1,1,9\n\nKO,1820-01-08,1,1\nKO,2020-13-45,1,1\n",
    )
    assert frame["close"].to_list() == [1]
    assert {(one.reason, one.rows) for one in refused} == {
        ("its time can't be read", (2, 9, 10)),
        ("it has no close", (3,)),
        ("its close is no number", (4,)),
        ("its symbol is none", (5,)),
        ("its volume is no number", (6,)),
        ("it has more cells than the heading", (7,)),
    }
    assert refused[0].file == "bars.csv"


def test_a_report_says_which_rows_and_how_many_more():
    words = Refused(file="f", reason="why", count=9, rows=(1, 2)).words
    assert words == "f, rows 1, 2 and 7 more: why"
    assert Refused(file="f", reason="why", count=1, rows=(1234,)).words == "f, row 1,234: why"


def test_the_order_of_day_and_month_is_told_by_the_whole_column(read):
    rows = [f"0{day}/02/2020,1" for day in range(1, 10)]
    for last, order in (("13/02/2020,1", "dmy"), ("02/13/2020,1", "mdy"), ("25/02/2020,1", "dmy")):
        frame, _ = read("KO.csv", "\n".join(["Date,Close", *rows, last]))
        assert (frame["ts"][2] == at(2020, 2, 3)) == (order == "dmy")
    with pytest.raises(ValidationError, match=r"KO\.csv doesn't tell whether 01/02/2020 has the day") as refused:
        read("KO.csv", "\n".join(["Date,Close", *rows]))
    assert "--dates dmy" in refused.value.hint
    assert read("KO.csv", "\n".join(["Date,Close", *rows]), dates="dmy")[0]["ts"][2] == at(2020, 2, 3)
    assert read("KO.csv", "\n".join(["Date,Close", *rows]), dates="mdy")[0]["ts"][2] == at(2020, 3, 2)


def test_years_of_two_digits_are_read_where_they_stand_last(read):
    stamps = ("12/30/99 16:00", "12/31/99 16:00", "01/03/00 16:00", "11/13/68 09:30")
    frame, refused = read("KO.csv", "\n".join(["Date;Close", *(f"{stamp};1" for stamp in stamps)]))
    assert frame["ts"].to_list() == [
        at(1999, 12, 30, 16),
        at(1999, 12, 31, 16),
        at(2000, 1, 3, 16),
        at(2068, 11, 13, 9, 30),
    ]
    assert refused == []
    assert read("KO.csv", "Date;Close\n13.02.17;1\n14.02.17;2\n")[0]["ts"].to_list() == [
        at(2017, 2, 13),
        at(2017, 2, 14),
    ]


def test_years_of_two_digits_that_may_stand_first_are_not_guessed(read):
    rows = [f"17/01/{day:02d},1" for day in range(3, 28)]
    frame, (refused,) = read("KO.csv", "\n".join(["Date,Close", *rows, "2017-02-01,1"]))
    assert frame["ts"].to_list() == [at(2017, 2, 1)]
    assert (refused.reason, refused.count) == ("its time can't be read", 25)


def test_what_tells_the_order_may_stand_far_down(read, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 4096)
    rows = [f"0{1 + day % 9}/02/20{20 + day // 900},1" for day in range(2000)]
    frame, _ = read("KO.csv", "\n".join(["Date,Close", *rows, "25/02/2020,1"]))
    assert frame["ts"][2] == at(2020, 2, 3)
    assert frame["row"].to_list() == list(range(1, 2002))


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2020-01-02", at(2020, 1, 2)),
        ("2020/1/2", at(2020, 1, 2)),
        ("20200102", at(2020, 1, 2)),
        ("20200102 0930", at(2020, 1, 2, 9, 30)),
        ("20200102093015", at(2020, 1, 2, 9, 30, 15)),
        ("2.1.2020", at(2020, 1, 2)),
        ("02-Jan-2020", at(2020, 1, 2)),
        ("2 January 2020", at(2020, 1, 2)),
        ("Jan 2, 2020", at(2020, 1, 2)),
        ("Thu, 02 Jan 2020", at(2020, 1, 2)),
        ("2020-01-02T09:30:00Z", at(2020, 1, 2, 9, 30)),
        ("2020-01-02 09:30:00.123456", at(2020, 1, 2, 9, 30, 0, 123456)),
        ("2020-01-02 09:30:00 UTC", at(2020, 1, 2, 9, 30)),
        ("2020-01-02T09:30:00+05:30", at(2020, 1, 2, 4)),
        ("2020-01-02 09:30-0500", at(2020, 1, 2, 14, 30)),
        ("10/17/2023 04:00 PM", at(2023, 10, 17, 16)),
        ("10/17/2023 12:05 AM", at(2023, 10, 17, 0, 5)),
        ("1577957400", at(2020, 1, 2, 9, 30)),
        ("1577957400.0", at(2020, 1, 2, 9, 30)),
        ("1577957400123", at(2020, 1, 2, 9, 30, 0, 123000)),
        ("1577957400123456", at(2020, 1, 2, 9, 30, 0, 123456)),
        ("1577957400123456789", at(2020, 1, 2, 9, 30, 0, 123456)),
    ],
)
def test_times_in_every_form_are_read(read, stamp, instant):
    frame, refused = read("KO.csv", f'Date;Close\n"{stamp}";1\n')
    assert frame["ts"].to_list() == [instant]
    assert refused == []


@pytest.mark.parametrize(
    "stamp", ["soon", "2020-02-30", "25:00", "1-2-20", "2020-01-02 25:61", "-5", "99999999999999999999"]
)
def test_what_is_no_time_is_refused_by_row(read, stamp):
    frame, refused = read("KO.csv", f"Date;Close\n2020-01-02;1\n{stamp};1\n")
    assert len(frame) == 1
    assert [(one.reason, one.rows) for one in refused] == [("its time can't be read", (2,))]


def test_a_zone_holds_for_times_that_name_none(read):
    content = "Time,Close\n2020-01-02 09:30,1\n2020-07-02 09:30,1\n2020-07-02 09:30Z,1\n"
    frame, _ = read("KO.csv", content, timezone="America/New_York")
    assert frame["ts"].to_list() == [at(2020, 1, 2, 14, 30), at(2020, 7, 2, 13, 30), at(2020, 7, 2, 9, 30)]
    assert read("KO.csv", content)[0]["ts"][0] == at(2020, 1, 2, 9, 30)
    days = "Time,Close\n2020-01-02 00:00:00,1\n2020-07-02 00:00:00,1\n"
    assert read("KO.csv", days, timezone="America/New_York")[0]["ts"][0] == at(2020, 1, 2)


def test_a_time_that_a_clock_change_skips_or_repeats_is_named(read):
    frame, refused = read(
        "KO.csv",
        "Time,Close\n2020-03-08 02:30,1\n2020-11-01 01:30,2\n2020-05-01 09:30,3\n2020-11-01 01:30-05:00,4\n",
        timezone="America/New_York",
    )
    assert frame["close"].to_list() == [3, 4]
    assert [one.rows for one in refused] == [(1, 2)]
    assert "clock change" in refused[0].reason


def test_parquet_of_any_types_is_read(read):
    days = [date(2020, 1, 2), date(2020, 1, 3)]
    for column in (
        days,
        pl.Series(days).cast(pl.Datetime("ns")),
        pl.Series(days).cast(pl.Datetime("ms", "UTC")),
        pl.Series(days).cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York"),
        ["2020-01-02", "2020-01-03"],
        [1577923200, 1578009600],
        [1577923200.0, 1578009600.0],
    ):
        frame, refused = read("KO.parquet", pl.DataFrame({"ts": column, "close": [1, 2], "asset_class": ["etf", None]}))
        assert frame["ts"].to_list() == [at(2020, 1, 2), at(2020, 1, 3)]
        assert frame["asset_class"].to_list() == ["etf", None]
        assert refused == []
    wall = pl.Series([at(2020, 1, 2, 9, 30)]).dt.replace_time_zone(None)
    frame, _ = read("KO.parquet", pl.DataFrame({"ts": wall, "close": [1]}), timezone="America/New_York")
    assert frame["ts"][0] == at(2020, 1, 2, 14, 30)


def test_wide_tables_have_a_series_in_every_column(read):
    frame, refused = read("closes.csv", "Date,AAPL,MSFT,BTC-USD\n2020-01-02,1,2,3\n2020-01-03,1.5,,4\n")
    assert sorted(frame.select("symbol", "row", "close").rows()) == [
        ("AAPL", 1, 1.0),
        ("AAPL", 2, 1.5),
        ("BTC-USD", 1, 3.0),
        ("BTC-USD", 2, 4.0),
        ("MSFT", 1, 2.0),
    ]
    assert refused == []
    many = [f"S{number}" for number in range(2_000)]
    frame, _ = read("wide.csv", f"Date,{','.join(many)}\n2020-01-02,{','.join('7' for _ in many)}\n", wide=True)
    assert frame.height == 2_000
    with pytest.raises(ValidationError, match="20,002 columns, more than 20,000"):
        read("wide.csv", f"Date,{','.join(f'S{number}' for number in range(20_001))}\n2020-01-02{',1' * 20_001}\n")


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("Date,temperature,humidity", "temperature, humidity, none of which is a symbol that is known"),
        ("Date,Volume,Turnover", "Turnover is no symbol"),
        ("Date,Bid,Ask", "its columns are Bid, Ask, and Bid is no symbol"),
        ("Date,AAPL,Turnover", "its columns are AAPL, Turnover, and Turnover is no symbol"),
        ("Date,foo bar", "its columns are Date, foo bar"),
        ("Date,AAPL is fine,MSFT", "its columns are Date, AAPL is fine, MSFT"),
        ("Date,HDFC", "its columns are HDFC, none of which is a symbol that is known"),
    ],
)
def test_columns_that_are_no_symbols_are_not_taken_for_some(read, heading, why):
    cells = ",1" * heading.count(",")
    with pytest.raises(ValidationError, match=re.escape(why)):
        read("KO.csv", f"{heading}\n2020-01-02{cells}\n")


def test_columns_are_symbols_where_one_is_known_or_it_is_said(read):
    cells = "2020-01-02,1,2\n"
    for heading, said in (("AAPL,HDFC", {}), ("HDFC,NSE50", {"wide": True}), ("AAPL Close,MSFT Adj Close", {})):
        frame, _ = read("all.csv", f"Date,{heading}\n{cells}", **said)
        assert frame["symbol"].to_list() == [word.split()[0] for word in heading.split(",")]
    assert read("x.csv", "Date,NAV per share\n2020-01-02,1\n".replace(" per share", ""), symbol="KO", wide=True)[
        0
    ].height


def test_opening_highest_lowest_closing_are_the_prices_of_a_bar(read):
    frame, _ = read("KO.csv", "Date,Opening,Highest,Lowest,Closing\n2020-01-02,2,4,1,3\n")
    assert frame.select("symbol", "open", "high", "low", "close").rows() == [("KO", 2.0, 4.0, 1.0, 3.0)]


def test_two_columns_of_one_name_must_agree(read):
    frame, refused = read(
        "KO.csv", "Date,Close,close,Volume\n2020-01-02,1.5,1.5,3\n2020-01-03,1.6,1.7,3\n2020-01-06,,2,3\n"
    )
    assert frame["close"].to_list() == [1.5]
    assert [one.words for one in refused] == [
        "KO.csv, row 2: it has two columns of close, and they differ",
        "KO.csv, row 3: it has no close",
    ]
    frame, refused = read("KO.csv", "Date,Close,Last,Adj Close\n2020-01-02,1.5,1.6,1.7\n")
    assert (frame["close"].to_list(), refused) == ([1.5], [])


def test_who_a_file_is_of_is_said_by_the_user_the_column_or_the_name(read):
    bars = "Date,Close\n2020-01-02,1\n"
    assert read("brk.b_daily.csv", bars)[0]["symbol"].to_list() == ["BRK.B"]
    assert read("KO.csv", bars, symbol="eur/usd")[0]["symbol"].to_list() == ["EURUSD"]
    assert read("KO.csv", bars, asset_class="etf")[0]["asset_class"].to_list() == ["etf"]
    assert read("vix.csv", "Date,vix\n2020-01-02,1\n", symbol="^VXN")[0]["symbol"].to_list() == ["^VXN"]
    frame, refused = read("\u4e2d.csv", bars)
    assert frame.is_empty()
    assert refused[0].reason == "its symbol is none"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"dates": "ydm"}, "--dates is 'ydm'; allowed: ymd, dmy, mdy"),
        ({"timezone": "Mars/Base"}, "There is no time zone 'Mars/Base'"),
        ({"timezone": "../../etc/passwd"}, "There is no time zone"),
        ({"symbol": "a b"}, "is no symbol"),
    ],
)
def test_what_is_said_wrongly_is_refused(said, words):
    with pytest.raises(ValidationError, match=words):
        Reading(**said)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty"),
        ("Date,Close\n", "it has no rows"),
        ("a,b\n1,2\n", "its columns are a, b"),
        ("Date,Open,High\n2020-01-02,1,2\n", "its columns are Date, Open, High"),
        ("Symbol,Date,PE\nKO,2020-01-02,1\n", "its columns are Symbol, Date, PE"),
        ("Date,note\n2020-01-02,hello\n", "its columns are Date, note"),
        ("Date,AAPL,aapl\n2020-01-02,1,2\n", "its columns are Date, AAPL, aapl"),
        ("1,2,3\n4,5,6\n", "its columns have no names"),
        (b"\x89PNG\x00\x00\x00\rIHDR" + b"\x00" * 50, "it is neither text nor Parquet|no rows|columns are"),
    ],
)
def test_what_holds_no_bars_says_why(read, content, why):
    with pytest.raises(ValidationError, match=why):
        read("KO.csv", content)


def test_a_damaged_parquet_file_is_refused(read):
    whole = io.BytesIO()
    pl.DataFrame({"date": ["2020-01-02"], "close": [1.0]}).write_parquet(whole)
    for cut in (b"PAR1" + b"x" * 100, whole.getvalue()[:-50]):
        with pytest.raises(ValidationError, match=r"KO\.parquet can't be read: it is cut off or damaged") as caught:
            read("KO.parquet", cut)
        assert caught.value.hint.startswith("Copy or download it again, whole")


def test_quotes_where_none_belong_are_taken_as_they_stand(read):
    frame, refused = read(
        "KO.csv", 'Date,Close,note\n2020-01-02,1,5" wide\n2020-01-03,2,"a ""b"" \n c"\n2020-01-06,3,x\n'
    )
    assert frame["close"].to_list() == [1, 2, 3]
    assert refused == []


def test_pieces_make_the_same_whole(read, monkeypatch):
    rows = [f'2020-01-{1 + number % 28:02},{number},"a\nb ""{number}"""' for number in range(5000)]
    content = "\n".join(["Date,Close,note", *rows])
    whole, _ = read("KO.csv", content)
    monkeypatch.setattr(text, "BLOCK", 1000)
    parts, refused = read("KO.csv", content)
    assert parts.equals(whole)
    assert whole["close"].to_list() == list(range(5000))
    assert refused == []


def test_a_quote_that_never_closes_does_not_fill_memory(read, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 1000)
    monkeypatch.setattr(text, "_LONGEST", 4000)
    rows = [f"2020-01-{1 + number % 28:02},{number},x" for number in range(2000)]
    rows[10] = '2020-01-02,1,"x'
    with pytest.raises(ValidationError, match="row 11 opens a quote"):
        read("KO.csv", "\n".join(["Date,Close,note", *rows]))


@given(content=st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
@given_settings(deadline=None, max_examples=40)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "KO.csv"
    path.write_bytes(content)
    try:
        found, _ = members(path)
        for frame, _ in Table(found[0], Reading()).frames():
            assert frame.schema == FRAME
    except AraError:
        return


CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(cells=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8))
@given_settings(deadline=None, max_examples=40)
def test_any_cells_are_bars_or_refused_rows(tmp_path_factory, cells):
    path = Path(tmp_path_factory.mktemp("any") / "KO.csv")
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    path.write_text("\n".join(["Date,Close,Volume", "2020-01-02,1,1", *lines]), encoding="utf-8", newline="")
    try:
        (table,) = [Table(member, Reading(dates="dmy")) for member in members(path)[0]]
        pieces = list(table.frames())
    except ValidationError:
        return
    read = sum(frame.height for frame, _ in pieces)
    refused = sum(one.count for _, report in pieces for one in report)
    assert read + refused <= len(cells) + 1
