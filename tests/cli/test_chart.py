import json
import re

import pytest

KINDS = (
    "candles", "forecast", "regimes", "equity", "months", "rolling", "reliability", "models", "correlations",
    "frontier", "composition", "risk", "scenarios",
)  # fmt: skip
PORTFOLIO = ("--portfolio", "AAPL=0.4,SPY=0.4,XAUUSD=0.1")


@pytest.fixture
def worth(home):
    """What an account was worth, with buy and hold beside it."""
    rows = [
        f"2020-{month:02}-{day:02},{100 + month * day % 17},{100 + month}" for month in range(1, 13) for day in (1, 15)
    ]
    path = home / "equity.csv"
    path.write_text("\n".join(["at,equity,hold", *rows]))
    return path


@pytest.fixture
def judged(home):
    """The folder that `ara evaluate --out` writes."""
    bins = [{"p": 0.45, "freq": 0.46, "n": 900}, {"p": 0.55, "freq": 0.54, "n": 800}]
    row = {"model": "fast", "horizon": 1, "crps_skill": 0.02, "dm_t": -4.0, "ece_corrected": 0.01, "bins": bins}
    folder = home / "judged"
    folder.mkdir()
    document = {"id": "ab" * 32, "last": "2021-03-31", "base": "ewma_t", "verdicts": [{"model": "fast"}], "rows": [row]}
    (folder / "evaluation.json").write_text(json.dumps(document))
    return folder


def test_the_group_lists_all_its_charts(ara):
    said = ara("chart", "--help").plain
    assert all(re.search(rf"^  {kind} ", said, re.MULTILINE) for kind in KINDS)


def test_candles_stand_on_what_was_public_with_indicators_where_they_belong(ara):
    told = json.loads(
        ara("chart", "candles", "AAPL", "--last", "30", "-i", "sma(window=5)", "-i", "rsi", "--as-of", "2020-02-20",
            "--patterns", "chart", "--json").out
    )  # fmt: skip
    assert told["kind"] == "candles"
    assert told["columns"]["at"][-1].startswith("2020-02-20")
    assert len(told["columns"]["close"]) == 30
    closes, mean = told["columns"]["close"], told["columns"]["sma(window=5)"]
    assert mean[-1] == pytest.approx(sum(closes[-5:]) / 5)
    assert all(0 <= one <= 100 for one in told["columns"]["rsi"])
    said = ara("--width", "60", "chart", "candles", "AAPL", "--last", "30").plain
    assert said.startswith("AAPL closed at 122.15 USD")
    assert "Source: sample · data to 31 Mar 2021" in said
    assert max(map(len, said.splitlines())) <= 60


def test_a_forecast_of_the_past_is_drawn_with_what_came(ara):
    told = json.loads(ara("chart", "forecast", "AAPL", "--as-of", "2020-02-20", "--days", "3", "--json").out)
    assert re.fullmatch("[0-9a-f]{64}", told["lineage"])
    assert told["columns"]["at"][-3:] == [f"2020-02-{day}T00:00:00" for day in (21, 24, 25)]
    assert all(one is not None for one in told["columns"]["close"])
    assert told["columns"]["median"][:2] == [None, None]
    assert "closes that came lie in the 80 % band" in told["words"]
    now = json.loads(ara("chart", "forecast", "AAPL", "--days", "3", "--json").out)
    assert now["columns"]["close"][-3:] == [None] * 3


def test_equity_stands_beside_another_column_or_an_instrument(ara, worth):
    told = json.loads(ara("chart", "equity", str(worth), "--benchmark", "hold", "--json").out)
    assert told["columns"]["buy_and_hold"][0] == told["columns"]["equity"][0]
    assert "; hold earned 10.9 %" in told["title"]
    beside = json.loads(ara("chart", "equity", str(worth), "--benchmark", "SPY", "--json").out)
    assert "; SPY " in beside["title"]
    assert ara("chart", "months", str(worth)).plain.startswith("equity: ")
    assert "12 bars" in ara("chart", "rolling", str(worth), "--window", "12").plain


def test_what_was_judged_is_drawn_from_the_folder_or_the_file(ara, judged):
    assert "fast, 1 bar ahead: P(up) is off by 1.0 percentage points more than chance makes on average" in " ".join(
        ara("chart", "reliability", str(judged)).plain.split()
    )
    assert "1 of 1 models" in ara("chart", "models", str(judged / "evaluation.json")).plain
    assert ara("chart", "models", str(judged), "--horizon", "9").code == 2


