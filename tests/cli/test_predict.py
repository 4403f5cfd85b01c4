import csv
import json
import re
import resource
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ara.cli.export import Export
from ara.cli.words import width
from ara.errors import ValidationError
from ara.prediction.document import from_document


def exported(document, target):
    with Export(target, single=True) as file:
        file.add(document)
        file.end({})


def flat(text):
    return " ".join(text.split())


def test_the_baseline_takes_no_view(ara):
    out = ara("predict", "AAPL", "--model", "ewma_t", "--width", "100").out
    assert out.count("122.2   0.0 %") == 5
    assert "Range, not direction: ewma_t takes no view of whether AAPL rises or falls." in out
    assert "forecasts that said" not in out


def test_where_no_shipped_model_may_answer_the_baseline_does_and_it_is_said(ara):
    outcome = ara("predict", "AAPL", "--as-of", "2013-09-02", "--days", "1")
    assert "after the moment of the forecast: ewma_t answered instead" in flat(outcome.out)
    document = json.loads(ara("predict", "AAPL", "--as-of", "2013-09-02", "--days", "1", "--json").out)
    assert (document["model"], document["degraded"]) == ("ewma_t", [])
    assert (document["days"][0]["direction"], document["days"][0]["receipt"]) == (None, None)


def test_a_forecast_of_the_bundled_sample(ara):
    outcome = ara("predict", "AAPL", "--width", "100")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("AAPL  Apple Inc.  NASDAQ, USD")
    assert lines[0].endswith("close 122.15 on Wed 31 Mar 2021")
    rows = [line for line in lines if re.match(r"  (Mon|Tue|Wed|Thu|Fri) ", line)]
    assert [row[2:12] for row in rows] == ["Thu  1 Apr", "Mon  5 Apr", "Tue  6 Apr", "Wed  7 Apr", "Thu  8 Apr"]
    assert next(row[13:28].split() for row in rows) == ["122.3", "+0.1", "%"]
    assert all("●" in row for row in rows)
    assert (
        "Range, not direction: no skill in calling the direction of stocks was found (p 1.00 after 15 tests,"
        in flat(outcome.out)
    )
    assert "Of 4,743 forecasts that said 0.8 to 0.85, 0.825 on average, 83.0 % did (82.0 to 84.1)." in flat(outcome.out)
    assert "Regime      wild: volatility in the highest third of its last 1,000 bars, for 18 bars now" in outcome.out
    assert re.search(r"Kept as [0-9a-f]{6} in the ledger\.", outcome.out)


def test_the_document_is_the_forecast_with_its_place(ara):
    outcome = ara("predict", "AAPL", "--days", "7", "--json")
    document = json.loads(outcome.out)
    assert document["kept"] == {"sequence": 1}
    forecast = from_document(document)
    assert forecast.id == document["id"]
    assert [day.number for day in forecast.days] == [1, 2, 3, 4, 5, 6, 7]
    assert set(document) >= {
        *("schema", "id", "symbol", "name", "asset_class", "venue", "currency", "as_of", "last", "close", "model"),
        *("source", "quality", "days", "regime", "warnings", "degraded", "lineage", "kept"),
    }
    assert set(document["days"][0]) >= {
        *("day", "date", "at", "price", "return", "band_80", "band_95", "p_up", "confidence", "usual_move"),
        *("quantiles", "factors", "direction", "receipt"),
    }
    day = document["days"][0]
    assert document["model"] == "fast"
    assert (day["direction"]["called"], day["direction"]["tests"], day["direction"]["kind"]) == ("", 15, "stocks")
    assert day["receipt"]["low"] <= day["confidence"] < day["receipt"]["high"]
    assert document["regime"]["state"] in {"calm", "mid", "wild"}


