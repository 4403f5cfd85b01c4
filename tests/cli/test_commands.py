import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest


def documents(ara, *words):
    return json.loads(ara(*words, "--json").out)


def test_an_empty_ledger(ara):
    assert ara("ledger", "list").out.startswith("The ledger holds no such forecast yet.")
    assert documents(ara, "ledger", "list") == {"schema": 1, "forecasts": []}
    assert ara("ledger", "verify").out == "The ledger is empty.\n"
    outcome = ara("ledger", "anchor")
    assert (outcome.code, outcome.out) == (5, "")
    assert "empty" in outcome.err


def test_what_was_forecast_is_listed_newest_first(ara):
    ara("predict", "AAPL", "-d", "3", "--model", "ewma_t")
    ara("predict", "EURUSD", "BTC-USD")
    listed = documents(ara, "ledger", "list")["forecasts"]
    assert [one["symbol"] for one in listed] == ["BTC-USD", "EURUSD", "AAPL"]
    assert [one["sequence"] for one in listed] == [3, 2, 1]
    assert [one["symbol"] for one in documents(ara, "ledger", "list", "-n", "1")["forecasts"]] == ["BTC-USD"]
    assert [one["days"] for one in documents(ara, "ledger", "list", "aapl")["forecasts"]] == [3]
    text = ara("ledger", "list", "--width", "100", "--set", "cli.timezone=UTC").out.splitlines()
    assert text[0].split()[:4] == ["id", "symbol", "made,", "UTC"]
    assert len(text) == 4
    assert "117.3 to 127.2" in text[3]


@pytest.mark.parametrize(
    ("columns", "there", "gone"), [(100, "model", "?"), (75, "80 %", "model"), (40, "made", "from")]
)
def test_the_list_fits(ara, columns, there, gone):
    ara("predict", "AAPL")
    lines = ara("ledger", "list", "--width", str(columns)).out.splitlines()
    assert all(len(line) <= columns for line in lines)
    assert there in lines[0]
    assert gone not in lines[0]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1000001", "9" * 30])
def test_a_limit_out_of_bounds(ara, limit):
    outcome = ara("ledger", "list", "--limit", limit)
    assert outcome.code == 2
    assert "it is a whole number from 1 to 1000000" in outcome.err


def test_a_receipt_is_the_forecast_as_it_was_given(ara):
    given = documents(ara, "predict", "AAPL")
    shown = documents(ara, "ledger", "show", given["id"][:8].upper())
    place = shown.pop("kept")
    assert given.pop("kept")["sequence"] == place["sequence"] == 1
    assert shown == given
    text = ara("ledger", "show", given["id"], "--set", "cli.timezone=UTC").out
    assert text.startswith("Entry 1 of the ledger, kept ")
    assert place["hash"] in text
    assert "close 122.15 on Wed 31 Mar 2021" in text
    assert "For today" not in text


@pytest.mark.parametrize("prefix", ["zzzz", "''", "%"])
def test_a_receipt_that_isnt_there(ara, prefix):
    outcome = ara("ledger", "show", prefix)
    assert (outcome.code, outcome.out) == (2, "")
    assert "ara ledger list" in outcome.err


def test_a_whole_ledger_verifies(ara):
    ara("predict", "AAPL", "EURUSD")
    assert ara("ledger", "verify").out == (
        "The ledger is whole: 2 entries, each chained to the one before, the last under a signed head.\n"
    )
    assert documents(ara, "ledger", "verify")["ok"] is True
    anchor = documents(ara, "ledger", "anchor")
    assert anchor["sequence"] == 2
    assert datetime.fromisoformat(anchor["at"]).utcoffset() == timedelta(0)
    facts = (anchor["digest"], "2", f"{anchor['at'][:19].replace('T', ' ')} UTC", anchor["public_key"])
    rows = list(zip(("Digest", "Entry", "Time", "Key"), facts, strict=True))
    zone = ("--set", "cli.timezone=Asia/Tokyo")
    assert ara("ledger", "anchor", *zone).out.splitlines() == [f"{name:<8}{fact}" for name, fact in rows]
    narrow = ara("ledger", "anchor", "--width", "40").out.splitlines()
    assert narrow == [line for row in rows for line in row]


