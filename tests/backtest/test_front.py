"""`ara.backtest(...)`: one call, the document of the command, whatever was loaded before."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import ara
from ara.errors import AraError, PluginError, UnknownSymbolError, ValidationError
from ara.trading import Signal

SPAN = {"start": "2018-01-01", "end": "2018-12-31"}


class Dip:
    """Buys a fall, sells a rise."""

    def __init__(self, depth: float = 0.03) -> None:
        self.depth = depth

    def decide(self, view):
        closes = view.history(2)
        if len(closes) < 2:
            return None
        move = closes[1] / closes[0] - 1
        if move < -self.depth:
            return Signal(symbol=view.symbols[0], size=1.0, why="a dip")
        return Signal(symbol=view.symbols[0], size=0.0, why="it rose") if move > 0 else None


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ARA_HOME", str(tmp_path / "home"))


def test_the_document_is_the_command_s(tmp_path, monkeypatch):
    found = ara.backtest("aapl", "momentum", params={"window": 40}, **SPAN).as_dict()
    monkeypatch.setenv("ARA_HOME", str(tmp_path / "other"))
    command = ["backtest", "AAPL", "--strategy", "momentum", "--param", "window=40", "--json"]
    for name, value in SPAN.items():
        command += [f"--{name}", value]
    done = subprocess.run([sys.executable, "-m", "ara", *command], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert json.loads(json.dumps(found)) == told


def test_each_call_is_a_look_at_its_bars_and_the_same_is_no_other():
    first = ara.backtest("MSFT", Dip, params={"depth": 0.02}, **SPAN)
    again = ara.backtest("MSFT", Dip, params={"depth": 0.02}, **SPAN)
    other = ara.backtest("MSFT", Dip, params={"depth": 0.01}, start=date(2018, 1, 1), end="2018-12-31")
    assert first.result.strategy.endswith("test_front:Dip")
    assert first.result.lineage.id == again.result.lineage.id != other.result.lineage.id
    assert [one.look.number for one in (first, again, other)] == [1, 1, 2]
    assert other.luck.trials == 2


def test_a_book_of_several_currencies_and_a_mix_beside_it():
    moments = {"start": datetime(2012, 6, 1, tzinfo=UTC), "end": datetime(2013, 12, 31, tzinfo=UTC)}
    found = ara.backtest(
        ["AAPL", "USDJPY"], cash=Decimal(50_000), currency="USD", mix={"SPY": 0.6, "XAUUSD": 0.4}, **moments
    ).result
    assert (found.currency, found.symbols) == ("USD", ("AAPL", "USDJPY"))
    assert found.frame["equity"].is_finite().all()
    assert found.beside.mix is not None
    total = found.beside.decisions["total"]
    assert sum(value for name, value in found.beside.decisions.items() if name != "total") == pytest.approx(total)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"symbols": []}, ValidationError, "No instrument"),
        ({"symbols": "AAPLE"}, UnknownSymbolError, "AAPLE"),
        ({"strategy": "nope"}, PluginError, "momentum"),
        ({"strategy": "momentum", "params": {"windows": 3}}, ValidationError, "it has window"),
        ({"cash": "0"}, ValidationError, "above 0"),
        ({"cash": float("nan")}, ValidationError, "above 0"),
        ({"start": "2018-02-30"}, ValidationError, "no date"),
        ({"end": datetime(2018, 1, 1)}, ValidationError, "names no zone"),  # noqa: DTZ001
        ({"start": "2019-01-01", "end": "2018-01-01"}, ValidationError, "after its end"),
        ({"currency": "DOLLAR"}, AraError, "DOLLAR"),
        ({"symbols": None}, ValidationError, "None is no symbol"),
        ({"symbols": ["AAPL", 5]}, ValidationError, "5 is no symbol"),
        ({"strategy": 5}, ValidationError, "5 is no strategy"),
        ({"strategy": "momentum", "params": [3]}, ValidationError, "go by name"),
        ({"strategy": "momentum", "params": {"window": float("nan")}}, ValidationError, "a whole number"),
        ({"strategy": "momentum", "params": {"window": 20.5}}, ValidationError, "a whole number"),
        ({"start": 5}, ValidationError, "no date"),
        ({"cuts": -1}, ValidationError, "cuts is -1"),
        ({"cuts": "3"}, ValidationError, "cuts is '3'"),
        ({"mix": ["SPY"]}, ValidationError, "shares by symbol"),
        ({"mix": {"SPY": "60"}}, ValidationError, "share of 'SPY'"),
        ({"costs": {"commission": 0.001}}, ValidationError, "The costs are"),
    ],
)
def test_what_can_not_be_tested_is_said(asked, error, words):
    with pytest.raises(error, match=words):
        ara.backtest(**{"symbols": "AAPL", **asked})


def test_a_whole_number_written_as_a_fraction_is_one():
    found = [ara.backtest("AAPL", "momentum", params={"window": one}, **SPAN) for one in (40, 40.0)]
    assert found[0].result.lineage.id == found[1].result.lineage.id


@pytest.mark.parametrize("before", ["", "import ara.backtest.run\n"])
def test_the_room_can_be_called_and_entered_in_any_order(before):
    code = f"import ara\n{before}assert callable(ara.backtest)\n"
    code += "from ara.backtest import run\nimport ara.backtest as room\n"
    code += "assert room.run is run and callable(room) and ara.backtest.Result is room.Result\n"
    code += "try:\n    ara.backtest([])\nexcept ara.ValidationError as error:\n    print(error)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "No instrument is named to test a strategy on.\n"