@pytest.mark.parametrize("columns", [60, 100, 160])
def test_a_last_bar_in_another_unit_is_said_before_the_figures(ara, tmp_path, columns):
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range(600)]
    rows = [f"DOGE-USD,{day},{10 + n % 7 / 10}" for n, day in enumerate(days)]
    rows[-1] = f"DOGE-USD,{days[-1]},1050"
    file = tmp_path / "doge.csv"
    file.write_text("symbol,ts,close\n" + "\n".join(rows))
    assert ara("data", "import", str(file)).code == 0
    out = ara("predict", "DOGE-USD", "--width", str(columns)).out
    said = f"the close of {days[-1]} is 102 times the one before, as if in another unit or currency;"
    assert said in " ".join(out.split())
    assert out.index("the close of") < out.index("median")
    assert max(map(width, out.splitlines())) <= columns


def test_the_same_question_is_kept_once(ara):
    first, second = (json.loads(ara("predict", "AAPL", "--json").out) for _ in range(2))
    assert first == second


def test_several_symbols_and_one_that_fails(ara):
    outcome = ara("predict", "AAPL", "NOSUCH", "BTC-USD", "-d", "1")
    assert outcome.code == 2
    assert outcome.out.index("AAPL  Apple") < outcome.out.index("BTC-USD  Bitcoin")
    assert "There is no instrument NOSUCH here." in outcome.err


def test_several_symbols_as_one_document(ara):
    outcome = ara("predict", "AAPL", "NOSUCH", "-d", "1", "--json")
    assert (outcome.code, outcome.err) == (2, "")
    document = json.loads(outcome.out)
    assert [forecast["symbol"] for forecast in document["forecasts"]] == ["AAPL"]
    (failed,) = document["failed"]
    assert document["exit_code"] == 2
    assert (failed["symbol"], failed["error"]["code"]) == ("NOSUCH", "unknown_symbol")


def test_none_of_several(ara):
    outcome = ara("predict", "NOSUCH", "NEITHER")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("There is no instrument") == 2


def test_from_a_day_in_the_past(ara):
    outcome = ara("predict", "EURUSD", "--as-of", "2020-02-20", "--width", "100")
    assert "on Thu 20 Feb 2020" in outcome.out
    assert "as asked." in outcome.out
    assert "Fri 21 Feb" in outcome.out
    assert "For today" not in outcome.out


def test_a_day_that_the_bars_do_not_reach_is_not_what_was_asked(ara):
    outcome = ara("predict", "XOM", "--as-of", "2020-04-15", "--days", "1", "--model", "ewma_t", "--width", "100")
    assert "close 76.57 on Fri 1 Sep 2017" in outcome.out
    assert "For today: ara data update XOM" in outcome.out
    assert "as asked" not in outcome.out


def test_the_days_of_the_settings_unless_a_flag_says_more(ara):
    assert len(json.loads(ara("predict", "AAPL", "--set", "prediction.days=3", "--json").out)["days"]) == 3
    assert len(json.loads(ara("predict", "AAPL", "--set", "prediction.days=3", "-d", "2", "--json").out)["days"]) == 2


@pytest.mark.parametrize("days", ["0", "-1", "31", "1e9", "x", "", "9" * 50, "1_0", "٣", "2.5", "\x1b[2J"])
def test_days_that_no_forecast_reaches(ara, days):
    outcome = ara("predict", "AAPL", "--days", days)
    assert (outcome.code, outcome.out) == (2, "")
    assert "a forecast reaches 1 to 30 bars" in outcome.err
    assert "Give a whole number from 1 to 30." in outcome.err
    assert "\x1b" not in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("AAPL", "--as-of", "yesterday"), "'yesterday', which is no date"),
        (("AAPL", "--as-of", "2999-01-01"), "which has not come yet"),
        (("AAPL", "--timeframe", "4h"), "4h"),
        (("AAPL", "--timeframe", "soon"), "soon"),
        (("AAPL", "--analysis", "deep"), "--analysis is 'deep'; it is minimal, basic, standard or full."),
        (("AAPL", "--model", "nosuch"), "There is no model named 'nosuch'."),
        (("AAPL", "--crypto"), "AAPL (Apple Inc.) is a stock, not a crypto currency."),
        (("AAPL", "--forex"), "AAPL (Apple Inc.) is a stock, not a currency pair."),
        (("XYZ", "--crypto"), "There is no instrument XYZ here."),
        (("XY-Z", "--crypto"), "There is no instrument XY-Z here."),
        (("BTC", "--crypto", "--forex"), "--crypto and --forex exclude each other."),
        (("AAPL", "-c", "2"), "--confidence-threshold is 2; it is a probability from 0 to 1."),
        (("AAPL", "-c", "x"), "--confidence-threshold is x"),
        (("AAPL", "-c", "nan"), "--confidence-threshold is nan"),
        (("AAPL", "-e", "out.xls"), "--export is 'out.xls'; it ends in .json or .csv."),
        (("AAPL", "-e", "no/out.csv"), "there is no folder 'no'"),
    ],
)
def test_what_cant_be_answered_is_said_in_one_voice(ara, words, said):
    outcome = ara("predict", *words, "--width", "300")
    assert outcome.code in {2, 3, 8}
    assert outcome.out == ""
    assert said in outcome.err
    assert len(outcome.err.splitlines()) <= 3


