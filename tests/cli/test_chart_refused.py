"""`ara chart` and `ara crypto` at the edges: too many lines, bars too few, files too large or of other days."""

import json
from datetime import date, timedelta

import pytest

from ara.cli.commands.chart.drawing import asked
from ara.errors import ValidationError


@pytest.fixture
def few(ara, home):
    """Eight days of a share and of a coin."""
    days = [date(2020, 1, 1) + timedelta(days=one) for one in range(8)]
    rows = [f"{name},{day},{100 + n % 3},{9 + n}" for name in ("QQX", "QQY-USD") for n, day in enumerate(days)]
    (home / "few.csv").write_text("symbol,date,close,volume\n" + "\n".join(rows))
    assert ara("data", "import", "few.csv", "--source", "few").code == 0
    return ara


def refused(outcome, said):
    assert (outcome.code, outcome.out) in {(2, ""), (3, "")}
    assert said in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err


def test_too_many_lines_and_too_few_bars_are_refused(few):
    named = [word for window in range(5, 14) for word in ("--indicator", f"sma(window={window})")]
    refused(few("chart", "candles", "AAPL", *named), "9 lines are too many for one chart. At most 8")
    refused(few("chart", "candles", "QQX", "--indicator", "sma(window=200)"), "sma(window=200) has no value")
    refused(few("chart", "regimes", "QQX"), "QQX has 8 bars; states need")
    refused(few("crypto", "compare", "QQY-USD", "BTC-USD"), "There are 7 days in common; 8 are needed.")
    refused(few("crypto", "list", "--provider", "ecb"), "The source ecb lists no coins.")


def test_an_evaluation_that_is_too_large_is_not_read(ara, home):
    with (home / "evaluation.json").open("wb") as file:
        file.truncate(1 << 34)  # a hole: it takes no room
    refused(ara("chart", "models", "evaluation.json"), "is larger than")


def test_a_picture_has_the_size_that_was_asked_for_and_a_table_has_none(home):
    assert asked("a.svg", "dark", " 640x480 ").size == (640, 480)
    assert asked("a.png", "light", "").size is None
    with pytest.raises(ValidationError, match="none is written"):
        asked("a.csv", "light", "640x480")


def test_what_stands_beside_begins_where_it_is_known(ara, home):
    rows = [f"1999-01-{day:02},{100 + day}" for day in range(1, 20)]
    (home / "old.csv").write_text("at,equity\n" + "\n".join(rows))
    told = json.loads(ara("chart", "equity", "old.csv", "--benchmark", "SPY", "--json").out)
    assert "SPY" not in told["title"]
    hours = [f"2020-01-{day:02}T12:00:00Z,{100 + day}" for day in range(2, 20)]
    (home / "hours.csv").write_text("at,equity\n" + "\n".join(hours))
    beside = json.loads(ara("chart", "equity", "hours.csv", "--benchmark", "SPY", "--json").out)
    assert "; SPY " in beside["title"]
    gains = [f"2020-01-{day:02},{0.001 * day}" for day in range(2, 20)]
    (home / "gains.csv").write_text("at,returns\n" + "\n".join(gains))
    months = json.loads(ara("chart", "months", "gains.csv", "--json").out)
    assert months["title"].startswith("returns: ")


def test_folders_of_a_back_test_that_lack_a_part_are_refused(ara, home):
    told = {"strategy": "momentum", "cash": 10000, "per_year": 252, "currency": "USD", "id": "ab" * 32}
    (home / "walk.json").write_text(json.dumps({"schema": 1, "folds": [], "result": told}))
    refused(ara("chart", "walk", "."), "The walk has no step.")
    (home / "result.json").write_text(json.dumps({"schema": 1, **told}))
    refused(ara("chart", "trade", "."), ". has no fills.csv")
    fill = '2020-08-17T13:30:00.000000+0000,aapl,buy,10.0,460.0,1.0,""'
    (home / "fills.csv").write_text(f"at,symbol,side,quantity,price,fee,why\n{fill}\n")
    refused(ara("chart", "trade", "."), "There are no bars of aapl. Name them: --bars FILE")
