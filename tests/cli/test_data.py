import json
import socket
import subprocess
import sys
from datetime import date, timedelta

import polars as pl
import pytest

from ara.cli.words import width
from tests.venues.yahoo import YahooVenue, epoch


@pytest.fixture
def yahoo(home, monkeypatch):
    """Yahoo on this machine, and it alone as the source."""
    with YahooVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo")
        monkeypatch.setenv("ARA_CLI_TIMEZONE", "UTC")
        yield venue


@pytest.fixture
def aapl(ara, yahoo):
    outcome = ara("data", "fetch", "AAPL", "--from", "2020-06-01", "--to", "2020-10-01")
    assert outcome.code == 0, outcome.err
    return yahoo


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_nothing_is_kept_at_first(ara):
    assert ara("data", "list").out.startswith("Nothing is kept yet.")
    assert document(ara("data", "list", "--json")) == {"schema": 1, "series": [], "rates": []}


def test_fetch_then_again(ara, yahoo):
    words = ("data", "fetch", "AAPL", "--from", "2020-08-01", "--to", "2020-09-05")
    first = ara(*words)
    assert first.code == 0, first.err
    assert first.out.splitlines()[0] == "25 bars of AAPL are new."
    assert "yahoo" in first.out
    again = document(ara(*words, "--json"))
    (one,) = again["fetched"]
    assert (one["new"], one["corrected"], one["same"], one["source"]) == (0, 0, 25, "yahoo")
    assert (one["first"], one["last"]) == ("2020-08-03T13:30:00Z", "2020-09-04T13:30:00Z")
    assert (again["failed"], again["exit_code"]) == ([], 0)
    assert ara(*words).out.startswith("No new bar of AAPL.")


@pytest.mark.parametrize("columns", [60, 100, 160])
def test_a_fetch_names_what_is_wrong_with_the_answer(ara, yahoo, monkeypatch, columns):
    last, sound = epoch(date(2020, 9, 4), "EQUITY"), yahoo.daily

    def hundredfold(symbol):
        return [(at, *(p * 100 for p in prices), n) if at == last else (at, *prices, n)
                for at, *prices, n in sound(symbol)]  # fmt: skip

    monkeypatch.setattr(yahoo, "daily", hundredfold)
    span = ("AAPL", "--from", "2020-01-01", "--to", "2020-09-05")
    said = ara("data", "fetch", *span, "--width", str(columns)).out
    assert max(map(width, said.splitlines())) <= columns
    assert "AAPL: error, unit: 1 bar is: 2020-09-04, in another unit or currency: 100 times" in " ".join(said.split())


def test_what_fails_stops_no_other_and_is_told(ara, yahoo):
    outcome = ara("data", "fetch", "AAPL", "ZZZZ", "MSFT", "--from", "2020-08-01", "--to", "2020-09-05")
    assert outcome.code == 3
    assert outcome.out.startswith("50 bars of 2 instruments are new.")
    assert "ZZZZ" in outcome.err
    told = document(ara("data", "fetch", "AAPL", "ZZZZ", "--from", "2020-08-01", "--to", "2020-09-05", "--json"))
    assert [one["symbol"] for one in told["fetched"]] == ["AAPL"]
    assert [one["symbol"] for one in told["failed"]] == ["ZZZZ"]
    assert told["failed"][0]["error"]["code"]
    assert told["exit_code"] == 3