def test_a_coin_alone_means_its_price_in_dollars(ara):
    assert ara("predict", "LTC", "--crypto", "-d", "1").out.startswith("LTC-USD")
    assert ara("predict", "eur/usd", "--forex", "-d", "1").out.startswith("EURUSD")


def test_days_that_are_not_sure_enough_are_left_out(ara):
    whole = json.loads(ara("predict", "AAPL", "--json").out)
    limit = sorted(day["confidence"] for day in whole["days"])[2]
    some = json.loads(ara("predict", "AAPL", "--json", "-c", str(limit)).out)
    assert some["days"] == [day for day in whole["days"] if day["confidence"] >= limit]
    assert some["id"] == whole["id"]
    assert "No day is as sure as was asked for." in ara("predict", "AAPL", "-c", "1").out


def test_how_many_days_are_left_out_is_said(ara):
    sure = sorted(day["confidence"] for day in json.loads(ara("predict", "AAPL", "--json").out)["days"])
    few = ara("predict", "AAPL", "-c", str(sure[1]))
    assert few.err.startswith("1 of 5 days of AAPL is less sure than 0.")
    assert ara("predict", "AAPL", "-c", "1").err.startswith("5 of 5 days of AAPL are less sure than 1 and left out;")
    assert ara("predict", "AAPL", "EURUSD", "-c", "1").err.count("5 of 5 days") == 2
    assert ara("predict", "AAPL", "-c", str(sure[0])).err == ""


def test_a_symbol_given_twice_is_answered_once(ara):
    outcome = ara("predict", "AAPL", "EURUSD", "AAPL", "AAPL", "-d", "1")
    assert outcome.out == ara("predict", "AAPL", "EURUSD", "-d", "1").out
    assert outcome.err == "Each symbol is answered once; left out as repeated: 2.\n"
    assert json.loads(ara("predict", "AAPL", "AAPL", "-d", "1", "--json").out)["symbol"] == "AAPL"


@pytest.mark.parametrize(
    ("words", "said"),
    [(("AAPL", "aapl", " aapl "), 2), (("BTC-USD", "btc/usd", "bitcoin"), 2), (("BTC", "btcusd", "--crypto"), 1)],
)
def test_spellings_of_one_instrument_are_one(ara, words, said):
    outcome = ara("predict", *words, "-d", "1", "--json")
    assert json.loads(outcome.out)["symbol"] in {"AAPL", "BTC-USD"}
    assert outcome.err == f"Each symbol is answered once; left out as repeated: {said}.\n"


def test_a_watch_list_may_spell_a_symbol_as_before(ara, tmp_path):
    (tmp_path / "mine.txt").write_text("aapl\neur/usd EURUSD\n")
    told = json.loads(ara("predict", "AAPL", "-w", str(tmp_path / "mine.txt"), "-d", "1", "--json").out)
    assert [one["symbol"] for one in told["forecasts"]] == ["AAPL", "EURUSD"]


def test_a_day_that_has_not_come_is_named_as_it_was_asked(ara):
    outcome = ara("predict", "AAPL", "--as-of", "2130-01-01")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("as_of is 2130-01-01, which has not come yet")