@pytest.fixture
def edited(ara, home):
    """A ledger of three forecasts whose second one was changed by a byte."""
    ara("predict", "AAPL", "EURUSD", "BTC-USD")
    (place,) = Path(home).rglob("ara.db")
    with sqlite3.connect(place) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
            if {"sequence", "body"} <= set(columns):
                ((body,),) = database.execute(f"select body from {table} where sequence = 2")
                changed = bytes(body).replace(b"EURUSD", b"EURUSX", 1)
                database.execute(f"update {table} set body = ? where sequence = 2", (changed,))
    database.close()


def test_an_edited_ledger_is_named_entry_by_entry(ara, edited):
    outcome = ara("ledger", "verify")
    assert (outcome.code, outcome.out) == (7, "")
    assert "The ledger is not as it was written." in outcome.err
    assert "2" in outcome.err
    problem = documents(ara, "ledger", "verify")
    assert problem["context"]["problem"] == "edited"
    assert problem["context"]["sequence"] == 2
    assert problem["exit_code"] == 7


def test_the_doctor_finds_it_too(ara, edited):
    outcome = ara("doctor", "--json")
    assert outcome.code == 7
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)["findings"]}
    assert findings["ledger"]["state"] == "fail"
    assert findings["sample"]["state"] == "ok"


def test_score_before_anything_came_due(ara):
    assert ara("score").out == "  No forecast came due since the last time.\n"
    report = documents(ara, "score")
    assert (report["came_due"], report["rows"], report["failed"]) == (0, [], [])


def test_score_of_a_replayed_past(ara):
    ara("predict", "AAPL", "EURUSD", "--as-of", "2020-02-20", "--model", "ewma_t")
    text = ara("score", "--width", "200").out
    first, second, third, _, heads, aapl, eurusd = text.splitlines()
    assert first.startswith("  10 outcomes of 2 forecasts came due.   Inside the 80 % band: ")
    assert first.endswith("of 10 (expected 8.0)")
    assert "no direction to judge" in second
    assert "they prove nothing" in third
    assert heads.split() == ["due", "inside", "80", "%", "inside", "95", "%", "mean", "miss"]
    assert (aapl.split()[:2], eurusd.split()[:2]) == (["AAPL", "5"], ["EURUSD", "5"])
    again = ara("score").out
    assert "No forecast came due since the last time." in again
    assert "Of all 10 scored so far, " in again
    assert "wait" not in again
    ara("predict", "AAPL", "--model", "ewma_t")
    due = "No forecast came due since the last time. 1 waits for bars that are not here yet."
    assert f"{due} To bring bars up to date: ara data update" in " ".join(ara("score").out.split())
    assert documents(ara, "score")["waiting"] == 1


def test_score_of_one_symbol_as_a_document(ara):
    ara("predict", "AAPL", "EURUSD", "--as-of", "2020-02-20", "-d", "2")
    report = documents(ara, "score", "aapl")
    assert (report["came_due"], report["live"], report["replayed"], report["expected_80"]) == (2, 0, 2, 1.6)
    assert {row["symbol"] for row in report["rows"]} == {"AAPL"}


def test_the_doctor_of_a_healthy_installation(ara, home):
    before = sorted(home.iterdir())
    outcome = ara("doctor", "--width", "100")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("All is well.\n\nInstallation\n  ok    ara ")
    assert all(len(line) <= 100 or "/" in line for line in outcome.out.splitlines())
    assert sorted(home.iterdir()) == before
    ara("predict", "AAPL")
    assert "whole, 1 entry" in ara("doctor").out


def test_the_doctor_on_a_narrow_screen(ara):
    lines = ara("doctor", "--width", "40").out.splitlines()
    assert "  ok    sample" in lines
    assert all(len(line) <= 40 or "/" in line or " " not in line.strip() for line in lines)


