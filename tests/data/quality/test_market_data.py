"""The defects that the tables of the real market data list are found, all of them, and little else is flagged."""

import csv
import json
import os
from dataclasses import replace
from datetime import time
from pathlib import Path

import polars as pl
import pytest

from ara.cli.app import main
from ara.data.quality import check
from tests.data.quality.planted import bases, exam

MARKET = Path(os.environ.get("ARA_MARKET_DATA", ""))

pytestmark = pytest.mark.skipif(not os.environ.get("ARA_MARKET_DATA"), reason="ARA_MARKET_DATA names no folder")

CERTAIN = ("missing", "off_calendar", "duplicate", "impossible")

SPLITS = {
    ("us_equity_daily_raw_lean.parquet", "AAPL"): ["2000-06-21", "2005-02-28", "2014-06-09"],
    ("us_equity_daily_raw_lean.parquet", "BAC"): ["2004-08-30"],
    ("us_equity_daily_raw_lean.parquet", "GOOG"): ["2014-04-03"],
    ("us_equity_daily_raw_lean.parquet", "IBM"): ["1999-05-27"],
    ("us_equity_daily_raw_lean.parquet", "QQQ"): ["2000-03-20"],
    ("us_etf_daily_raw_av.parquet", "EFA"): ["2005-06-09"],
    ("us_etf_daily_raw_av.parquet", "IWM"): ["2005-06-09"],
    ("us_etf_daily_raw_av.parquet", "QQQ"): ["2000-03-20"],
    ("us_etf_daily_raw_av.parquet", "VTI"): ["2008-06-18"],
}

TRUE_MOVES = (
    ("us_equity_daily_adjusted.parquet", "MS", "2008-10-13"),
    ("crypto_daily_binance.parquet", "TRX-USDT", "2024-12-03"),
    ("crypto_daily_binance.parquet", "XRP-USDT", "2023-07-13"),
    ("crypto_daily_binance.parquet", "BTC-USDT", "2020-03-12"),
    ("fx_daily_mt5.parquet", "USDCHF", "2015-01-15"),
    ("us_etf_daily_raw_av.parquet", "SPY", "2008-10-13"),
)


COLUMNS = {
    "missing": "missing",
    "off_calendar": "off_calendar",
    "duplicate": "dup_ts",
    "impossible": "impossible",
}