def test_one_that_fails_is_an_error_of_its_own(ara, yahoo):
    outcome = ara("data", "fetch", "ZZZZ", "--json")
    assert outcome.code == document(outcome)["exit_code"] in {2, 3}
    assert "ZZZZ" in document(outcome)["detail"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fetch", "AAPL", "--from", "2020-09-01", "--to", "2020-08-01"), "--from is not before --to"),
        (("fetch", "AAPL", "--from", "yesterday"), "--from is 'yesterday'"),
        (("fetch", "AAPL", "--to", "2020-08-01T10:00"), "without a zone"),
        (("fetch", "AAPL", "--from", "1066-10-14"), "--from is 1066-10-14; dates from 1901"),
        (("fetch", "AAPL", "--timeframe", "7d"), "there is no timeframe"),
        (("fetch", "AA\x1bPL"), "is no symbol"),
        (("show", "APPL"), "Did you mean AAPL"),
        (("show", "AAPL", "-n", "0"), "--limit is 0"),
        (("show", "AAPL", "--raw", "--actions"), "exclude each other"),
        (("why", "AAPL", "soon"), "DATE is 'soon'"),
        (("check", "AAPL", "--rule", "luck"), "There is no rule 'luck'"),
        (("query", "select 1", "--seconds", "0"), "--seconds is 0"),
        (("export", "AAPL", "--out", "x.exe"), "--out is 'x.exe'"),
        (("export", "AAPL", "--out", "none/x.csv"), "there is no folder"),
        (("update", "AAPL", "--all"), "--all leaves nothing to name"),
        (("update", "--symbols", "nowhere.txt"), "can't be read"),
        (("restore", "nowhere"), "There is no back-up in nowhere"),
        (("cache", "clear", "A A"), "is no symbol"),
    ],
)
def test_bad_input_is_named(ara, words, said):
    outcome = ara("data", *words)
    assert outcome.code == 2, outcome.err
    assert said in outcome.err.replace("\n", " ")
    assert "Traceback" not in outcome.err
    assert "\x1bP" not in outcome.err


def test_updating_what_is_kept(ara, aapl, home):
    told = document(ara("data", "update", "--json"))
    assert [one["symbol"] for one in told["fetched"]] == ["AAPL"]
    assert told["fetched"][0]["new"] > 100
    (home / "mine.txt").write_text("# favourites\nAAPL, MSFT  # two of them\n")
    told = document(ara("data", "update", "--symbols", "mine.txt", "--json"))
    assert [(one["symbol"], one["new"] > 0) for one in told["fetched"]] == [("AAPL", False), ("MSFT", True)]
    assert ara("data", "update", "--all").code == 0


def test_nothing_to_update(ara, yahoo):
    outcome = ara("data", "update")
    assert (outcome.code, "nothing to update" in outcome.err) == (3, True)


@pytest.mark.parametrize("content", [b"", b"# none\n", b"\xff\xfe\x00"])
def test_a_list_without_symbols(ara, home, content):
    (home / "mine.txt").write_bytes(content)
    assert ara("data", "update", "--symbols", "mine.txt").code == 2


def test_the_list(ara, aapl):
    (row,) = document(ara("data", "list", "--json"))["series"]
    assert (row["symbol"], row["source"], row["timeframe"], row["asset_class"]) == ("AAPL", "yahoo", "1d", "stock")
    assert row["bars"] == 86
    text = ara("data", "list", "--width", "160").out
    assert text.startswith("86 bars of 1 instrument in 1 series.")
    assert "Apple Inc." in text
    assert document(ara("data", "list", "apple", "--json"))["series"] == [row]
    assert document(ara("data", "list", "bitcoin", "--json"))["series"] == []
    assert "Nothing kept matches" in ara("data", "list", "bitcoin").out


def test_showing_bars(ara, aapl):
    text = ara("data", "show", "AAPL", "-n", "3").out
    assert text.splitlines()[0].startswith("AAPL  Apple Inc.")
    assert "2020-09-30" in text
    told = document(ara("data", "show", "AAPL", "--as-of", "2020-08-28", "-n", "1", "--json"))
    assert told["bars"][0]["date"] == "2020-08-28"
    assert told["bars"][0]["close"] == pytest.approx(499.23)
    raw = document(ara("data", "show", "AAPL", "--raw", "-n", "2", "--json"))
    assert [row["source"] for row in raw["rows"]] == ["yahoo", "yahoo"]
    assert ara("data", "show", "AAPL", "--raw").out.count("yahoo") == 20
    assert "No bars of MSFT are kept" in ara("data", "show", "MSFT", "--raw").out


