"""`ara backtest` on a terminal, as JSON, into files, from symbols and from a file."""

import json
from dataclasses import replace

import polars as pl
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.cli.commands.backtest.task import estimating, priced
from ara.cli.screen import Flags, Screen
from ara.trading.strategies import Momentum

CLASS = """
from ara.trading import Signal

class Dip:
    def __init__(self, depth=0.03):
        self.depth = depth

    def decide(self, view):
        closes = view.history(2)
        if len(closes) == 2:
            return Signal(symbol=view.symbols[0], size=1.0 if closes[1] < closes[0] * (1 - self.depth) else 0.0)

class Seer:
    def prepare(self, tapes):
        self.last = {symbol: tape.close[-1] for symbol, tape in tapes.items()}

    def decide(self, view):
        return [Signal(symbol=one, size=0.5 if self.last[one] > view.history(1, symbol=one)[0] else 0.0)
                for one in view.symbols]
"""


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """A file of bars of two made-up shares."""
    frames = []
    for symbol, tape in made_up(200).items():
        frame = tape.bars().frame.select(ts="at", open="open", high="high", low="low", close="close", volume="volume")
        frames.append(frame.with_columns(symbol=pl.lit(symbol), asset_class=pl.lit("stock")))
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    pl.concat(frames).write_parquet(path)
    return str(path)


def test_the_answer_comes_first(ara, bars):
    outcome = ara("backtest", "ONE", "--bars", bars, "--strategy", "momentum", "--param", "window=20", "--width", "80")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    said = " ".join(outcome.out.split())
    assert said.startswith("momentum on ONE, 2018-01-0")
    assert "after costs, buy and hold" in said
    assert "Look 1 at these bars" in said
    assert "Planned anew on 48 shorter pasts: each bar alike" in said


def test_the_document_and_the_files_say_the_same(ara, bars, home):
    words = ("backtest", "--bars", bars, "--strategy", "pairs", "--start", "2018-03-01", "--end", "2018-06-30",
             "--cost", "none", "--cost", "commission=0.001", "--out", "found", "--json")  # fmt: skip
    told = json.loads(ara(*words).out)
    assert (told["schema"], told["strategy"], told["symbols"]) == (1, "pairs", ["ONE", "TWO"])
    assert told["parameters"] == {"window": 60, "entry": 2.0, "leave": 0.5, "size": 0.5}
    assert told["from"] >= "2018-03-01"
    assert told["to"] < "2018-07-02"
    assert told["costs"]["commission"] == 0.001
    assert told["look"]["number"] == told["significance"]["trials"] == 1
    assert json.loads((home / "found" / "result.json").read_text()) == told
    assert pl.read_csv(home / "found" / "equity.csv").height == told["bars"]
    assert pl.read_csv(home / "found" / "fills.csv").height == told["fills"]
    again = json.loads(ara(*words).out)
    assert (again["id"], again["look"]["number"]) == (told["id"], 1)


def test_a_class_of_ones_own_and_one_that_saw_the_future(ara, bars, home, monkeypatch):
    (home / "of_ones_own.py").write_text(CLASS)
    monkeypatch.syspath_prepend(str(home))
    told = json.loads(ara("backtest", "ONE", "--bars", bars, "--strategy", "of_ones_own:Dip", "--json").out)
    assert (told["strategy"], told["parameters"]) == ("of_ones_own:Dip", {"depth": 0.03})
    outcome = ara("backtest", "--bars", bars, "--strategy", "of_ones_own:Seer")
    assert (outcome.code, outcome.out) == (12, "")
    assert "of_ones_own:Seer saw the future" in outcome.err
    problem = json.loads(ara("backtest", "--bars", bars, "--strategy", "of_ones_own:Seer", "--json").out)
    assert problem["code"] == "foresight"
    assert set(problem["context"]) == {"at", "cut", "with_later_bars", "without"}


def test_the_sample_is_traded_through_its_splits(ara):
    told = json.loads(ara("backtest", "AAPL", "--initial-capital", "1000000", "--strategy", "buy_hold", "--json").out)
    assert told["strategy"] == "buy_and_hold"
    assert told["fills"] == 1
    assert told["measures"]["total"] == pytest.approx(told["buy_and_hold"]["total"])
    assert told["equity"] > 30e6