@pytest.mark.parametrize(
    ("text", "said"), [("{", "is no JSON"), ("[1]", "is no evaluation"), ('{"rows": []}', "no model beside a baseline")]
)
def test_what_is_no_evaluation_is_said(ara, home, text, said):
    (home / "other.json").write_text(text)
    found = ara("chart", "models", "other.json")
    assert found.code == 2
    assert said in " ".join(found.err.split())


def test_a_drawing_library_that_is_missing_is_named_before_anything_is_computed(ara, home, monkeypatch):
    monkeypatch.setattr("ara.cli.commands.chart.drawing.find_spec", lambda name: None)
    for name, library in (("a.png", "matplotlib"), ("a.html", "plotly")):
        found = ara("chart", "candles", "NOPE", "--out", name)
        assert found.code == 2
        assert f"is drawn by {library}, which is not installed" in " ".join(found.err.split())
        assert "ara-ai[charts]" in found.err


def test_portfolios(ara):
    for words in (("composition",), ("composition", "--form", "ring"), ("risk",), ("scenarios",)):
        found = ara("chart", *words, *PORTFOLIO)
        assert found.code == 0, found.err
    parts = json.loads(ara("chart", "risk", *PORTFOLIO, "--measure", "cvar", "--json").out)
    assert sum(parts["columns"]["risk_share"]) == pytest.approx(1)
    ties = json.loads(ara("chart", "correlations", "AAPL,SPY", "--window", "60", "--json").out)
    assert ties["columns"]["AAPL"][ties["columns"]["symbol"].index("AAPL")] == pytest.approx(1)
    line = json.loads(ara("chart", "frontier", "AAPL", "SPY", "XAUUSD", "--method", "equal", "--json").out)
    risks = line["columns"]["volatility"]
    assert risks == sorted(risks)


def test_files_are_written_whole_and_said(ara, home):
    for name in ("a.csv", "a.json"):
        found = ara("chart", "composition", *PORTFOLIO, "--out", name, "--theme", "dark")
        assert found.code == 0, found.err
        assert found.plain.startswith("AAPL and SPY are the largest of 4 parts, 40.0 % each")
        assert f"Written to {name}" in found.err
        assert (home / name).stat().st_size > 50
    assert json.loads((home / "a.json").read_text())["kind"] == "composition"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("candles", "AAPL", "--out", "a.gif"), "no file that a chart can be written to"),
        (("candles", "AAPL", "--out", "nowhere/a.png"), "no folder"),
        (("candles", "AAPL", "--theme", "pink"), "no theme 'pink'"),
        (("candles", "AAPL", "--size", "800x600"), "none is written"),
        (("candles", "AAPL", "--size", "wide", "--out", "a.png"), "--size is wide"),
        (("candles", "AAPL", "--last", "0"), "--last is 0"),
        (("candles", "AAPL", "--patterns", "stars"), "no family"),
        (("candles", "AAPL", "-i", "beta:SPY"), "other instruments"),
        (("candles", "NOPE"), "no instrument NOPE"),
        (("forecast", "AAPL", "--days", "99"), "--days is 99"),
        (("equity", "nothing.csv"), "nothing.csv"),
        (("models", "nothing.json"), "can't be read"),
        (("correlations", "AAPL"), "One instrument"),
        (("composition", "--portfolio", "AAPL=1", "--form", "pie"), "--form is 'pie'"),
        (("composition", "--portfolio", "AAPL=1.5,SPY=-0.5", "--form", "ring"), "ring can't show"),
        (("risk", "--portfolio", "AAPL=1", "--measure", "luck"), "--measure is 'luck'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_drawn(ara, home, words, said):
    found = ara("chart", *words)
    assert found.code == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err
    assert not list(home.glob("a.*"))


def test_an_indicator_far_from_the_prices_is_drawn_below_them(ara, tmp_path):
    out = tmp_path / "drawn.json"
    words = (
        "chart",
        "candles",
        "AAPL",
        "--last",
        "30",
        "--indicator",
        "macd",
        "--indicator",
        "sma",
        "-i",
        "rsi(window=7)",
    )
    page = ara(*words, "--width", "80").out
    price, below = page.split("macd.line")
    assert "sma" in price
    assert "macd" not in price
    assert "macd.histogram" in below
    assert ara(*words, "--out", str(out)).code == 0
    assert '"macd.signal"' in out.read_text()