def test_showing_actions(ara, aapl):
    aapl_actions = document(ara("data", "show", "AAPL", "--actions", "--json"))["actions"]
    text = ara("data", "show", "AAPL", "--actions").out
    assert [row["action"] in {"split", "dividend"} for row in aapl_actions] == [True] * len(aapl_actions)
    assert "No splits or dividends" in text or "for 1" in text or "USD" in text


def test_why(ara, aapl):
    text = ara("data", "why", "AAPL", "2020-09-30").out.splitlines()
    assert text[0].startswith("  close 115.81   from  yahoo 115.81")
    assert text[1].startswith("  quality 1.00   repaired: no   known at 2020-09-30 20:00 UTC, learned 20")
    told = document(ara("data", "why", "AAPL", "2020-09-30", "--json"))
    assert told["witnesses"][0]["source"] == "yahoo"
    assert told["fetches"][0]["tried"][-1]["ok"] is True
    assert "those beside it" in ara("data", "why", "AAPL", "2020-09-27").err


def test_checking(ara, aapl, home):
    told = document(ara("data", "check", "AAPL", "--json"))
    assert {"score", "issues"} <= set(told)
    assert 0 < told["score"] <= 1
    assert [one["source"] for one in told["series"]] == ["yahoo"]
    assert all(set(one) == {"rule", "severity", "symbol", "at", "count", "words"} for one in told["issues"])
    days = pl.date_range(pl.date(2020, 1, 6), pl.date(2020, 3, 31), eager=True)
    days = days.filter(days.dt.weekday() < 6)
    close = [100 + 3 * ((n * 7919) % 13) / 13 for n in range(len(days))]
    frame = pl.DataFrame({"symbol": "AAPL", "ts": days, "open": close, "high": close, "low": close, "close": close})
    frame.filter(pl.col("ts") != pl.date(2020, 2, 12)).write_csv(home / "mine.csv")
    found = document(ara("data", "check", "mine.csv", "--rule", "missing", "--each", "--json"))
    assert [(one["rule"], one["at"], one["count"]) for one in found["issues"]] == [
        ("missing", "2020-02-12T14:30:00Z", 1)
    ]
    text = ara("data", "check", "mine.csv", "AAPL").out
    assert "missing" in text
    assert "2020-02-12" in text
    both = ara("data", "check", "AAPL", "none.csv")
    assert (both.code, "none.csv" in both.err) == (3, True)
    assert ara("data", "check", "none.csv").code == 2


def test_checking_knows_the_splits_that_another_file_states(ara, home):
    """Prices as traded in one file, Apple's split of 2014 in another."""
    days = [date(2014, 3, 3) + timedelta(days=number) for number in range(140)]
    days = [
        day for day in days if day.weekday() < 5 and day not in {date(2014, 4, 18), date(2014, 5, 26), date(2014, 7, 4)}
    ]
    closes = [
        (560.0 if day < date(2014, 6, 9) else 80.0) * (1 + 0.01 * (number % 5 - 2)) for number, day in enumerate(days)
    ]
    rows = [f"{day},{c},{c * 1.004},{c * 0.996},{c},{30_000_000}" for day, c in zip(days, closes, strict=True)]
    (home / "raw.csv").write_text("Date,Open,High,Low,Close,Volume\n" + "\n".join(rows) + "\n")
    (home / "AAPL.csv").write_text("19980102,1,0.142857,1\n20140606,1,0.142857,645.57\n20501231,1,1,0\n")
    assert ara("data", "import", "raw.csv", "--symbol", "AAPL").code == 0
    alone = document(ara("data", "check", "AAPL", "--rule", "split", "--json"))["issues"]
    assert [one["severity"] for one in alone] == ["warning"]
    assert ara("data", "import", "AAPL.csv").code == 0
    told = document(ara("data", "check", "AAPL", "--rule", "split", "--json"))["issues"]
    assert [one["severity"] for one in told] == ["info"]


