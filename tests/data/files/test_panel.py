"""Files of bars that are looked at and not kept: any layout, whole or refused by row."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara
from ara.data.files import read_bars, read_panel
from ara.errors import ValidationError
from tests.features.made import sample

SAMPLE = Path(ara.__file__).parent / "data" / "sample" / "sample.parquet"
HEAD = "Date,Open,High,Low,Close,Volume\n"
ROWS = "2020-01-02,10,11,9,10.5,100\n2020-01-03,10.5,12,10,11,200\n2020-01-06,11,12,10,11,300\n"


def written(folder, text, name="AAPL.csv"):
    path = folder / name
    path.write_text(text)
    return path


def test_the_bundled_sample_reads_as_it_is_kept():
    found = read_panel(SAMPLE)
    one, expected = found["AAPL"], sample("AAPL").frame
    for column in ("at", "known_at", "open", "high", "low", "close", "volume"):
        assert one.bars.frame[column].equals(expected[column]), column
    rows = read_bars(SAMPLE)
    assert sum(len(each.bars) for each in found.values()) == rows.height
    assert one.stamps.equals(rows.filter(pl.col("symbol") == "AAPL")["ts"])


@pytest.mark.parametrize("head", [HEAD, "at,open,high,low,close,volume\n", "ts;open;high;low;close;volume\n"])
def test_usual_layouts_are_read_and_the_name_says_whose_they_are(tmp_path, head):
    sign = ";" if ";" in head else ","
    path = written(tmp_path, head + ROWS.replace(",", sign))
    found = read_panel(path)["AAPL"]
    assert found.bars.frame["close"].to_list() == [10.5, 11, 11]
    assert found.stamps[0] == datetime(2020, 1, 2, tzinfo=UTC)
    assert found.bars.frame["known_at"][0] == datetime(2020, 1, 2, 21, tzinfo=UTC)
    assert list(read_panel(path, symbol="btc/usd")) == ["BTC-USD"]


def test_a_column_says_more_than_what_is_asked_for(tmp_path):
    path = written(tmp_path, "symbol,ts,close\nMSFT,2020-01-02,1\n")
    assert list(read_panel(path, symbol="AAPL")) == ["MSFT"]


def test_what_a_file_lacks_is_no_number(tmp_path):
    frame = read_panel(written(tmp_path, "Date,Close\n2020-01-02,10\n2020-01-03,11\n"))["AAPL"].bars.frame
    assert frame["close"].to_list() == [10, 11]
    for column in ("open", "high", "low", "volume"):
        assert frame[column].is_nan().all()
        assert not frame[column].is_null().any()
    gaps = read_panel(written(tmp_path, HEAD + ROWS.replace("12,10,", ",10,")))["AAPL"].bars.frame
    assert np.isnan(gaps["high"][1])
    assert gaps["low"][1] == 10


def test_rows_are_put_in_order_and_cut_at_what_was_public(tmp_path):
    first, *rest = ROWS.splitlines(keepends=True)
    found = read_panel(written(tmp_path, HEAD + "".join(rest) + first))["AAPL"]
    assert found.stamps.is_sorted()
    assert len(found.until(datetime(2020, 1, 3, 20, 59, tzinfo=UTC)).bars) == 1
    seen = found.until(datetime(2020, 1, 3, 21, tzinfo=UTC))
    assert (len(seen.bars), len(seen.stamps)) == (2, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + ROWS.replace("12,10,", "9,10,"), "AAPL.csv, rows 2, 3: its high is below its low."),
        (HEAD + ROWS.replace("200", "-200"), "AAPL.csv, row 2: its volume is below 0."),
        (HEAD + ROWS.replace("10.5,100", "-10.5,100"), "AAPL.csv, row 1: its close is not above 0."),
        (HEAD + ROWS.replace("10.5,100", "x,100"), "AAPL.csv, row 1: its close is no number (x)."),
        (HEAD + ROWS + "2020-01-03,10,11,9,10.5,100\n", "2 bars of AAPL at 2020-01-03 00:00:00 UTC, in the rows 2, 4."),
        (HEAD, "it has no rows"),
        (HEAD + ",,,,,\n,,,,,\n", "it has no rows"),
        ("a,b\n1,2\n", "its columns are a, b"),
    ],
)
def test_a_row_that_can_t_be_a_bar_refuses_the_file(tmp_path, text, said):
    with pytest.raises(ValidationError) as caught:
        read_panel(written(tmp_path, text))
    assert said in caught.value.message


def test_a_file_that_says_nowhere_whose_bars_it_holds_is_asked_about(tmp_path):
    path = written(tmp_path, HEAD + ROWS, "(1).csv")
    with pytest.raises(ValidationError, match="doesn't say whose bars it holds"):
        read_panel(path)
    assert list(read_panel(path, symbol="AAPL")) == ["AAPL"]
    written(tmp_path, HEAD + ROWS, "B.csv")
    with pytest.raises(ValidationError, match="means 2 tables; one is read"):
        read_panel(tmp_path)
    with pytest.raises(ValidationError, match="There is no file"):
        read_panel(tmp_path / "none.csv")


def test_months_are_bars_as_long_as_nobody_asks_when_they_were_known(tmp_path):
    rows = "".join(f"2020-{month:02}-01,10,11,9,10.5,100\n" for month in range(1, 13))
    path = written(tmp_path, HEAD + rows)
    found = read_panel(path)["AAPL"]
    assert found.bars.frame["at"].equals(found.stamps)
    with pytest.raises(ValidationError, match="AAPL: the bars are 31 days apart"):
        read_panel(path, timed=True)
