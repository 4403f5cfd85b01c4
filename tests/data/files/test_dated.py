import gzip
import zipfile
from datetime import UTC, date, datetime

import polars as pl
import pytest

from ara.data.files.dated import read_dated
from ara.errors import ValidationError


@pytest.fixture
def written(tmp_path):
    def write(text, name="account.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("date,returns\n2020-01-03,-0.02\n2020-01-02,0.01\n", "returns", (0.01, -0.02)),
        ("Date;Equity\n2020-01-02;1.000,5\n2020-01-03;1.010,25\n", "equity", (1000.5, 1010.25)),
        ("day,mine\n2020-01-02,1%\n2020-01-03,-2.5%\n", "returns", (0.01, -0.025)),
        ("day,mine\n2020-01-02,0.01\n2020-01-03,0\n", "returns", (0.01, 0.0)),
        ("day,mine\n2020-01-02,10\n2020-01-03,11\n", "equity", (10, 11)),
        ("2020-01-02,10\n2020-01-03,11\n", "equity", (10, 11)),
        ("symbol,at,open,close\nA,2020-01-02T14:30:00Z,1,2\nA,2020-01-03T14:30:00Z,2,3\n", "equity", (2, 3)),
    ],
)
def test_what_numbers_are_is_told_by_their_name_or_themselves(written, text, kind, values):
    found = read_dated(written(text))
    assert (found.kind, found.guessed) == (kind, True)
    assert found.values == pytest.approx(values)
    assert [one.date() for one in found.days] == [date(2020, 1, 2), date(2020, 1, 3)]


def test_what_is_said_counts(written):
    path = written("date,a,b\n2020-01-02,1,5\n2020-01-03,-2,6\n2020-01-04,,7\n")
    found = read_dated(path, column="a", kind="percent")
    assert (found.kind, found.column, found.missing, found.guessed) == ("returns", "a", 1, False)
    assert found.values == pytest.approx((0.01, -0.02))
    assert read_dated(path, column="b", kind="returns").values == (5, 6, 7)
    assert read_dated(written("date,pnl\n03/01/2020,5\n04/01/2020,6\n"), dates="dmy").days[0] == datetime(
        2020, 1, 3, tzinfo=UTC
    )


def test_parquet_and_packed_files(written, tmp_path):
    frame = pl.DataFrame({"date": [date(2020, 1, 2), date(2020, 1, 3)], "nav": [1.0, 2.0], "name": ["a", "b"]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert read_dated(tmp_path / "a.parquet").values == (1.0, 2.0)
    packed = gzip.compress(b"date,nav\n2020-01-02,1\n2020-01-03,2\n")
    assert read_dated(written(packed, "a.csv.gz")).values == (1.0, 2.0)


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("date,a,b\n2020-01-02,1,5\n2020-01-03,2,6\n", {}, "2 columns that may be meant"),
        ("date,a\n2020-01-02,1\n2020-01-03,x\n", {"column": "a"}, "row 2: a is 'x'"),
        ("date,a\n2020-01-02,1\n2020-01-03,2\n", {"column": "b"}, "no column 'b'; it has date, a"),
        ("date,a\n2020-01-02,1\n2020-01-02,2\n", {}, "2020-01-02 00:00 twice"),
        ("date,a\n2020-01-02,1\n", {}, "1 dated numbers"),
        ("date,a\n2020-01-02,1\n2020-13-45,2\n", {"column": "a"}, "row 2: '2020-13-45' is no date"),
        ("date,a\n2020-01-02,0.5\n2020-01-03,-0.4\n", {}, "usual return in a of account.csv would be 45 %"),
        ("a,b\n1,2\n3,4\n", {}, "no column of dates; it has a, b"),
        ("date,a\n2020-01-02,1\n2020-01-03,2\n", {"kind": "profit"}, "'profit'"),
        (b"date,a\n2020-01-02,\x00\n" * 3, {}, "neither text nor Parquet"),
        (b"PAR1 broken", {}, "can't be read"),
        ("date,a\n", {}, "0 rows"),
        ("date,a\n2020-01-02,1\n2020-01-03,inf\n", {}, "row 2: a is 'inf'"),
        ("date,a\n2020-01-02,1\n2020-01-03,x\n", {}, "no column that holds numbers alone; it has date, a"),
        ("date,a\n03/01/2020,1\n04/01/2020,2\n", {"dates": "ymd"}, "order of dates is 'ymd'"),
    ],
)
def test_what_cant_be_read_is_told(written, text, words, said):
    with pytest.raises(ValidationError, match=said):
        read_dated(written(text), **words)


def test_a_folder_is_no_file(written, tmp_path):
    one = written("date,a\n2020-01-02,1\n2020-01-03,2\n", "a.csv")
    with pytest.raises(ValidationError, match="is a folder"):
        read_dated(tmp_path)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as packed:
        packed.write(one, "a.csv")
        packed.write(one, "b.csv")
    with pytest.raises(ValidationError, match="holds 2 tables"):
        read_dated(tmp_path / "both.zip")