def test_the_sample_is_checked_where_nothing_is_kept(ara):
    told = document(ara("data", "check", "AAPL", "BTC-USD", "--json"))
    assert [(one["symbol"], one["source"]) for one in told["series"]] == [("AAPL", "sample"), ("BTC-USD", "sample")]
    assert "series: " in ara("data", "check", "AAPL", "BTC-USD", "--rule", "split").out


def test_queries(ara, aapl):
    told = document(ara("data", "query", "select count(*) as n, max(close) as top from bars", "--json"))
    assert [one["name"] for one in told["columns"]] == ["n", "top"]
    assert told["rows"][0][0] == 86
    assert told["cut"] is False
    some = ara("data", "query", 'select symbol, "at", close, null as nothing from bars order by 2', "--limit", "5")
    assert len(some.out.splitlines()) == 6
    assert "these are the first 5" in some.err
    assert ara("data", "query", "select * from bars where close < 0").out == "No rows.\n"
    narrow = ara("data", "query", "select * from bars limit 2", "--width", "60").out
    assert narrow.splitlines()[0].split() == ["symbol", "AAPL"]
    outcome = ara("data", "query", "drop table bars")
    assert (outcome.code, outcome.out) == (2, "")
    assert ara("data", "query", "select * from read_csv('/etc/passwd')").code == 2


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_exports(ara, aapl, home, kind):
    told = ara("data", "export", "AAPL", "--out", f"x.{kind}")
    assert told.out == f"86 bars of 1 instrument are in x.{kind}\n"
    path = home / f"x.{kind}"
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[kind](path)
    assert read.columns[:4] == ["symbol", "timeframe", "basis", "at"]
    assert read["close"][-1] == pytest.approx(115.81)
    assert [one.name for one in home.glob(".x*")] == []
    then = document(ara("data", "export", "AAPL", "ZZZZ", "--as-of", "2020-08-28", "--out", f"x.{kind}", "--json"))
    assert (then["bars"], then["exit_code"], then["failed"][0]["symbol"]) == (64, 3, "ZZZZ")


def test_an_export_into_a_folder_that_refuses(ara, aapl, home, monkeypatch):
    (home / "x.csv").write_text("old")
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    outcome = ara("data", "export", "AAPL", "--out", "x.csv")
    assert (outcome.code, "No space left" in outcome.err) == (5, True)
    assert (home / "x.csv").read_text() == "old"
    assert [one.name for one in home.glob(".x*")] == []


def test_backup_and_restore(ara, aapl, home):
    first = document(ara("data", "backup", "safe", "--json"))
    assert first["files"] > 0
    assert ara("data", "backup", "safe").out.startswith("Back-up 20")
    ara("data", "fetch", "MSFT", "--from", "2020-08-01", "--to", "2020-09-05")
    refused = ara("data", "restore", "safe")
    assert (refused.code, "--yes" in refused.err) == (10, True)
    assert len(document(ara("data", "list", "--json"))["series"]) == 2
    listed = document(ara("data", "restore", "safe", "--list", "--json"))["backups"]
    assert [one["name"] for one in listed][-1] == first["name"]
    assert first["name"] in ara("data", "restore", "safe", "--list").out
    done = document(ara("data", "restore", "safe", "--yes", "--json"))
    assert done["before"]
    assert len(document(ara("data", "list", "--json"))["series"]) == 1
    assert ara("data", "restore", "safe", "--name", first["name"], "--yes").out.startswith("The lake is back-up")


def test_there_is_nothing_to_back_up(ara):
    assert ara("data", "backup", "safe").code == 2