def listed(folder="bars"):
    with (MARKET / "SANITY.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(f"{folder}/")]
    return {(Path(row["file"]).name, row["symbol"]): row for row in rows}


@pytest.fixture(scope="module")
def reports():
    files = sorted({name for name, _ in listed()})
    series = [base for name in files for base in bases(MARKET / "bars" / name)]
    return {(base.file, base.bars_symbol): (base, check(base.bars, base.instrument, base.timeframe)) for base in series}


def test_every_listed_defect_is_found_and_no_other_of_its_kind(reports):
    for key, row in listed().items():
        found = {issue.rule: issue.count for issue in reports[key][1].issues}
        for rule, column in COLUMNS.items():
            forex = key[0].startswith("fx_") and rule in ("missing", "off_calendar")
            if row[column] and not forex:
                assert found.get(rule, 0) == int(row[column]), (key, rule)


def test_every_listed_bar_without_a_trade_is_found_and_no_other(reports):
    """Currencies apart, whose sources count no trades."""
    found = {
        key: sum(one.words == "its volume is zero" for issue in report.issues for one in issue.each())
        for key, (_, report) in reports.items()
    }
    for key, row in listed().items():
        listed_zero = 0 if key[0].startswith("fx_") else int(float(row["zero_volume"] or 0))
        assert found[key] == listed_zero, key
    assert sum(found.values()) == 14


def test_bars_of_a_minute_have_the_listed_defects_and_no_other():
    """As far as the tables tell: of shares they don't say which minutes there should be."""
    rows = listed("intraday")
    for name in sorted({name for name, _ in rows}):
        for base in bases(MARKET / "intraday" / name):
            row = rows.pop((name, base.bars_symbol))
            report = check(base.bars, base.instrument, base.timeframe)
            found = {issue.rule: issue.count for issue in report.issues}
            told = {rule: int(row[column]) for rule, column in COLUMNS.items() if row[column]}
            assert {rule: found.get(rule, 0) for rule in told} == told, (name, base.bars_symbol)
            idle = sum(one.words == "its volume is zero" for issue in report.issues for one in issue.each())
            assert idle == int(row["zero_volume"].replace("n/a", "0")), (name, base.bars_symbol)
            assert base.bars.height == int(row["bars"])
    assert rows == {}


@pytest.mark.parametrize("kind", ["trade", "quote"])
def test_minutes_before_and_after_the_bell_raise_no_alarm_and_hide_no_defect(kind):
    every = [
        replace(base, bars=base.bars.drop_nulls("close"))
        for base in bases(MARKET / "intraday" / f"us_equity_1min_{kind}_lean.parquet")
    ]
    issues = [issue for base in every for issue in check(base.bars, base.instrument, base.timeframe).issues]
    alarms = sum(issue.count for issue in issues if issue.rule not in CERTAIN)
    assert alarms * 5_000 <= sum(len(base.bars) for base in every)
    assert "reuse" not in {issue.rule for issue in issues}
    wall = pl.col("at").dt.convert_time_zone("America/New_York").dt.time()
    busy = [
        replace(base, bars=base.bars.filter(wall.is_between(time(9, 30), time(16), closed="left"))) for base in every
    ]
    for rule, among in (("outlier", every), ("unit", every), ("stale", busy)):
        count = exam(rule, among, seeds=3)
        assert count.recall >= 0.95, (rule, count)
        assert count.precision >= 0.9, (rule, count)


def test_the_tables_tell_of_the_bars_that_were_checked(reports):
    for key, row in listed().items():
        bars = reports[key][0].bars
        assert len(bars) == int(row["bars"]), key
        move = bars.sort("at")["close"].pct_change() * 100
        assert float(row["max_move_pct"]) in (
            pytest.approx(move.max(), abs=0.01),
            pytest.approx(move.min(), abs=0.01),
        ), key


def test_the_commands_answer_is_the_one_of_the_tables(reports, tmp_path, monkeypatch, capsys):
    """The whole way: the file as it lies there, by the product's own reader, to the printed document."""
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    for name in sorted({name for name, _ in listed()}):
        assert main(["data", "check", str(MARKET / "bars" / name), "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["refused"] == []
        counts = {(one["symbol"], one["rule"]): one["count"] for one in document["issues"]}
        for (file, symbol), (base, report) in reports.items():
            if file == name:
                told = {rule: count for (whose, rule), count in counts.items() if whose == base.bars_symbol}
                assert told == {issue.rule: issue.count for issue in report.issues}, (file, symbol)


def test_weekdays_that_forex_lacks_are_those_listed_but_for_its_holidays(reports):
    for key in [key for key in listed() if key[0].startswith("fx_daily")]:
        base, report = reports[key]
        found = sum(issue.count for issue in report.issues if issue.rule == "missing")
        there = set(base.bars["at"].dt.convert_time_zone("America/New_York").dt.offset_by("7h").dt.date())
        years = range(min(there).year, max(there).year + 1)
        closed = [
            day.replace(year=year)
            for year in years
            for day in (min(there).replace(month=1, day=1), min(there).replace(month=12, day=25))
        ]
        holidays = [day for day in closed if min(there) < day < max(there) and day.weekday() < 5 and day not in there]
        assert found + len(holidays) == int(listed()[key]["missing"]), key


def test_few_bars_that_are_clean_by_the_tables_are_flagged(reports):
    flagged = bars = 0
    for (file, symbol), (base, report) in reports.items():
        if file == "fx_daily_yahoo.parquet":
            continue
        bars += len(base.bars)
        flagged += sum(
            one.words != "its volume is zero"
            for issue in report.issues
            if issue.rule not in CERTAIN
            for one in issue.each()
            if issue.rule != "split" or f"{one.at:%Y-%m-%d}" not in SPLITS.get((file, symbol), [])
        )
    assert flagged / bars <= 1 / 5_000, (flagged, bars)


def test_splits_of_raw_files_are_found_and_no_others(reports):
    found = {
        key: [f"{at:%Y-%m-%d}" for issue in report.issues if issue.rule == "split" for at in issue.times]
        for key, (_, report) in reports.items()
    }
    assert {key: days for key, days in found.items() if days} == SPLITS


def test_splits_that_the_adjusted_close_tells_of_are_no_fault(reports):
    severity = {
        key: issue.severity for key, (_, report) in reports.items() for issue in report.issues if issue.rule == "split"
    }
    known = {("us_etf_daily_raw_av.parquet", "QQQ"), ("us_etf_daily_raw_av.parquet", "VTI")}
    assert {key for key, one in severity.items() if one == "info"} == known


@pytest.mark.parametrize(("file", "symbol", "day"), TRUE_MOVES)
def test_true_moves_are_no_defects(file, symbol, day, reports):
    report = reports[file, symbol][1]
    days = {issue.rule: [f"{at:%Y-%m-%d}" for at in issue.times] for issue in report.issues if issue.rule != "missing"}
    assert [rule for rule, flagged in days.items() if day in flagged] == []


def test_the_source_whose_bars_tell_the_next_close_is_found_alone(reports):
    for rule in ("same_bar", "shift"):
        assert [key for key, (_, report) in reports.items() if rule in {i.rule for i in report.issues}] == [
            ("fx_daily_yahoo.parquet", "EURUSD")
        ]


def test_no_real_series_looks_generated_or_reused(reports):
    for key, (_, report) in reports.items():
        assert {"generated", "reuse"}.isdisjoint({issue.rule for issue in report.issues}), key


def test_of_three_sources_the_one_beside_the_others_is_blamed_alone(reports):
    own = {file: base for (file, symbol), (base, _) in reports.items() if symbol == "EURUSD" and "daily" in file}
    found = {}
    for file, base in own.items():
        others = {name: other.bars for name, other in own.items() if name != file}
        issues = check(base.bars, base.instrument, base.timeframe, others=others).issues
        found[file] = {issue.rule: issue for issue in issues if issue.rule in ("shift", "disagree")}
    assert [file for file, rules in found.items() if "shift" in rules] == ["fx_daily_yahoo.parquet"]
    assert "disagree" not in found["fx_daily_oanda_bidask.parquet"]
    assert found["fx_daily_mt5.parquet"]["disagree"].count <= 2


def test_the_swings_of_fear_are_no_defects(tmp_path, monkeypatch, capsys):
    """An index of volatility, closes alone: it halves and doubles, and nobody splits it."""
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    assert main(["data", "check", str(MARKET / "bars" / "vix_close_daily_1990_2025.parquet"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["rule"], one["severity"]) for one in told["issues"]] == [("partial", "info")]
    assert told["score"] == 1.0