def test_the_doctor_knocks_at_servers(ara):
    outcome = ara("doctor", "--set", "store.url=postgresql://user:secret@127.0.0.1:9/ara", "--json")
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)["findings"]}
    assert outcome.code == 5
    assert "127.0.0.1:9 can't be reached" in findings["database"]["words"]
    assert "secret" not in outcome.out


def test_the_doctor_names_a_wrong_setting_and_goes_on(ara):
    Path(".ara.yaml").write_text("prediction:\n  days: 99\n")
    outcome = ara("doctor")
    assert outcome.code == 2
    assert "1 thing is broken." in outcome.out
    assert "prediction.days" in outcome.out
    assert "ok    sample" in outcome.out


def test_the_doctor_names_a_home_that_cant_be_written(ara):
    Path("file").touch()
    outcome = ara("doctor", "--set", "home=file/below")
    assert outcome.code == 5
    assert "things are broken" in outcome.out or "1 thing is broken" in outcome.out
    assert "not writable" in " ".join(outcome.out.split())


@pytest.fixture
def files(home):
    """Bars and origins as files."""
    import polars as pl

    from ara.data.providers import sample

    folder = Path(sample.__file__).parents[1] / "sample"
    bars = pl.read_parquet(folder / "sample.parquet").filter(pl.col("symbol") == "AAPL")
    bars.write_parquet("bars.parquet")
    origin = bars.sort("ts")["ts"][-30]
    pl.DataFrame({"symbol": ["AAPL"] * 2, "origin": [origin] * 2, "horizon": [1, 5]}).write_parquet("origins.parquet")


def test_forecasts_from_files(ara, files):
    import polars as pl

    words = ("forecast", "--bars", "bars.parquet", "--origins", "origins.parquet", "--out", "out.parquet")
    outcome = ara(*words)
    assert outcome.err == ""
    assert "rows for 1 symbol in" in outcome.out
    assert outcome.out.endswith(": out.parquet\n")
    assert pl.read_parquet("out.parquet").height > 0
    facts = documents(ara, *words, "--name", "mine")
    assert (facts["name"], facts["model"], facts["symbols"], facts["out"]) == ("mine", "fast", 1, "out.parquet")


def test_an_origin_of_the_first_month_is_refused_in_words(ara, files):
    import polars as pl

    bars = pl.read_parquet("bars.parquet").sort("ts")
    first = bars.filter(pl.col("ts").dt.month_end() == bars["ts"].dt.month_end()[0])
    first.select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet("origins.parquet")
    outcome = ara("forecast", "--bars", "bars.parquet", "--origins", "origins.parquet", "--out", "out.parquet")
    assert outcome.code == 4
    assert "fast has nothing to learn from" in " ".join(outcome.err.split())
    assert "another model: ewma_t" in " ".join(outcome.err.split())


def test_a_family_may_be_fitted_less_often(ara, files):
    import polars as pl

    words = ("forecast", "--bars", "bars.parquet", "--origins", "origins.parquet", "--model", "ewma_t")
    facts = {}
    for period in ("month", "quarter", "year"):
        facts[period] = documents(ara, *words, "--out", f"{period}.parquet", "--refit", period)
    assert {period: one["refit"] for period, one in facts.items()} == {one: one for one in facts}
    answers = {period: pl.read_parquet(f"{period}.parquet")["q0.9"] for period in facts}
    assert not answers["month"].equals(answers["year"])
    assert not answers["quarter"].equals(answers["year"]) or not answers["quarter"].equals(answers["month"])
    again = documents(ara, *words, "--out", "again.parquet")
    assert again["refit"] == "month"
    assert pl.read_parquet("again.parquet")["q0.9"].equals(answers["month"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--bars": "no.parquet"}, "--bars: there is no file 'no.parquet'."),
        ({"--origins": "no.parquet"}, "--origins: there is no file 'no.parquet'."),
        ({"--out": "no/out.parquet"}, "--out: there is no folder 'no'."),
        ({"--out": "."}, "--out: '.' is a folder."),
        ({"--model": "nosuch"}, "There is no model named 'nosuch'."),
        ({"--refit": "week"}, "--refit is 'week'; it is month, quarter, year."),
    ],
)
def test_files_that_arent_there(ara, files, change, said):
    given = {"--bars": "bars.parquet", "--origins": "origins.parquet", "--out": "out.parquet", **change}
    outcome = ara("forecast", *(word for pair in given.items() for word in pair))
    assert outcome.code in {2, 8}
    assert said in outcome.err
    assert not Path("out.parquet").exists()