def test_the_sources(ara, aapl):
    rows = {row["source"]: row for row in document(ara("data", "sources", "--json"))["sources"]}
    assert set(rows) == {"sample", "yahoo"}
    assert rows["yahoo"]["asked"] >= 1
    assert rows["yahoo"]["url"] == aapl.url
    text = ara("data", "sources", "--set", "data.online=yahoo,polygon,nobody").out
    assert "missing" in text
    assert "broken" in text


def test_a_source_that_fails_is_named(ara, yahoo):
    for _ in range(8):
        yahoo.on("/v8/finance/chart/*", status=404, body=b"<html>")
    outcome = ara("data", "fetch", "AAPL", "--provider", "nobody")
    assert outcome.code != 0
    assert "nobody" in outcome.err


def test_the_cache_without_redis(ara):
    assert ara("data", "cache", "stats").out.startswith("No Redis is set")
    told = document(ara("data", "cache", "stats", "--json"))
    assert (told["redis"], told["budget"]) == (None, {"memory_mb": 100, "redis_mb": 0})
    assert ara("data", "cache", "clear", "AAPL").out == "There was nothing of AAPL to drop.\n"
    assert ara("data", "cache", "warm").code == 3


def test_the_cache_with_redis(ara, aapl, redis_url, monkeypatch):
    monkeypatch.setenv("ARA_DATA_CACHE_REDIS", redis_url)
    assert ara("data", "cache", "warm", "AAPL").out == "Loaded AAPL.\n"
    told = document(ara("data", "cache", "stats", "--json"))
    assert told["redis"]["entries"] >= 1
    assert told["popular"] == ["AAPL"]
    text = ara("data", "cache", "stats").out
    assert text.startswith("Answered")
    assert "AAPL" in text
    assert document(ara("data", "cache", "clear", "AAPL", "--json"))["dropped"] >= 1
    assert document(ara("data", "cache", "clear", "--json"))["dropped"] == 0
    assert document(ara("data", "cache", "warm", "--json"))["loaded"] == ["AAPL"]
    failed = ara("data", "cache", "warm", "AAPL", "ZZZZ")
    assert (failed.code, "ZZZZ" in failed.err) == (3, True)


def test_an_import_drops_what_all_processes_hold(ara, aapl, redis_url, monkeypatch, home):
    monkeypatch.setenv("ARA_DATA_CACHE_REDIS", redis_url)
    ara("data", "cache", "clear")
    assert ara("data", "show", "AAPL", "--as-of", "2020-09-30").code == 0
    held = document(ara("data", "cache", "stats", "--json"))["redis"]["entries"]
    assert held >= 1
    bars = "symbol,date,open,high,low,close,volume\nKO,2020-09-01,1,2,1,2,5\nKO,2020-09-02,2,3,2,3,5\n"
    (home / "ko.csv").write_text(bars)
    for left in (0, held):
        assert ara("data", "import", "ko.csv").code == 0
        assert document(ara("data", "cache", "stats", "--json"))["redis"]["entries"] == left
        assert ara("data", "show", "AAPL", "--as-of", "2020-09-30").code == 0


def test_the_cache_with_a_redis_that_is_away(ara):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        outcome = ara("data", "cache", "stats", "--set", f"data.cache.redis=redis://:secret-word@127.0.0.1:{port}/0")
    assert (outcome.code, outcome.out.startswith("The Redis of data.cache.redis")) == (0, True)
    assert "secret-word" not in outcome.out + outcome.err
    assert f"127.0.0.1:{port}" in outcome.err


@pytest.mark.parametrize("columns", [60, 100, 160])
def test_every_screen_fits(ara, aapl, columns):
    for line in (
        "list", "show AAPL -n 3", "show AAPL --raw -n 3", "show AAPL --actions", "why AAPL 2020-09-30", "check AAPL",
        "sources", "cache stats", "query select+*+from+bars+limit+2", "--help", "fetch --help", "cache --help",
    ):  # fmt: skip
        words = [word.replace("+", " ") for word in line.split()]
        outcome = ara("data", *words, "--width", str(columns))
        assert outcome.code == 0, outcome.err
        assert max(map(width, outcome.out.splitlines())) <= columns, outcome.out


