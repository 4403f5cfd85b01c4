"""`--report FILE` of back-tests, returns and portfolios: refused before the work, written after it."""

import json
import os

import openpyxl
import polars as pl
import pytest

from ara.backtest.checks import made_up


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """A file of bars of a made-up share."""
    tape = made_up(260)["ONE"]
    frame = tape.bars().frame.select(ts="at", open="open", high="high", low="low", close="close", volume="volume")
    path = tmp_path_factory.mktemp("bars") / "reported.parquet"
    frame.with_columns(symbol=pl.lit("ONE"), asset_class=pl.lit("stock")).write_parquet(path)
    return str(path)


def momentum(bars, *words):
    return ("backtest", "--bars", bars, "--strategy", "momentum", "--param", "window=20", "--cuts", "1", *words)


def test_a_back_test_is_reported(ara, bars, home):
    outcome = ara(*momentum(bars, "--report", "found.xlsx"))
    assert outcome.code == 0
    assert "Written to found.xlsx" in outcome.err
    book = openpyxl.load_workbook(home / "found.xlsx")
    said = [cell.value for row in book["Summary"].iter_rows() for cell in row]
    assert said[said.index("Made again by") + 1].startswith("ara backtest --bars ")
    assert not any("--report" in str(one) for one in said)


def test_the_report_holds_the_document(ara, bars, home):
    told = json.loads(ara(*momentum(bars, "--report", "found.json", "--monte-carlo", "20", "--json")).out)
    kept = json.loads((home / "found.json").read_text("utf-8"))
    assert {key: kept[key] for key in told} == told
    assert kept["report"]["facts"]["Looks"].startswith("1 ")
    assert len(kept["tables"]["equity"]["rows"]) == told["bars"]


def test_a_walk_tells_its_choices(ara, bars, home):
    words = ("--walk-forward", "100", "--retrain", "50", "--grid", "window=5,10", "--report", "walk.csv")
    outcome = ara(*[one for one in momentum(bars, *words) if one not in ("--param", "window=20")])
    assert outcome.code == 0, outcome.err
    chosen = pl.read_csv(home / "walk.choices.csv")
    assert set(chosen["window"]) <= {5, 10}
    assert "more beside it" in outcome.err


def test_a_sweep_tells_what_was_tried(ara, bars, home):
    words = ("backtest", "sweep", "ONE", "--bars", bars, "--strategy", "momentum", "--grid", "window=5:100:4")
    assert ara(*words, "--report", "tried.json").code == 0
    told = json.loads((home / "tried.json").read_text("utf-8"))
    assert len(told["tables"]["combinations"]["rows"]) == told["combinations"] == 24
    assert "best" not in told["tables"]


@pytest.mark.parametrize("words", [
    ("backtest", "--bars", "missing.parquet"), ("performance", "missing.csv"),
    ("portfolio", "optimize", "NOBODY"), ("portfolio", "analyze", "--portfolio", "NOBODY"),
])  # fmt: skip
@pytest.mark.parametrize("file", ["found.doc", "nowhere/found.pdf"])
def test_what_can_not_be_written_is_said_before_the_work(ara, words, file):
    outcome = ara(*words, "--report", file)
    assert outcome.code == 2
    assert outcome.err.startswith("--report")
    assert len(outcome.err.splitlines()) >= 2


@pytest.mark.parametrize("folder", ["file/below", "file"])
def test_a_folder_that_can_not_be_made_is_said_before_the_work(ara, home, folder):
    (home / "file").write_text("")
    outcome = ara("backtest", "--bars", "missing.parquet", "--out", folder)
    assert outcome.code == 2
    assert outcome.err.startswith("--out")


def test_a_folder_that_is_closed_is_said_before_the_work(ara, home, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    outcome = ara("backtest", "--bars", "missing.parquet", "--out", "new/folder")
    assert outcome.err.startswith("--out: nothing can be written")


def test_returns_are_reported(ara, home):
    rows = "\n".join(f"2024-{1 + day // 28:02d}-{1 + day % 28:02d},{100 + day % 7}" for day in range(200))
    (home / "worth.csv").write_text(f"date,equity\n{rows}\n")
    assert ara("performance", "worth.csv", "--trials", "9", "--report", "worth.html").code == 0
    page = (home / "worth.html").read_text("utf-8")
    assert "<h1>worth.csv earned" in page
    assert "After 9 trials" in page


def test_portfolios_are_reported(ara, home):
    assert ara("portfolio", "optimize", "AAPL", "SPY", "--value", "9000", "--report", "held.json").code == 0
    told = json.loads((home / "held.json").read_text("utf-8"))
    assert [one["holding"] for one in told["tables"]["weights"]["rows"]] == sorted(
        told["weights"], key=lambda name: -told["weights"][name]
    )
    assert told["tables"]["trades"]["rows"]
    words = ("portfolio", "analyze", "--portfolio", "AAPL=0.5", "--benchmark", "SPY", "--last", "300")
    assert ara(*words, "--report", "past.json").code == 0
    past = json.loads((home / "past.json").read_text("utf-8"))
    assert past["report"]["title"].startswith("The portfolio ")
    assert len(past["tables"]["returns"]["rows"]) == past["days"] == 300