def test_a_sweep_tells_the_best_and_its_luck(ara, bars, home):
    words = ("backtest", "sweep", "ONE", "--bars", bars, "--strategy", "momentum", "--grid", "window=10:30:10",
             "--grid", "short=no,yes", "--param", "stop=0.05", "--out", "swept")  # fmt: skip
    told = json.loads(ara(*words, "--json").out)
    assert (told["combinations"], len(told["trials"]), told["look"]["number"]) == (6, 6, 6)
    assert told["grid"] == {"window": [10, 20, 30], "short": [False, True]}
    assert told["best"]["parameters"] == {name: told["trials"][0][name] for name in ("window", "short")}
    assert told["trials"][0]["sharpe"] == pytest.approx(told["best"]["measures"]["sharpe"])
    assert pl.read_csv(home / "swept" / "trials.csv").height == 6
    assert json.loads((home / "swept" / "sweep.json").read_text()) == told
    outcome = ara(*words, "--width", "70")
    assert max(map(len, outcome.out.splitlines())) <= 70
    said = " ".join(outcome.out.split())
    assert "the best of 6 is window" in said
    assert "the best of 6 without any skill would have about" in said
    assert "looked at 12 times" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sweep", "AAPL"), "--grid is missing"),
        (("AAPL", "--strategy", "momentum", "--grid", "window=9:1:2"), "is no FIRST:LAST:STEP"),
        (("AAPL", "--strategy", "momentum", "--grid", "window=9:nan:2"), "is no FIRST:LAST:STEP"),
        (("AAPL", "--strategy", "momentum", "--grid", "stop=0:1:1e-9"), "has more than 10,000 values"),
        (("AAPL", "--strategy", "momentum", "--grid", "window=5,,6"), "window has an empty value"),
        (("AAPL", "--lot", "0"), "Write --lot 0.001."),
        (("AAPL", "--lot", "1e-30"), "--lot is 1e-30; it is 0.000000001 or more"),
        (("AAPL", "--strategy", "momentum", "--grid", "depth=5"), "no parameter 'depth'"),
        (("AAPL", "--strategy", "momentum", "--grid", "window=5", "--param", "window=6"), "by --param and by --grid"),
        (("AAPL", "MSFT", "--strategy", "momentum", "--grid", "window=5"), "of one instrument, not of 2"),
        (("AAPL", "--strategy", "pairs", "--grid", "window=5"), "decides by what is held"),
        ((), "SYMBOL… or --bars is missing"),
        (("AAPL", "--strategy", "gone"), "no strategy named 'gone'"),
        (("AAPL", "--strategy", "momentum", "--param", "x=1"), "no parameter 'x'"),
        (("AAPL", "--strategy", "momentum", "--param", "window=x"), "it is a whole number"),
        (("AAPL", "--strategy", "momentum", "--param", "short=maybe"), "it is true or false"),
        (("AAPL", "--strategy", "momentum", "--param", "window"), "is not NAME=VALUE"),
        (("AAPL", "--param", "a=1", "--param", "a=2"), "is given twice"),
        (("AAPL", "--strategy", "json:gone"), "has no strategy 'gone'"),
        (("AAPL", "--strategy", "momentum", "--param", "window=0"), "1 or more"),
        (("AAPL", "--cost", "x=1"), "--cost has no 'x'"),
        (("AAPL", "--cost", "spread=x"), "which is no number"),
        (("AAPL", "--cost", "spread=2"), "lies between 0 and 1"),
        (("AAPL", "--cash", "-5"), "--cash is '-5'"),
        (("AAPL", "--start", "soon"), "which is no date"),
        (("AAPL", "--cuts", "101"), "0 to 100"),
        (("AAPL", "--end", "1990-01-01"), "no bar by 1990-01-01"),
        (("--bars", "gone.parquet"), "there is no file"),
        (("AAPL", "BTC-USDX"), "There is no instrument"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("backtest", *words)
    assert outcome.code in (2, 8, 12)
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())


def test_bars_too_few_to_replay_prove_nothing_and_values_count_once(ara, bars):
    span = ("ONE", "--bars", bars, "--strategy", "momentum", "--end", "2018-01-01", "--width", "100")
    alone = " ".join(ara("backtest", *span).out.split())
    assert "Too few bars to replay on shorter ones: nothing shows that it saw no future." in alone
    many = " ".join(ara("backtest", "sweep", *span, "--grid", "window=5,5,6").out.split())
    assert many.startswith("momentum on ONE: the best of 2 is")
    assert "saw no future" in many
    assert "it decided alike" not in alone + many


def test_a_file_is_asked_for_what_it_holds(ara, bars, home):
    assert "no bars of ZZZ" in ara("backtest", "ZZZ", "--bars", bars).err
    (home / "taken").write_text("")
    assert "is no folder" in ara("backtest", "ONE", "--bars", bars, "--out", "taken").err
    assert ara("plugins", "check", "momentum", "--group", "strategies").code == 0


