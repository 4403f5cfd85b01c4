"""CSV and JSON files: all that there is, in figures that can be read back."""

import json
import math

import polars as pl
import pytest

from ara.errors import ValidationError
from ara.reports import Column, Form, Table, write
from ara.reports.files import target
from tests.reports.files.conftest import EVIL, FORMULA


@pytest.fixture(scope="module")
def folder(report, tmp_path_factory):
    place = tmp_path_factory.mktemp("reports")
    written = report.write(place / "out.csv")
    assert {one.name for one in written} == {one.name for one in place.iterdir()}
    return place


def test_csv_holds_every_close(folder, result):
    read = pl.read_csv(folder / "out.csv", try_parse_dates=True)
    assert read.columns == ["at", "equity", "buy_and_hold", "exposure", "drawdown"]
    assert read["equity"].to_list() == result.frame["equity"].to_list()
    assert read["drawdown"].min() == pytest.approx(result.measures.drawdown)


def test_csv_has_all_trades_beside_it(folder, result):
    trades = pl.read_csv(folder / "out.trades.csv")
    assert trades.height == len(result.trips)
    assert trades["gain"].sum() == pytest.approx(result.trades.gain)
    fills = pl.read_csv(folder / "out.fills.csv")
    assert fills["fee"].sum() == pytest.approx(float(result.fees))


def test_no_text_of_csv_is_a_formula(folder):
    for path in folder.iterdir():
        frame = pl.read_csv(path)
        for name, kind in frame.schema.items():
            if kind == pl.String:
                assert not any(one.startswith(("=", "+", "@")) for one in frame[name].drop_nulls())
    names = pl.read_csv(folder / "out.instruments.csv")["instrument"].to_list()
    assert names == [EVIL, f"'{FORMULA}"]


def test_json_is_the_document_with_its_tables(report, result, tmp_path):
    (path,) = report.write(tmp_path / "out.json")
    told = json.loads(path.read_text("utf-8"), parse_constant=lambda word: pytest.fail(word))
    assert told["id"] == result.lineage.id == told["report"]["lineage"]
    assert told["report"]["finding"] == list(report.finding)
    assert set(told["tables"]) == {one.name for one in report.tables}
    assert len(told["tables"]["equity"]["rows"]) == result.frame.height
    assert told["measures"] == result.measures.as_dict()


def test_what_is_too_much_stands_for_each_day():
    hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 3, 1), "1h", eager=True, time_unit="us")
    values = [float(place) for place in range(len(hours))]
    columns = (
        Column(key="at", head="at", values=hours, form=Form.MOMENT),
        Column(key="x", head="x", values=values, form=Form.RATIO),
    )
    series = Table(name="s", title="s", columns=columns, series=True)
    short = series.within(100)
    assert len(short) == 61
    assert list(short.columns[1].values)[:2] == [23.0, 47.0]
    assert "last of each day" in short.words
    first = Table(name="s", title="s", columns=columns).within(100)
    assert list(first.columns[1].values) == values[:100]
    assert series.within(10_000) is series


def test_what_is_no_number_is_empty():
    table = Table(
        name="t", title="t",
        columns=(Column(key="x", head="x", values=[1.5, math.nan, math.inf, None], form=Form.RATIO),),
    )  # fmt: skip
    assert [row["x"] for row in table.rows()] == [1.5, None, None, None]
    assert [row[0] for row in table.texts()] == ["1.50", "-", "-", "-"]
    assert table.frame()["x"].to_list() == [1.5, None, None, None]


@pytest.mark.parametrize("name", ["report", "report.doc", "report.pdf.gz", ".pdf/x", "missing/report.pdf"])
def test_a_file_that_nobody_can_write_is_refused(tmp_path, name):
    with pytest.raises(ValidationError, match="--report") as found:
        target(tmp_path / name)
    assert found.value.hint


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.pdf").mkdir()
    with pytest.raises(ValidationError, match="is a folder"):
        target(tmp_path / "a.pdf")


@pytest.mark.parametrize("kind", [".csv", ".json", ".html"])
def test_what_stood_there_stays_where_the_disk_is_full(report, tmp_path, monkeypatch, kind):
    from ara import whole

    path = tmp_path / f"out{kind}"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole.os, "fsync", full)
    with pytest.raises(ValidationError, match="No space left"):
        write(report, path)
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