@pytest.fixture
def outcome_of_scoring():
    """A report with everything in it: both kinds of forecasts, rivals, an instrument that failed."""
    from datetime import UTC, datetime

    from ara.prediction.scoring import ScoreReport

    row = {"forecast_id": "7f3a9c", "symbol": "AAPL", "inside_80": True, "inside_95": True, "median_error": 0.01}
    return ScoreReport(
        came_due=12,
        live=8,
        replayed=4,
        inside_80=10,
        expected_80=9.6,
        better=7,
        compared=12,
        apart=6,
        chance=0.387,
        scored=100,
        scored_inside_80=81,
        failed={"XYZ": "no bars\x1b[0m"},
        rows=(row, {**row, "symbol": "EURUSD", "as_of": datetime(2020, 2, 20, tzinfo=UTC)}),
    )


def test_a_whole_report(home, outcome_of_scoring):
    from ara.cli.render.score import facts, report
    from ara.cli.screen import Flags, Screen

    lines = report(outcome_of_scoring, Screen(Flags(width=200), runner=lambda _: None)).splitlines()
    first = "  12 outcomes of 1 forecast came due.   Inside the 80 % band: 10 of 12 (expected 9.6)   "
    first += "Better than 'no change': 7 of 12 (a coin would do that 39 % of the time; they count as 6)"
    assert lines[:3] == [
        first,
        "  8 were made before their outcome was public; 4 replay the past, and only the first kind proves anything.",
        "  Of all 100 scored so far, 81.0 % lay inside the 80 % band.",
    ]
    assert lines[-1] == "  XYZ: no bars\\x1b[0m"
    assert facts(outcome_of_scoring)["rows"][1]["as_of"] == "2020-02-20T00:00:00+00:00"


@pytest.mark.parametrize("columns", [20, 40, 60, 100])
def test_a_report_fits(home, outcome_of_scoring, columns):
    from ara.cli.render.score import report
    from ara.cli.screen import Flags, Screen

    for line in report(outcome_of_scoring, Screen(Flags(width=columns), runner=lambda _: None)).splitlines():
        assert len(line) <= columns


def test_the_doctor_names_the_other_package(ara, monkeypatch):
    from ara.cli import diagnosis

    monkeypatch.setattr(diagnosis, "clash", lambda _folder: True)
    outcome = ara("doctor", "--json")
    assert outcome.code == 8
    (finding,) = (one for one in json.loads(outcome.out)["findings"] if one["state"] == "fail")
    assert "ARA Records Ansible" in finding["words"]
    assert "pip uninstall ara" in finding["hint"]


def test_the_other_package_is_known_by_a_file_of_its_own(tmp_path):
    from ara.cli.diagnosis import clash

    assert not clash(tmp_path)
    (tmp_path / "setup").mkdir()
    (tmp_path / "setup" / "callback_plugins.py").touch()
    assert clash(tmp_path)