def test_bars_of_another_length_are_named_where_there_are_no_days(ara, home):
    lines = [f"2022-01-03 00:{minute:02}:00Z,1,2,1,2,5" for minute in range(30)]
    (home / "mine.csv").write_text("\n".join(["ts,open,high,low,close,volume", *lines]))
    assert ara("data", "import", "mine.csv", "--symbol", "BTC-PERP", "--timeframe", "1m").code == 0
    outcome = ara("predict", "BTC-PERP")
    assert (outcome.code, outcome.out) == (3, "")
    assert flat(outcome.err).startswith(
        "There are no bars of 1d of BTC-PERP, but of 1m. Ask for --timeframe 1m, or bring bars of 1d: ara data import"
    )
    assert "1m" not in ara("predict", "ETH-PERP").err, "nothing of it is kept"


def test_how_old_made_bars_are_is_said_of_their_own_last_close(ara, home):
    """The hours end at midnight, the last four of them that make a bar at 22:00: New York's evening ends a session."""
    hours = [datetime(2019, 11, 4, tzinfo=UTC) + timedelta(hours=hour) for hour in range(58 * 24)]
    rows = [f"{at:%Y-%m-%dT%H:%M}Z,{1.3 + at.hour / 1e4}" for at in hours if at.weekday() < 5]
    lines = [",".join([row, *[row.split(",")[1]] * 3, "1"]) for row in rows]
    (home / "hours.csv").write_text("\n".join(["ts,open,high,low,close,volume", *lines]))
    assert ara("data", "import", "hours.csv", "--symbol", "GBPUSD", "--timeframe", "1h").code == 0
    outcome = ara("predict", "GBPUSD", "--timeframe", "4h", "--model", "ewma_t", "-d", "1", "--as-of", "2020-02-03")
    assert "close 1.30210 on Tue 31 Dec 2019, 22:00 UTC" in flat(outcome.out)
    assert "the newest bar of GBPUSD closed at 2019-12-31 22:00 UTC: 23 sessions have closed" in flat(outcome.out)


def test_in_memory_nothing_is_said_to_last(ara):
    outcome = ara("predict", "AAPL", "--set", "store.url=memory:")
    assert "Kept in memory until this process ends." in outcome.out
    assert "Later" not in outcome.out


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_verbose_is_the_full_analysis(ara, flag):
    outcome = ara("predict", "AAPL", flag)
    assert outcome.out == ara("predict", "AAPL", "-a", "full").out
    assert outcome.err == "The spelling --verbose is old; it is now: --analysis full\n"
    assert ara("predict", "AAPL", flag, "-a", "minimal").out == ara("predict", "AAPL", "-a", "minimal").out
    assert "verbose" not in ara("predict", "--help").out


def test_an_exchange_is_no_file(ara, home):
    outcome = ara("crypto", "predict", "BTC-USD", "-ex", "binance", "--onchain", "-d", "1")
    assert outcome.code == 0
    assert outcome.out == ara("predict", "BTC-USD", "-d", "1").out
    assert "--exchange, --onchain have no effect yet" in " ".join(outcome.err.split())


def test_a_symbol_alone_in_any_case(ara):
    assert ara("aapl", "--days", "2").out == ara("predict", "AAPL", "--days", "2").out
    assert ara("predcit").code == 2


def test_no_cache_is_answered(ara):
    outcome = ara("predict", "AAPL", "--no-cache")
    assert outcome.code == 0
    assert "has no effect" in outcome.err


def test_export_as_json_is_what_json_prints(ara):
    outcome = ara("predict", "AAPL", "-e", "out.json", "--json")
    assert json.loads(Path("out.json").read_text("utf-8")) == json.loads(outcome.out)
    assert outcome.err == "Written to out.json\n"


@pytest.mark.parametrize("symbols", [("AAPL",), ("AAPL", "EURUSD")])
def test_export_as_csv_has_a_row_for_each_day(ara, symbols):
    ara("predict", *symbols, "-d", "2", "-e", "OUT.CSV")
    with Path("OUT.CSV").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["symbol"], row["day"]) for row in rows] == [(symbol, day) for symbol in symbols for day in "12"]
    assert float(rows[0]["low_95"]) < float(rows[0]["low_80"]) < float(rows[0]["price"]) < float(rows[0]["high_80"])


