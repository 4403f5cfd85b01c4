"""`ara indicators compute`: any item of a set, over the bars of an instrument or of anyone's file."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import ara as package
from ara.cli.words import width
from ara.features import catalogue
from tests.features.made import sample, walk

SAMPLE = str(Path(package.__file__).parent / "data" / "sample" / "sample.parquet")
COLUMNS = ("open", "high", "low", "close", "volume")


def document(outcome):
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def told(outcome):
    return " ".join(outcome.plain.split())


@pytest.fixture
def mine(home):
    """Ninety days of a coin, as other programs write them."""
    stamps = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(90)]
    rows = walk(stamps)
    frame = rows.rename({"ts": "Date", **{name: name.capitalize() for name in COLUMNS}})
    frame.with_columns(Date=frame["Date"].dt.date()).write_csv(home / "BTC-USD.csv")
    return rows


def test_the_newest_stands_first_then_whose_and_when(ara):
    outcome = ara("indicators", "compute", "rsi", "AAPL", "-n", "2", "--width", "100")
    lines = outcome.plain.splitlines()
    assert lines[0] == "rsi of AAPL (Apple Inc.)"
    assert lines[1] == "3,082 days, Fri 2 Jan 2009 to Wed 31 Mar 2021; NASDAQ, prices in USD"
    assert lines[3] == "It is 47.7555; it was lower in 27 % of 3,068 days."
    assert lines[5:8] == [
        "                     rsi",
        "Tue 30 Mar 2021  42.7160",
        "Wed 31 Mar 2021  47.7555",
    ]


@pytest.mark.parametrize("columns", [24, 40, 60, 100, 160])
def test_it_fits_any_screen(ara, columns):
    outcome = ara("indicators", "compute", "ichimoku", "BTC-USD", "--width", str(columns))
    assert outcome.code == 0
    assert max(map(width, outcome.plain.splitlines())) <= max(columns, 26)
    for name in ("tenkan", "kijun", "senkou_a", "senkou_b", "chikou"):
        assert outcome.plain.count(f"{name} is ") == 1
        assert name in outcome.plain.split("\n\n", 2)[2]


@pytest.mark.parametrize(
    ("item", "head"),
    [
        ("beta", "beta of AAPL (Apple Inc.), compared with SPY"),
        ("beta:qqq", "beta:QQQ of AAPL (Apple Inc.), compared with QQQ"),
        ("RSI@1W", "rsi@1w of AAPL (Apple Inc.)"),
        ("macd(fast=8).histogram", "macd(fast=8) of AAPL (Apple Inc.)"),
        ("other / close", "other / close of AAPL (Apple Inc.), compared with SPY"),
        ("not close", "not close of AAPL (Apple Inc.)"),
    ],
)
def test_whatever_a_set_may_hold_is_computed(ara, item, head):
    outcome = ara("indicators", "compute", item, "AAPL")
    assert outcome.code == 0, outcome.err
    assert outcome.plain.splitlines()[0] == head
    values = document(ara("indicators", "compute", item, "AAPL", "--json"))
    assert "missing" not in values
    assert len(values) == 2
    (output,) = set(values) - {"at"}
    assert len(values[output]) == len(values["at"]) == 3082
    assert values[output][-1] is not None


def test_a_formula_ends_with_its_parts(ara):
    outcome = ara("indicators", "compute", "ema(close,12) - rsi", "AAPL")
    assert told(outcome).endswith("Its parts explained: ara indicators show ema; ara indicators show rsi")
    assert "What its formula says" not in outcome.plain


def test_ordinary_files_are_read(ara, mine):
    found = document(ara("indicators", "compute", "atr", "--bars", "BTC-USD.csv", "--json"))
    columns = {name: mine[name].to_numpy() for name in COLUMNS}
    expected = catalogue.compute("atr", columns)[0]
    assert found["at"][0] == "2020-01-01T00:00:00Z"
    assert np.allclose([np.nan if one is None else one for one in found["atr"]], expected, equal_nan=True)
    assert "compared" not in ara("indicators", "compute", "atr", "--bars", "BTC-USD.csv").plain
    screen = ara("indicators", "compute", "atr", "eth-usd", "--bars", "BTC-USD.csv").plain
    assert screen.splitlines()[0] == "atr of ETH-USD (Ethereum)"
    assert "Mon 30 Mar 2020" in screen


def test_a_file_is_cut_at_what_was_public(ara, mine):
    early = document(
        ara("indicators", "compute", "rsi", "--bars", "BTC-USD.csv", "--as-of", "2020-02-09T23:59:59Z", "--json")
    )
    whole = document(ara("indicators", "compute", "rsi", "--bars", "BTC-USD.csv", "--json"))
    assert early["at"][-1] == "2020-02-08T00:00:00Z"
    assert early["rsi"] == whole["rsi"][:39]
    assert len(whole["at"]) == 90
    wrong = ara("indicators", "compute", "rsi", "--bars", "BTC-USD.csv", "--as-of", "soon")
    assert wrong.code == 2
    assert "soon" in wrong.err


def test_a_file_of_many_is_asked_for_one_and_holds_what_it_compares_with(ara):
    asked = ara("indicators", "compute", "beta", "--bars", SAMPLE)
    assert asked.code == 2
    assert "has the symbols AAPL, AMZN," in " ".join(asked.err.split())
    assert "and 12 more" in " ".join(asked.err.split())
    for item in ("beta", "beta:spy"):
        found = document(ara("indicators", "compute", item, "aapl", "--bars", SAMPLE, "--json"))
        assert found["beta"][-1] == pytest.approx(1.4222, abs=1e-4)
    lost = document(ara("indicators", "compute", "beta:NOPE", "AAPL", "--bars", SAMPLE, "--json"))
    assert lost["missing"] == "no bars of NOPE are given to compare with"
    assert set(lost["beta"]) == {None}


def test_hours_of_a_file_show_their_zone(ara, home, monkeypatch):
    monkeypatch.setenv("ARA_CLI_TIMEZONE", "America/New_York")
    stamps = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(90)]
    walk(stamps).write_csv(home / "BTC-USD.csv")
    assert "2020-01-04 12:00 EST" in ara("indicators", "compute", "rsi", "--bars", "BTC-USD.csv").plain


@pytest.mark.parametrize(
    ("item", "symbol", "why"),
    [
        ("atr", "BTC-USD", "BTC-USD has no high"),
        ("williams_r", "BTC-USD", "BTC-USD has no high"),
        ("obv", "BTC-USD", "BTC-USD has no volume"),
        ("rsi(window=500)", "BTC-USD", "it needs 501 bars, and there are 90"),
        ("1 / (close - close)", "BTC-USD", "what it counts is no finite number"),
    ],
)
def test_what_has_no_value_says_why(ara, home, mine, item, symbol, why):
    mine.select("ts", "close").write_csv(home / f"{symbol}.csv")
    outcome = ara("indicators", "compute", item, "--bars", f"{symbol}.csv")
    assert outcome.code == 0
    assert f"No value: {why}" in told(outcome)
    found = document(ara("indicators", "compute", item, "--bars", f"{symbol}.csv", "--json"))
    assert why in found["missing"]
    assert all(one is None for key in set(found) - {"at", "missing"} for one in found[key])
    assert "missing" not in document(ara("indicators", "compute", "rsi", "--bars", f"{symbol}.csv", "--json"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rsi", "AAPL", "--params", '{"window": 7, "window": 9}'), "--params has 'window' twice."),
        (("rsi", "AAPL", "--params", "[[["), "--params is no JSON"),
        (("rsi", "AAPL", "--params", "[" * 90_000), "--params is nested too deeply."),
        (("rsi", "AAPL", "--params", '{"window": "7"}'), "it names each parameter with its number"),
        (("rsi", "AAPL", "--params", '{"windw": 7}'), "has no parameter 'windw'; it has window"),
        (("rsi@3parsecs", "AAPL"), "there is no timeframe '3parsecs'"),
        (("rsi@", "AAPL"), "The expression is wrong at column 4: '@' has no meaning here."),
        (("beta:NOPE", "AAPL"), "There is no instrument NOPE here."),
        (("rsi",), "Whose bars? Neither a symbol nor --bars is given."),
        (("rsi", "--bars", "none.csv"), "There is no file none.csv"),
    ],
)
def test_what_can_t_be_is_said_in_a_sentence(ara, words, said):
    outcome = ara("indicators", "compute", *words)
    assert outcome.code in {2, 4}
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())


def test_a_bar_with_a_gap_has_no_value_and_that_is_said(ara, home, mine):
    rows = (home / "BTC-USD.csv").read_text().splitlines()
    cells = rows[-1].split(",")
    (home / "BTC-USD.csv").write_text("\n".join([*rows[:-1], ",".join([*cells[:2], "", *cells[3:]])]))
    outcome = ara("indicators", "compute", "atr", "--bars", "BTC-USD.csv", "-n", "2")
    assert "It has no value in the newest day." in outcome.plain
    assert outcome.plain.splitlines()[7] == "Mon 30 Mar 2020       -"


def test_a_parameter_of_the_item_gives_way_to_the_option(ara):
    one = document(ara("indicators", "compute", "rsi(window=9)", "AAPL", "--params", '{"window": 7}', "--json"))
    assert one == document(ara("indicators", "compute", "rsi(window=7)", "AAPL", "--json"))
    assert date.fromisoformat(one["at"][-1][:10]) == sample("AAPL").frame["at"][-1].date()


def test_a_name_that_means_two_things_names_the_other(ara):
    for words in (("show", "RVI"), ("compute", "rvi(window=7)@1w", "AAPL")):
        outcome = ara("indicators", *words)
        assert outcome.code == 0
        assert told(outcome).startswith("relative_volatility") or "relative_volatility" in outcome.plain
        assert "rvi is taken for relative_volatility; others call rvgi so: ara indicators show rvgi" in " ".join(
            outcome.err.split()
        )
    assert document(ara("indicators", "show", "rvi", "--json"))["also"] == ["rvgi"]
    assert document(ara("indicators", "show", "rsi", "--json"))["also"] == []
    assert ara("indicators", "show", "rvgi").err == ""


def test_what_a_column_is_called_is_explained(ara):
    assert ara("indicators", "show", "rsi@1w").out.startswith("rsi\n")
    assert ara("indicators", "show", "beta:QQQ").out.startswith("beta\n")
    assert ara("indicators", "show", "klinger").out.startswith("kvo\n")


def test_a_small_value_is_not_shown_as_nothing(ara, tmp_path):
    rows = "\n".join(f"2023-{1 + n // 28:02d}-{1 + n % 28:02d},1e-10,1.2e-10,9e-11,1.1e-10,5" for n in range(60))
    file = tmp_path / "TINY.csv"
    file.write_text(f"date,open,high,low,close,volume\n{rows}\n")
    shown = ara("indicators", "compute", "vwap", "--bars", str(file)).out
    assert "It is 1.067e-10" in shown
    assert "0.00000000" not in shown