@pytest.mark.parametrize(
    "name",
    [
        *("fetch", "update", "import", "list", "show", "check", "why"),
        *("query", "export", "backup", "restore", "sources", "cache"),
    ],
)
def test_each_help_begins_with_three_examples(ara, name):
    assert max(map(width, ara("data", name, "--help", "--width", "60").out.splitlines())) <= 60
    told = document(ara("data", name, "--help", "--json"))
    assert len(told["examples"]) == 3
    assert all(example.startswith(f"ara data {name}") for example in told["examples"])


def test_a_real_process_and_what_it_imports(process, yahoo):
    done = process("data", "list")
    assert (done.code, done.err) == (0, "")
    program = (
        "import sys; from ara.cli.app import main; main(['data', 'list']); main(['data', '--help']);"
        "heavy = {'httpx', 'websockets', 'stamina', 'deltalake', 'duckdb', 'redis', 'asyncpg', 'pandas', 'pyarrow'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=900, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_second_source_helps_and_both_are_seen(ara, yahoo):
    """A source that fails is passed over with its reason; what it said is in the answer and in `why`."""
    yahoo.allowed = 0
    outcome = ara("data", "fetch", "AAPL", "--set", "data.retries=0", "--from", "2020-08-01", "--to", "2020-09-05")
    assert (outcome.code, outcome.out) == (3, "")
    assert "yahoo" in outcome.err


BARS = "symbol,ts,open,high,low,close,volume\n" + "".join(
    f"ACME,2020-02-{day:02},10,11,9,10.{day},100\n" for day in (3, 4, 5, 6, 7, 10, 11, 13, 14, 18, 19, 20, 21)
)


def test_importing_files(ara, home):
    (home / "acme.csv").write_text(BARS)
    first = ara("data", "import", "acme.csv")
    assert first.code == 0, first.err
    assert first.out.startswith("13 bars new from 1 file, 1 symbol")
    assert "Passed over: acme.csv was imported before" in ara("data", "import", "acme.csv").out
    (row,) = document(ara("data", "list", "--json"))["series"]
    assert (row["symbol"], row["bars"], row["source"]) == ("ACME", 13, "file:acme")
    told = document(ara("data", "check", "ACME", "--rule", "missing", "--json"))
    assert [(one["rule"], one["at"]) for one in told["issues"]] == [("missing", "2020-02-12T14:30:00Z")]
    assert "2020-02-21" in ara("data", "show", "ACME", "-n", "2").out
    assert ara("symbols", "acme").out.splitlines()[1].split()[-1] == "kept"
    update = ara("data", "update", "--all")
    assert (update.code, "nothing to update" in update.err) == (3, True)


def test_an_import_says_what_it_left_out(ara, home):
    (home / "bad.csv").write_text(BARS + "ACME,not a day,1,1,1,1,1\n")
    told = document(ara("data", "import", "bad.csv", "--json"))
    (one,) = told["imported"]
    assert (one["new"], one["refused"][0]["count"]) == (13, 1)
    again = ara("data", "import", "bad.csv", "--source", "other")
    assert "Left out, because they can't be bars: 1 row." in again.out
    strict = ara("data", "import", "bad.csv", "--source", "third", "--strict")
    assert (strict.code, strict.out) == (2, "")
    both = ara("data", "import", "bad.csv", "none.csv", "--source", "fourth")
    assert (both.code, "none.csv" in both.err, "13" in both.out) == (3, True, True)


def test_checking_a_file_sees_its_rows_as_they_stand(ara, home):
    rows = BARS.splitlines()
    (home / "raw.csv").write_text("\n".join([*rows, rows[3], "ACME,2020-02-24,10,8,9,10,1", "ACME,never,1,1,1,1,1"]))
    outcome = ara("data", "check", "raw.csv", "--json")
    found = {one["rule"] for one in document(outcome)["issues"]}
    assert {"duplicate", "impossible", "missing"} <= found
    assert document(outcome)["refused"][0]["count"] == 1
    assert "Not read as bars: raw.csv" in ara("data", "check", "raw.csv").err


def test_checking_a_folder_passes_over_what_holds_no_bars(ara, home):
    folder = home / "prices"
    folder.mkdir()
    (folder / "ACME.csv").write_text(BARS)
    (folder / "map.csv").write_text("20040819,goocv,Q\n20501231,goog,Q\n")
    (folder / "factors.csv").write_text("20040818,0.9,0.5,100\n20501231,1,1,0\n")
    (folder / "empty.csv").write_text("")
    (folder / "broken.parquet").write_bytes(b"PAR1 and no more")
    (folder / "notes.md").write_text("none")
    outcome = ara("data", "check", "prices")
    assert (outcome.code, "ACME.csv" in outcome.out) == (0, True)
    assert outcome.err.count("Passed over: ") == 5
    for why in ("map.csv holds no bars: it lists the tickers", "factors.csv holds no bars: it states splits"):
        assert f"Passed over: {why}" in outcome.err
    told = document(ara("data", "check", "prices", "--json"))
    assert ([one["source"] for one in told["series"]], len(told["skipped"])) == (["ACME.csv"], 5)
    for name in ("b.md", "c.md"):
        (folder / name).write_text("none")
    assert "And 2 more; each of them: --json" in ara("data", "check", "prices").err
    (folder / "ACME.csv").unlink()
    nothing = ara("data", "check", "prices")
    assert (nothing.code, nothing.out) == (2, "")
    one = ara("data", "check", "prices/map.csv")
    assert (one.code, "it lists the tickers" in one.err) == (2, True)


def test_checking_hours_of_a_file(ara, home):
    hours = "".join(f"BTC-USD,2020-02-0{1 + n // 24} {n % 24:02}:00,{9000 + n % 7}\n" for n in range(60) if n != 30)
    (home / "hours.csv").write_text("symbol,time,close\n" + hours)
    told = document(ara("data", "check", "hours.csv", "--rule", "missing", "--timezone", "UTC", "--json"))
    assert told["series"][0]["timeframe"] == "1h"
    assert [one["at"] for one in told["issues"]] == ["2020-02-02T06:00:00Z"]


def test_splits_and_dividends_as_stated(ara, yahoo):
    split = {"date": epoch(date(2020, 8, 31)), "numerator": 4, "denominator": 1, "splitRatio": "4:1"}
    yahoo.splits["AAPL"] = [split]
    yahoo.dividends["AAPL"] = [{"amount": 0.82, "date": epoch(date(2020, 8, 7))}]
    assert ara("data", "fetch", "AAPL", "--from", "2020-06-01", "--to", "2020-10-01").code == 0
    stated = document(ara("data", "show", "AAPL", "--actions", "--json"))["actions"]
    assert [(row["action"], row["value"], row["at"][:10]) for row in stated] == [
        ("dividend", 0.82, "2020-08-07"),
        ("split", 4.0, "2020-08-31"),
    ]
    lines = ara("data", "show", "AAPL", "--actions").out.splitlines()
    assert [line.split()[:4] for line in lines[-2:]] == [
        ["2020-08-07", "dividend", "0.82", "USD"],
        ["2020-08-31", "split", "4", "for"],
    ]
    assert lines[0].endswith("2 actions")
    assert document(ara("data", "show", "AAPL", "--actions", "--as-of", "2020-08-20", "--json"))["count"] == 1


def test_a_split_that_adjusted_bars_do_not_show_is_no_fault(ara, yahoo, monkeypatch):
    """Yahoo divides every price before one; another it has told of and not yet divided by, as on the day itself."""
    first, sound = epoch(date(2020, 8, 3), "EQUITY"), yahoo.daily
    span = ("AAPL", "--from", "2020-01-02", "--to", "2020-10-01")

    def late(symbol):
        return [(at, *(p * 2 for p in prices), n) if at < first else (at, *prices, n)
                for at, *prices, n in sound(symbol)]  # fmt: skip

    yahoo.split("AAPL", date(2020, 8, 31), 4)
    assert ": error" not in ara("data", "fetch", *span).out
    assert document(ara("data", "check", "AAPL", "--rule", "split", "--json"))["issues"] == []
    monkeypatch.setattr(yahoo, "daily", late)
    yahoo.split("AAPL", date(2020, 8, 3), 2)
    fetched = ara("data", "fetch", *span)
    assert (fetched.code, ": error" in fetched.out) == (0, False), fetched.out
    checked = document(ara("data", "check", "AAPL", "--rule", "split", "--json"))
    assert [one["severity"] for one in checked["issues"]] in ([], ["info"])


def test_a_folder_says_what_it_passed_over(ara, home):
    folder = home / "many"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.csv").write_text("nothing,here\n1,2\n")
    (folder / "acme.csv").write_text(BARS)
    outcome = ara("data", "import", "many")
    assert (outcome.out + outcome.err).count("Passed over: ") == 5
    assert "And 3 more files" in outcome.out


def test_hours_are_shown_in_the_users_zone(ara, home):
    hours = "".join(f"BTC-USD,2020-02-01 {n:02}:00,{9000 + n}\n" for n in range(24))
    (home / "hours.csv").write_text("symbol,time,close\n" + hours)
    assert ara("data", "import", "hours.csv", "--timezone", "UTC").code == 0
    text = ara("data", "show", "BTC-USD", "-t", "1h", "-n", "1", "--set", "cli.timezone=Asia/Tokyo").out
    assert "opened, Asia/Tokyo" in text
    assert "2020-02-02 08:00" in text
    assert ara("data", "why", "BTC-USD", "2020-02-01T05:00:00Z", "-t", "1h").out.startswith("  close 9,005.00")


def test_a_shared_database_is_no_lake(ara, postgres_url):
    outcome = ara("data", "backup", "safe", "--set", f"data.bars={postgres_url}")
    assert (outcome.code, "data.bars names a database" in outcome.err) == (2, True)


@pytest.mark.parametrize("words", [("backup", ""), ("restore", " "), ("import", ""), ("import", "acme.csv", "")])
def test_an_empty_name_is_refused(ara, home, words):
    (home / "acme.csv").write_text(BARS)
    before = sorted(home.iterdir())
    outcome = ara("data", *words)
    assert (outcome.code, "For example: ara data" in outcome.err) == (2, True)
    assert sorted(home.iterdir()) == before


def of_the_lake(ara, *words):
    (one,) = [one for one in document(ara("doctor", "--json", *words))["findings"] if one["name"] == "lake"]
    return one


def test_the_doctor_looks_at_the_lake(ara, home):
    assert of_the_lake(ara)["state"] == "off"
    (home / "acme.csv").write_text(BARS)
    assert ara("data", "import", "acme.csv").code == 0
    assert of_the_lake(ara)["state"] == "ok"
    assert of_the_lake(ara, "--set", "data.bars=postgresql://127.0.0.1:9/ara")["state"] == "off"
    (path,) = home.rglob("silver/bars/**/*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    cut = of_the_lake(ara)
    assert (cut["state"], "bytes, not" in cut["words"], "restore" in cut["hint"]) == ("fail", True, True)
    assert ara("doctor").code == 7
    path.unlink()
    assert "can't be read" in of_the_lake(ara)["words"]
    path.write_bytes(content)
    for log in home.rglob("silver/bars/_delta_log/*.json"):
        log.write_text("{")
    assert of_the_lake(ara)["state"] == "fail"
