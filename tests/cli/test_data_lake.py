"""The lake as people meet it: what is lost is said, and put back."""

import json
import shutil

import pytest

BARS = "symbol,ts,open,high,low,close,volume\n" + "".join(
    f"AAPL,2020-02-{day:02},10,11,9,10.{day},100\n" for day in (3, 4, 5, 6, 7, 10, 11, 13, 14, 18, 19, 20, 21)
)


@pytest.fixture
def imported(ara, home):
    """A lake with the bars of one file, and a back-up of it."""
    (home / "aapl.csv").write_text(BARS)
    outcome = ara("data", "import", "aapl.csv")
    assert outcome.code == 0, outcome.err
    assert ara("data", "backup", "safe").code == 0
    return home


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "AAPL"),
        ("data", "show", "AAPL"),
        ("data", "list"),
        ("data", "why", "AAPL", "2020-02-14"),
        ("data", "check", "AAPL"),
        ("data", "import", "aapl.csv"),
        ("data", "backup", "safe"),
        ("data", "query", "select 1"),
        ("data", "export", "AAPL", "--out", "x.csv"),
    ],
)
def test_a_lake_whose_log_is_lost_is_not_empty(ara, imported, words):
    shutil.rmtree(imported / "ara/lake/silver/bars/_delta_log")
    outcome = ara(*words)
    assert (outcome.code, outcome.out) == (7, "")
    assert "_delta_log is missing" in " ".join(outcome.err.split())
    assert "ara data restore FOLDER" in " ".join(outcome.err.split())
    assert not (imported / "x.csv").exists()


def test_a_table_that_is_gone_is_told_by_all(ara, imported):
    assert ara("data", "withdraw", "aapl.csv", "--yes").code == 0
    shutil.rmtree(imported / "ara/lake/silver/withdrawals")
    for words in (("data", "list"), ("data", "show", "AAPL"), ("predict", "AAPL"), ("data", "backup", "safe")):
        outcome = ara(*words)
        assert (outcome.code, outcome.out) == (7, ""), words
        assert "silver/withdrawals is damaged" in " ".join(outcome.err.split())
    assert "silver/withdrawals is damaged" in ara("doctor", "--json").out
    shutil.rmtree(imported / "ara/lake/silver")
    for words in (("data", "list"), ("data", "show", "AAPL"), ("predict", "AAPL"), ("data", "backup", "safe")):
        outcome = ara(*words)
        assert (outcome.code, outcome.out) == (7, ""), words
    assert ara("data", "restore", "safe", "--yes").code == 0
    assert "AAPL" in ara("data", "list").out


def test_a_file_where_the_lake_should_be(ara, home):
    (home / "ara").mkdir()
    (home / "ara/lake").write_text("")
    for words in (("predict", "AAPL"), ("data", "list"), ("data", "show", "AAPL")):
        outcome = ara(*words)
        assert (outcome.code, "no folder stands in its place" in " ".join(outcome.err.split())) == (7, True), words


def test_the_doctor_and_the_back_up_help(ara, imported):
    shutil.rmtree(imported / "ara/lake/silver/bars/_delta_log")
    rows = json.loads(ara("doctor", "--json").out)
    assert "_delta_log is missing" in json.dumps(rows)
    refused = ara("data", "restore", "safe")
    assert (refused.code, "--yes" in refused.err) == (10, True)
    assert ara("data", "restore", "safe", "--yes").code == 0
    assert "AAPL" in ara("data", "list").out


def test_the_hints_of_back_ups_can_be_typed(ara, imported):
    unknown = ara("data", "restore", "safe", "--name", "none", "--yes")
    assert (unknown.code, "ara data restore safe --list" in unknown.err) == (5, True)
    assert ara("data", "restore", "safe", "--list").code == 0
    missing = ara("data", "restore", "nowhere")
    assert (missing.code, "ara data backup nowhere" in missing.err) == (2, True)
    assert ara("data", "backup", "nowhere").code == 0


