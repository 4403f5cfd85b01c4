import gzip
import io
import os
import zipfile

import pytest

from ara.data.files import Reading, Table, members, rows
from ara.data.files import member as member_module
from ara.errors import ValidationError

BARS = b"Date,Close\n2020-01-02,1\n2020-01-03,2\n"


def closes(member):
    return [close for frame, _ in Table(member, Reading()).frames() for close in frame["close"]]


def zipped(entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_a_folder_means_its_tables_at_any_depth(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "KO.csv").write_bytes(BARS)
    (tmp_path / "PG.CSV").write_bytes(BARS)
    (tmp_path / ".hidden.csv").write_bytes(BARS)
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / ".git" / "X.csv").write_bytes(BARS)
    (tmp_path / "notes.pdf").write_bytes(b"x")
    found, passed = members(tmp_path)
    assert [member.stem for member in found] == ["PG", "KO"]
    assert passed == ["notes.pdf is no table: a table is a CSV or Parquet file, packed by gzip or zip or not."]


def test_what_lies_in_a_delta_table_is_no_file_of_a_folder(tmp_path):
    table = tmp_path / "lake" / "bars"
    (table / "_delta_log").mkdir(parents=True)
    (table / "day=1").mkdir()
    for place in (tmp_path / "KO.csv", table / "one.csv", table / "day=1" / "two.csv", table / "_delta_log" / "0.csv"):
        place.write_bytes(BARS)
    assert [member.stem for member in members(tmp_path)[0]] == ["KO"]
    assert "one" in [member.stem for member in members(table)[0]]


def test_a_link_out_of_a_folder_is_left_out(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out.csv"
    inside.mkdir()
    outside.write_bytes(BARS)
    (inside / "KO.csv").write_bytes(BARS)
    (inside / "X.csv").symlink_to(outside)
    assert [member.stem for member in members(inside)[0]] == ["KO"]


def test_a_pattern_means_what_it_fits(tmp_path):
    for name in ("KO.csv", "PG.csv", "PG.txt", "a[1].csv"):
        (tmp_path / name).write_bytes(BARS)
    assert [member.stem for member in members(tmp_path / "*.csv")[0]] == ["KO", "PG", "a[1]"]
    assert [member.stem for member in members(tmp_path / "a[1].csv")[0]] == ["a[1]"]
    for missing in ("*.pdf", "X.csv", "X\x00.csv", "no/such/*.csv"):
        with pytest.raises(ValidationError, match=r"There is no file|can't be read"):
            members(tmp_path / missing)


def test_archives_are_read_without_unpacking_them_to_disk(tmp_path):
    (tmp_path / "KO.csv.gz").write_bytes(gzip.compress(BARS))
    (tmp_path / "prices.zip").write_bytes(
        zipped({"x/PG.csv": BARS, "../../evil.csv": BARS, "read.me": b"x", "__MACOSX/._PG.csv": b"x", "d/": b""})
    )
    found, _ = members(tmp_path)
    assert [(member.name, member.stem) for member in found] == [
        ("KO.csv.gz", "KO"),
        ("prices.zip/PG.csv", "PG"),
    ]
    assert [closes(member) for member in found] == [[1, 2]] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["KO.csv.gz", "prices.zip"]
    assert not (tmp_path.parent / "evil.csv").exists()


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"KO.csv": data})], ids=["gzip", "zip"])
def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(member_module, "_FREE", 1 << 20)
    path = tmp_path / ("KO.csv.gz" if pack is gzip.compress else "KO.zip")
    path.write_bytes(pack(BARS + b"2020-01-06,1\n" * 400_000))
    (member,) = members(path)[0]
    with pytest.raises(ValidationError, match="unpacks to more than 250 times its size, which no prices do"):
        closes(member)
    monkeypatch.setattr(member_module, "_FREE", 64 << 20)
    assert len(closes(member)) == 400_002


@pytest.mark.parametrize("name", ["KO.csv.gz", "KO.zip"])
def test_a_damaged_archive_is_refused(tmp_path, name):
    whole = gzip.compress(BARS * 500) if name.endswith("gz") else zipped({"KO.csv": os.urandom(9000) + BARS * 500})
    for data in (b"", b"not packed", whole[:40], whole[: len(whole) // 2], whole[:30] + b"\xff" * 20 + whole[50:]):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ValidationError):
            [closes(member) for member in members(path)[0]]


def test_an_encrypted_archive_is_refused(tmp_path):
    data = bytearray(zipped({"KO.csv": BARS}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    (tmp_path / "KO.zip").write_bytes(bytes(data))
    (member,) = members(tmp_path / "KO.zip")[0]
    with pytest.raises(ValidationError, match=r"KO\.zip/KO\.csv can't be read"):
        closes(member)


def test_parquet_is_read_from_archives_too(tmp_path):
    import polars as pl

    plain = io.BytesIO()
    pl.DataFrame({"ts": ["2020-01-02"], "close": [1.5]}).write_parquet(plain)
    (tmp_path / "KO.zip").write_bytes(zipped({"KO.parquet": plain.getvalue()}))
    (tmp_path / "PG.parquet.gz").write_bytes(gzip.compress(plain.getvalue()))
    assert [closes(member) for member in members(tmp_path)[0]] == [[1.5], [1.5]]


def test_one_file_that_is_no_table_says_so(tmp_path):
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValidationError, match=r"x\.pdf is no table"):
        members(tmp_path / "x.pdf")
    with pytest.raises(ValidationError, match="There is no file"):
        members(tmp_path / "\u202e\n.csv")


def test_more_files_than_can_be_meant_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(member_module, "_MOST_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.csv").write_bytes(BARS)
    with pytest.raises(ValidationError, match="means 3 files, more than 2"):
        members(tmp_path)
    (tmp_path / "x.zip").write_bytes(zipped({f"{number}.csv": BARS for number in range(3)}))
    with pytest.raises(ValidationError, match=r"x\.zip holds 3 files, more than 2"):
        members(tmp_path / "x.zip")


def test_a_file_that_may_not_be_read_is_told(tmp_path):
    (tmp_path / "KO.csv").symlink_to(tmp_path / "KO.csv")
    with pytest.raises(ValidationError):
        members(tmp_path / "KO.csv")


def test_rows_are_given_as_they_stand(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\r\n1,"x ""y""\r\nz"\r\n\r\n2\r\n')
    assert rows(path) == [{"a": "1", "b": 'x "y"\r\nz'}, {"a": "2"}]
    path.write_bytes("a;b\nä;,\n".encode("utf-16"))
    assert rows(path) == [{"a": "ä", "b": ","}]
    path.write_bytes(b"a,b\n1,2,3\n")
    with pytest.raises(ValidationError, match=r"row 1 has 3 cells under 2 headings"):
        rows(path)
    path.write_bytes(b"")
    assert rows(path) == []
    path.write_bytes(b"a,b\n" + b"x" * 200_000 + b",1\n")
    with pytest.raises(ValidationError, match="can't be read in line 2"):
        rows(path)
    with pytest.raises(ValidationError, match="can't be read"):
        rows(tmp_path / "none.csv")