def test_an_audit_finds_who_sees_the_future(ara, bars, home, monkeypatch):
    outcome = ara("audit", "strategy", "momentum", "ONE", "--bars", bars, "--param", "window=20")
    assert (outcome.code, outcome.out.splitlines()[0]) == (0, "No sign of a leak in momentum.")
    (home / "seers.py").write_text(CLASS)
    monkeypatch.syspath_prepend(str(home))
    outcome = ara("audit", "strategy", "seers:Seer", "--bars", bars)
    assert outcome.code == 4
    assert "prefix: on bars that end earlier it decides otherwise" in " ".join(outcome.out.split())
    told = json.loads(ara("audit", "strategy", "seers:Seer", "--bars", bars, "--json").out)
    assert (told["verdict"], told["exit_code"], told["findings"][0]["rule"]) == ("leaks", 4, "prefix")
    unknown = ara("audit", "strategy", "momentum", "ONE", "--bars", bars, "--param", "window=900")
    assert unknown.code == 15
    assert "It never decided anything there" in unknown.out
    planted = json.loads(ara("audit", "strategy", "planted", "--json").out)
    assert (planted["caught"], planted["planted"], planted["passed"]) == (10, 10, 10)


def test_a_report_of_many_combinations_shows_the_best_and_keeps_all(ara, bars, home):
    words = ("backtest", "sweep", "ONE", "--bars", bars, "--strategy", "momentum", "--grid", "window=5:64:1")
    assert ara(*words, "--cuts", "0", "--report", "many.html").code == 0
    told = (home / "many.html").read_text()
    assert "60 combinations were tried" in told
    assert "The best 20" in told


def test_a_mix_of_others_comes_from_the_same_place(ara, bars):
    words = ("backtest", "ONE", "--bars", bars, "--cuts", "0", "--mix", "ONE=60", "--mix", "TWO=40", "--json")
    assert json.loads(ara(*words).out)["mix"]["weights"] == {"ONE": 0.6, "TWO": 0.4}


def test_long_work_says_how_long_and_dear_replays_what_they_took(capsys):
    on, found = Screen(Flags(width=100), runner=lambda _: None), run(Momentum, {"ONE": made_up(60)["ONE"]})
    for left, seconds in ((9_000, 0.5), (12, 4.2), (9_000, 30.0), (80, 7_200.0)):
        estimating(on, "combinations", 0)(left, seconds)
    estimating(on, "choices", 4)(12, 30.0)
    for seconds in (3.0, 34.0):
        priced(on, replace(found, replay=replace(found.replay, seconds=seconds)))
    priced(on, replace(found, replay=None))
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        "12 more combinations, about 4 s "
        "9,000 more combinations, about 30 s; --workers 2 and more share it among processes "
        "80 more combinations, about 120 minutes; --workers 2 and more share it among processes "
        "12 more choices, about 30 s "
        "48 replays on shorter bars took 34 s of processor; --cuts 1 asks for a third"
    )


def test_more_instruments_than_are_tested_together_are_refused(ara, bars, tmp_path):
    named = [f"S{number}" for number in range(201)]
    assert "201 symbols are named; at most 200" in ara("backtest", *named).err
    one = pl.read_parquet(bars).filter(pl.col("symbol") == "ONE").head(2)
    pl.concat([one.with_columns(symbol=pl.lit(name)) for name in named]).write_parquet(tmp_path / "many.parquet")
    assert "the file holds 201 symbols" in ara("backtest", "--bars", str(tmp_path / "many.parquet")).err


def test_what_is_named_twice_is_traded_once_and_one_note_says_so(ara, bars):
    short = ("--end", "2018-03-01", "--cuts", "1", "--json")
    span = ("--bars", bars, *short)
    alone, again = (json.loads(ara("backtest", *named, *span).out) for named in (["ONE"], ["ONE", "ONE"]))
    assert [one for one in again["notes"] if one not in alone["notes"]] == [
        "ONE is named more than once: it is traded once"
    ]
    assert {**again, "notes": [], "look": {}} == {**alone, "notes": [], "look": {}}
    both = json.loads(ara("backtest", "--portfolio", "TWO,ONE,TWO,ONE", *span).out)
    assert both["symbols"] == ["TWO", "ONE"]
    assert "TWO and ONE are named more than once: each is traded once" in both["notes"]
    shown = ara("backtest", "KO", "ko", "--strategy", "buy_hold", "--end", "2015-06-01", "--cuts", "1", "--width", "80")
    assert " ".join(shown.out.split()).count("KO is named more than once: it is traded once") == 1