def told(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_a_wrong_import_is_seen_for_what_it_is_and_taken_back(ara, home):
    before = told(ara("data", "show", "AAPL", "--json"))
    (home / "aapl.csv").write_text("\n".join(BARS.splitlines()[:3]))
    assert "aapl.csv: AAPL, bars of 1d" in " ".join(ara("data", "import", "aapl.csv").out.split())
    for words in (("predict", "AAPL"), ("data", "show", "AAPL")):
        outcome = ara(*words)
        said = " ".join((outcome.out + outcome.err).split()).lower()
        assert "only 2 bars of aapl are kept, from file:aapl, and they stand before the 3," in said, words
        assert "ara data withdraw file:aapl --symbol aapl" in said
    assert ara("predict", "AAPL").code == 4
    refused = ara("data", "withdraw", "aapl.csv")
    assert (refused.code, "--yes" in refused.err) == (10, True)
    done = told(ara("data", "withdraw", "aapl.csv", "--yes", "--json"))
    assert [(one["symbol"], one["source"], one["bars"]) for one in done["withdrawn"]] == [("AAPL", "file:aapl", 2)]
    assert told(ara("data", "show", "AAPL", "--json"))["bars"] == before["bars"]
    assert ara("predict", "AAPL").code == 0
    assert ara("data", "list").out.startswith("Nothing is kept yet.")
    why = ara("data", "why", "AAPL", "2020-02-03")
    assert "Withdrawn on 20" in why.out
    assert "file:aapl 10.30" in why.out
    (row,) = told(ara("data", "why", "AAPL", "2020-02-03", "--json"))["withdrawn"]
    assert (row["source"], row["close"], row["withdrawn_at"]) == ("file:aapl", 10.3, done["withdrawn_at"])
    assert ara("data", "withdraw", "aapl.csv", "--yes").code == 2


def test_a_view_from_before_the_withdrawal_comes_out_again(ara, home):
    (home / "aapl.csv").write_text(BARS)
    ara("data", "import", "aapl.csv")
    kept = told(ara("data", "show", "AAPL", "--json"))
    learned = told(ara("data", "list", "--json"))["series"][0]["learned_at"]
    assert ara("data", "withdraw", "file:aapl", "--yes").out.startswith("Withdrawn: 13 bars of AAPL from file:aapl.")
    again = told(ara("data", "show", "AAPL", "--learned", learned, "--json"))
    assert again["bars"] == kept["bars"]
    assert told(ara("data", "show", "AAPL", "--json"))["bars"] != kept["bars"]
    assert ara("data", "import", "aapl.csv").out.startswith("13 bars new from 1 file, 1 symbol")
    assert len(told(ara("data", "show", "AAPL", "--json"))["bars"]) == 13


def test_only_what_is_named_is_taken_back(ara, home):
    (home / "two.csv").write_text(BARS + BARS.partition("\n")[2].replace("AAPL", "MSFT"))
    ara("data", "import", "two.csv")
    (fetch,) = {one["fetch"] for one in told(ara("data", "why", "MSFT", "2020-02-03", "--json"))["witnesses"]}
    assert ara("data", "withdraw", fetch[:10], "--symbol", "msft", "--yes").code == 0
    assert [one["symbol"] for one in told(ara("data", "list", "--json"))["series"]] == ["AAPL"]
    assert "26" not in ara("data", "import", "two.csv").out.splitlines()[0]
    assert [one["symbol"] for one in told(ara("data", "list", "--json"))["series"]] == ["AAPL", "MSFT"]
    (home / "two.csv").unlink()
    assert ara("data", "withdraw", "two.csv", "--yes").out.startswith("Withdrawn: 26 bars of AAPL, MSFT")


@pytest.mark.parametrize("words", [("none.csv",), (" ",), ("00000000",), ("aapl.csv", "--source", "other")])
def test_what_is_not_there_cannot_be_taken_back(ara, imported, words):
    assert ara("data", "withdraw", *words, "--yes").code == 2


def test_a_query_that_wants_too_much_memory_is_ended(ara, imported):
    outcome = ara("data", "query", "select range(1000000000)", "--set", "data.query_mb=64")
    assert (outcome.code, outcome.out) == (2, "")
    said = " ".join(outcome.err.split())
    assert "needs more than 64 MB of memory" in said
    assert "--set data.query_mb=" in said
    assert "13" in ara("data", "query", "select count(*) from bars").out


def test_an_import_says_how_good_it_is_and_refuses_what_is_no_price(ara, home):
    (home / "KO.csv").write_text("Date,Open,High,Low,Close\n2020-01-02,1,1,1,1\n2020-01-03,2,inf,1,2\n")
    done = told(ara("data", "import", "KO.csv", "--json"))["imported"][0]
    assert done["quality"] == [{"symbol": "KO", "timeframe": "1d", "score": 1.0, "worst": "", "issues": []}]
    assert done["refused"][0]["reason"] == "its high is no finite number"
    (home / "PG.csv").write_text("Date,Open,High,Low,Close\n2020-01-02,1,2,1,1\n2020-01-03,49,40,48,49\n")
    text = " ".join(ara("data", "import", "PG.csv").out.split())
    assert "Quality of PG: 0." in text
    assert "; worst: " in text
    (home / "V.csv").write_text("Date,Close\n2020-01-02,-1\n")
    outcome = ara("data", "import", "V.csv")
    assert (outcome.code, "its close is not above 0" in " ".join(outcome.err.split())) == (2, True)


def test_an_import_counts_the_series_that_it_did_not_look_at(ara, home, monkeypatch):
    monkeypatch.setattr("ara.data.imports.MOST", 30)
    hours = "".join(f"BTC-USD,2020-02-0{1 + n // 24} {n % 24:02}:00Z,{9000 + n % 7}\n" for n in range(60))
    days = "".join(f"{name},2020-02-0{day},9\n" for name in ("KO", "PG") for day in range(3, 8))
    (home / "hours.csv").write_text("symbol,time,close\n" + hours)
    (home / "days.csv").write_text("symbol,time,close\n" + days)
    (home / "both").mkdir()
    for name in ("hours.csv", "days.csv"):
        (home / name).rename(home / "both" / name)
    outcome = ara("data", "import", "both", "--json")
    done = told(outcome)["imported"][0]
    assert [one["symbol"] for one in done["quality"]] == ["KO", "PG"]
    assert done["unjudged"] == [{"symbol": "BTC-USD", "timeframe": "1h", "source": "file:hours"}]
    (home / "both" / "days.csv").rename(home / "days.csv")
    text = " ".join(ara("data", "import", "both", "--source", "again").out.split())
    assert "1 series was not looked at" in text
    assert "ara data check BTC-USD --timeframe 1h" in text
    assert "Quality of" not in text
    assert "not looked at" not in ara("data", "import", "days.csv", "--source", "again").out


def test_what_an_edited_file_brought_before_is_told_and_taken_too(ara, home):
    head, day = "Date,Close\n", "2020-01-{:02},1.5\n"
    (home / "KO.csv").write_text(head + day.format(2) + day.format(3))
    assert ara("data", "import", "KO.csv").code == 0
    (home / "KO.csv").write_text(head + day.format(6))
    refused = ara("data", "withdraw", "KO.csv", "--yes")
    words = " ".join(refused.err.split())
    assert (refused.code, "2 bars of file:KO came from another state of it" in words) == (2, True)
    assert "ara data withdraw file:KO" in words
    assert ara("data", "import", "KO.csv").code == 0
    done = ara("data", "withdraw", "KO.csv", "--yes")
    assert (done.code, "2 bars of KO from file:KO stand" in " ".join(done.err.split())) == (0, True)
    assert told(ara("data", "withdraw", "file:KO", "--yes", "--json"))["others"] == 0
    assert ara("data", "withdraw", "file:KO", "--yes").code == 2


@pytest.mark.parametrize(
    "words", [("why", "OOO", "2020-01-02"), ("show", "OOO"), ("check", "OOO"), ("export", "OOO", "--out", "ooo.csv")]
)
def test_of_what_is_not_there_it_is_said_that_it_was_withdrawn(ara, home, words):
    (home / "OOO.csv").write_text("Date,Close\n2020-01-02,1.5\n2020-01-03,1.5\n")
    assert "withdrawn" not in ara("data", *words).err
    assert ara("data", "import", "OOO.csv").code == 0
    assert ara("data", "withdraw", "OOO.csv", "--yes").code == 0
    outcome = ara("data", *words)
    said = " ".join(outcome.err.split())
    assert (outcome.code, "Bars of OOO from file:OOO were withdrawn on 20" in said) == (2, True)
    assert "ara data import FILE" in said


def test_an_infinite_price_of_an_older_version_is_null(ara, home):
    import polars as pl

    from ara.clock import SystemClock
    from ara.data.lake import Lake

    (home / "OOO.csv").write_text("Date,Close\n2020-01-02,1.5\n2020-01-03,1.5\n")
    assert ara("data", "import", "OOO.csv").code == 0
    lake = Lake.at(home / "ara/lake", clock=SystemClock())
    rows = lake.bars("OOO", "1d")
    lake.append(rows.with_columns(close=pl.lit(float("inf")), learned_at=SystemClock().now()))
    lake.close()
    outcome = ara("data", "why", "OOO", "2020-01-02", "--json")
    assert outcome.code == 0, outcome.err
    assert told(outcome)["witnesses"][0]["close"] is None