def test_the_doctor_tells_what_is_not_installed(ara, monkeypatch):
    from ara.cli import diagnosis

    there = diagnosis._installed
    monkeypatch.setattr(diagnosis, "_installed", lambda name: "" if name in {"asyncpg", "rich", "ara"} else there(name))
    outcome = ara("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)["findings"]}
    assert outcome.code == 8
    assert findings["packages"]["words"] == "missing: rich"
    assert findings["db"] == {
        "group": "Extras",
        "name": "db",
        "state": "off",
        "words": "not installed: asyncpg",
        "hint": "pip install 'ara-ai[db]'",
    }


def test_the_doctor_survives_a_broken_installation(ara, monkeypatch):
    import sys

    ara("predict", "AAPL")
    monkeypatch.setitem(sys.modules, "ara.desk", None)
    monkeypatch.setitem(sys.modules, "ara.data.providers.sample", None)
    outcome = ara("doctor")
    assert outcome.code == 8
    assert "2 things are broken." in outcome.out
    assert "pip install --force-reinstall ara-ai" in outcome.out


def test_the_doctor_finds_a_server_that_answers(ara):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        outcome = ara("doctor", "--set", f"telemetry.otlp_endpoint={url}", "--json")
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)["findings"]}
    assert outcome.code == 0
    assert findings["telemetry"]["words"].endswith(" answers")


def test_unsigned_entries_are_told():
    from ara.cli.commands.ledger import _intact
    from ara.store import Verification

    found = Verification(ok=True, entries=1, unsigned=1, problem=None, sequence=None, words="")
    assert _intact(found) == (
        "The ledger is whole: 1 entry, each chained to the one before, the last under a signed head. "
        "The head does not cover the last 1 yet; the next forecast signs them."
    )


def test_the_ledger_fits_the_narrowest_screen(ara):
    ara("predict", "AAPL", "BTC-USD")
    for words in (("ledger", "list"), ("ledger", "verify")):
        lines = ara(*words, "--width", "20").out.splitlines()
        assert max(map(len, lines)) <= 20
    assert ara("ledger", "list", "--width", "20").out.splitlines()[0].split() == ["id", "symbol"]


def test_doctor_says_of_no_store_that_it_is_well_and_ill(ara, edited, monkeypatch, tmp_path):
    states = [(one["name"], one["state"]) for one in documents(ara, "doctor")["findings"]]
    assert ("ledger", "fail") in states
    assert [state for name, state in states if name == "store"] == ["ok"]
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARA_HOME", str(tmp_path / "file" / "below"))
    found = documents(ara, "doctor")
    states = [(one["name"], one["state"]) for one in found["findings"]]
    assert ("home", "fail") in states
    assert "store" not in dict(states)
    assert found["exit_code"] == 5


def test_a_receipt_follows_what_was_stated(ara):
    made = documents(ara, "predict", "AAPL", "--days", "2")
    outcome = ara("ledger", "receipt", made["id"][:8], "--width", "100")
    lines = outcome.out.splitlines()
    assert lines[0] == "AAPL from Wed 31 Mar 2021, by fast: the chance to end within the usual move"
    assert lines[1].split()[:2] == ["days", "stated"]
    assert lines[2].split() == [
        "1",
        "0.83",
        "0.8",
        "to",
        "0.85",
        "0.825",
        "4,743",
        "83.0",
        "%",
        "82.0",
        "to",
        "84.1",
        "none",
        "yet",
    ]
    assert "by outcomes known up to Thu 31 Dec 2020" in outcome.out
    found = documents(ara, "ledger", "receipt", made["id"])
    assert [one["day"] for one in found["days"]] == [1, 2]
    first = found["days"][0]
    assert first["stated"] == made["days"][0]["confidence"]
    assert {**first["record"], "until": 0} == {**made["days"][0]["receipt"], "until": 0}
    assert first["ledger"] == {"forecasts": 0, "inside": 0, "least": None, "most": None}
    assert first["record"]["inside"] / first["record"]["forecasts"] == first["record"]["share"]


def test_a_receipt_of_a_model_without_a_record(ara):
    made = documents(ara, "predict", "AAPL", "--days", "1", "--model", "ewma_t")
    out = ara("ledger", "receipt", made["id"][:8]).out
    assert "Its model has no record on days that it did not know." in out
    assert documents(ara, "ledger", "receipt", made["id"])["days"][0]["record"] is None
    assert ara("ledger", "receipt", "ffff").code == 2