def test_an_export_replaces_a_file_whole_or_not_at_all(ara, home):
    Path("out.csv").write_text("old")
    ara("predict", "AAPL", "-e", "out.csv")
    assert Path("out.csv").read_text().startswith("symbol,day")
    assert [path.name for path in home.iterdir() if path.is_file()] == ["out.csv"]
    Path("folder.csv").mkdir()
    outcome = ara("predict", "AAPL", "-e", "folder.csv")
    assert outcome.code == 2
    assert "'folder.csv' is a folder." in outcome.err


def test_an_export_onto_a_full_disk_leaves_the_old_file(ara, home):
    document = json.loads(ara("predict", "AAPL", "--json").out)
    Path("out.csv").write_text("old")
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most[1]))
    try:
        with pytest.raises(ValidationError, match=r"'out\.csv' can't be written: File too large"):
            exported(document, Path("out.csv"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
        signal.signal(signal.SIGXFSZ, ignored)
    assert Path("out.csv").read_text() == "old"
    assert [path.name for path in home.iterdir() if path.is_file()] == ["out.csv"]


def test_an_export_into_a_folder_that_went_away(ara):
    document = json.loads(ara("predict", "AAPL", "--json").out)
    with pytest.raises(ValidationError, match="can't be written: No such file"):
        exported(document, Path("gone/out.json"))


@pytest.mark.parametrize("old", [("AAPL", "--days", "2"), ("AAPL",), ("crypto", "predict", "BTC", "-d", "1")])
def test_old_spellings_forecast_and_say_what_is_new(ara, old):
    outcome = ara(*old)
    assert outcome.code == 0
    assert outcome.out.startswith(("AAPL", "BTC-USD"))
    assert "is old; it is now: ara predict" in " ".join(outcome.err.split())
    assert ara(*old, "-q").err == ""


def test_every_analysis_level(ara):
    lengths = [len(ara("predict", "AAPL", "-a", level).out) for level in ("minimal", "basic", "standard", "full")]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == 4


def test_from_what_had_been_received(ara, tmp_path):
    rows = [f"DOGE-USD,{date(2019, 1, 1) + timedelta(days=n)},{10 + n % 7 / 10}" for n in range(600)]
    (tmp_path / "doge.csv").write_text("symbol,ts,close\n" + "\n".join(rows))
    assert ara("data", "import", str(tmp_path / "doge.csv")).code == 0
    assert ara("predict", "DOGE-USD").code == 0
    early = ara("predict", "DOGE-USD", "--learned", "2020-01-01")
    assert (early.code != 0, early.out) == (True, "")
    wrong = ara("predict", "DOGE-USD", "--learned", "2999-01-01")
    assert (wrong.code, "learned is 2999" in wrong.err, "as_of" in wrong.err) == (2, True, False)


def test_a_watch_list_is_answered_and_one_that_fails_stops_no_other(ara, tmp_path):
    (tmp_path / "mine.txt").write_text("AAPL, EURUSD  # the big one\n\nNOPE\nKO aapl\n")
    outcome = ara("predict", "MSFT", "--watchlist", str(tmp_path / "mine.txt"), "-d", "1", "--json")
    found = json.loads(outcome.out)
    assert [one["symbol"] for one in found["forecasts"]][:4] == ["MSFT", "AAPL", "EURUSD", "KO"]
    assert [one["symbol"] for one in found["failed"]] == ["NOPE"]
    assert (outcome.code, found["exit_code"]) == (2, 2)
    shown = ara("predict", "-w", str(tmp_path / "mine.txt"), "-d", "1", "-a", "minimal")
    assert [shown.out.count(one) for one in ("Apple Inc.", "Euro in US dollars", "Coca-Cola")] == [1, 1, 1]
    assert "NOPE" in shown.err


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "can't be read"), ("# nothing\n", "lists no symbol")],
)
def test_a_watch_list_that_is_none(ara, tmp_path, text, said):
    file = tmp_path / "mine.txt"
    if text is not None:
        file.write_text(text)
    outcome = ara("predict", "--watchlist", str(file))
    assert outcome.code == 2
    assert f"--watchlist: {file} {said}" in " ".join(outcome.err.split())
