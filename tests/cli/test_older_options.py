"""Options of the older versions are understood by the commands of today, and what is left out is said."""

import json
from decimal import Decimal

import pytest

from ara.cli.older_options import today
from ara.errors import ValidationError
from ara.market.span import span


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backtest AAPL -s 2019-01-01 -e 2020-01-01", "backtest AAPL --start 2019-01-01 --end 2020-01-01"),
        ("backtest AAPL -s=2019-01-01 -r out.html", "backtest AAPL --start=2019-01-01 --report out.html"),
        ("backtest AAPL -p 1y", "backtest AAPL --period 1y"),
        ("portfolio optimize AAPL MSFT -e out.json", "portfolio optimize AAPL MSFT --report out.json"),
        ("monitoring health-check", "doctor"),
        ("monitoring", "doctor"),
    ],
)
def test_an_old_option_is_todays(old, new):
    assert today(old.split()) == (new.split(), [])


@pytest.mark.parametrize(
    "line",
    [
        "backtest AAPL -s momentum",
        "backtest AAPL -- -e",
        "portfolio analyze AAPL -w 1",
        "market regime -h",
        "predict AAPL -e out.json",
        "",
    ],
)
def test_what_is_not_old_stays(line):
    assert today(line.split()) == (line.split(), [])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("backtest AAPL --plot", "backtest AAPL", "--plot draws nothing"),
        ("portfolio analyze AAPL --risk-metrics", "portfolio analyze AAPL", "ara risk var"),
        ("portfolio analyze A B --show-correlations", "portfolio analyze A B", "ara market correlations"),
        ("market regime AAPL -h", "market regime AAPL", "always shown"),
        ("market regime AAPL --history", "market regime AAPL", "always shown"),
        ("market correlations A B --heatmap --heatmap", "market correlations A B", "ara chart correlations"),
    ],
)
def test_what_is_not_needed_is_left_out_and_said(old, new, words):
    kept, (note,) = today(old.split())
    assert kept == new.split()
    assert words in note


@pytest.mark.parametrize("word", ["show-metrics", "export-dashboards", "setup", "else"])
def test_a_command_that_is_gone_says_what_does_its_work(word):
    with pytest.raises(ValidationError, match="not there any more") as caught:
        today(["monitoring", word])
    assert "ara " in caught.value.hint


def test_the_notice_says_what_is_new(ara):
    outcome = ara("market", "correlations", "AAPL", "MSFT", "-w", "30", "--heatmap", "--json")
    assert outcome.code == 0
    assert len(json.loads(outcome.out)["symbols"]) == 2
    words = " ".join(outcome.err.split())
    assert "it is now: ara market correlations AAPL MSFT -w 30" in words
    assert "--heatmap is not needed" in words


def test_a_period_ends_with_the_bars(ara):
    year = ara("backtest", "KO", "-p", "1y", "--cuts", "0", "--json")
    whole = ara("backtest", "KO", "--cuts", "0", "--json")
    told, all_of_it = json.loads(year.out), json.loads(whole.out)
    assert told["to"] == all_of_it["to"]
    assert 240 <= told["bars"] <= 256
    before = ara("backtest", "KO", "--period", "6mo", "--end", "2016-06-30", "--cuts", "0", "--json")
    assert json.loads(before.out)["from"][:7] in {"2015-12", "2016-01"}
    assert "mean the" not in year.err
    both = ara("backtest", "KO", "--period", "1y", "--start", "2016-01-01")
    assert (both.code, "both say where it begins" in both.err) == (2, True)
    assert ara("backtest", "KO", "--period", "soon").code == 2


@pytest.mark.parametrize("text", ["", "max", "ALL"])
def test_no_length_is_everything(text):
    assert span(text) is None


@pytest.mark.parametrize("text", ["0y", "1.5y", "y", "-1d", "12345d", "1q"])
def test_no_other_length_is_understood(text):
    with pytest.raises(ValidationError, match="The period is"):
        span(text)


def test_shares_by_name_or_in_order_are_the_same(ara):
    ordered = ara("portfolio", "analyze", "AAPL", "MSFT", "-w", "0.6,0.4", "--json")
    named = ara("portfolio", "analyze", "AAPL", "MSFT", "-w", '{"AAPL": 0.6, "MSFT": 0.4}', "--json")
    assert json.loads(ordered.out) == json.loads(named.out)
    assert json.loads(named.out)["weights"] == {"AAPL": 0.6, "MSFT": 0.4}


def test_rebalancing_from_shares_of_a_capital(ara):
    words = ("portfolio", "rebalance")
    old = ara(*words, "AAPL", "MSFT", "-c", "0.5,0.5", "-t", "0.6,0.4", "--capital", "10000", "--json")
    assert old.code == 0, old.err
    named = ara(*words, "-c", '{"AAPL":0.5,"MSFT":0.5}', "-t", "AAPL=0.6,MSFT=0.4", "--json")
    assert json.loads(named.out) == json.loads(old.out)
    prices = {
        name: json.loads(ara("data", "show", name, "--json").out)["bars"][-1]["close"] for name in ("AAPL", "MSFT")
    }
    units = {name: int(Decimal(5000) / Decimal(str(price))) for name, price in prices.items()}
    left = 10000 - sum(units[name] * prices[name] for name in units)
    new = ara(
        *words, "--to", "AAPL=0.6,MSFT=0.4", "--held", ",".join(f"{name}={count}" for name, count in units.items()),
        "--cash", f"{left:.6f}", "--json",
    )  # fmt: skip
    one, other = json.loads(old.out), json.loads(new.out)
    assert one["trades"] == other["trades"]
    for wrong in (("--to", "AAPL=1", "--capital", "5"), ("--to", "AAPL=1", "--held", "AAPL=1", "-c", "AAPL=1"), ()):
        assert ara(*words, *wrong).code == 2


def test_sentiment_has_no_source(ara):
    outcome = ara("market", "sentiment", "AAPL", "-s", "twitter", "-t", "24h")
    assert outcome.code == 2
    assert outcome.err.startswith("No source configured")
    assert "ara market indicators AAPL" in outcome.err
