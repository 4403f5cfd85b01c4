"""`ara backtest` walked forward: the answer, the hold-out as a look, the same again from memory."""

import json

import polars as pl
import pytest

from ara.backtest.checks import made_up


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """A file of bars of two made-up shares."""
    frames = []
    for symbol, tape in made_up(300).items():
        frame = tape.bars().frame.select(ts="at", open="open", high="high", low="low", close="close", volume="volume")
        frames.append(frame.with_columns(symbol=pl.lit(symbol), asset_class=pl.lit("stock")))
    path = tmp_path_factory.mktemp("walked") / "bars.parquet"
    pl.concat(frames).write_parquet(path)
    return str(path)


WALK = ("backtest", "ONE", "--strategy", "momentum", "--walk-forward", "60", "--retrain", "40")


def test_it_is_told_and_the_hold_out_is_a_look_of_its_own(ara, bars, home):
    words = (*WALK, "--bars", bars, "--grid", "window=10,20")
    outcome = ara(*words, "--width", "70")
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 70
    said = " ".join(outcome.out.split())
    assert said.startswith("momentum on ONE, walked forward 2018-03-0")
    assert "5 choices among 2 combinations, one every 40 bars by the 60 bars before: window" in said
    assert "was not touched: --open plays it, and counts the look" in said
    told = json.loads(ara(*words, "--open", "--out", "walk", "--json").out)
    assert told["schema"] == 1
    assert told["folds"][0]["chosen"].keys() == {"window"}
    assert (told["look"]["number"], told["hold_out"]["look"]["number"]) == (1, 1)
    assert told["hold_out"]["opened"]["from"] == told["hold_out"]["from"]
    assert json.loads((home / "walk" / "walk.json").read_text()) == told
    assert pl.read_csv(home / "walk" / "equity.csv").height == told["result"]["bars"]
    assert "kept apart until now" in " ".join(ara(*words, "--open").out.split())


def test_without_a_grid_its_usual_one_is_tried_or_nothing(ara, bars):
    told = json.loads(ara(*WALK, "--bars", bars, "--json", "--hold-out", "0").out)
    assert (told["combinations"], told["hold_out"]) == (7, None)
    plain = ara(*WALK[:3], "buy_and_hold", *WALK[4:], "--bars", bars, "--hold-out", "0.0").out
    assert "Nothing was chosen" in plain
    assert "No hold-out was kept apart" in plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--retrain", "x"), "--retrain is x"),
        (("--hold-out", "1"), "share below 1"),
        (("--hold-out", "-1"), "--hold-out is '-1'"),
        (("--least", "1000"), "can't be walked"),
        (("--grid", "window=5", "--param", "window=7"), "by --param and by --grid"),
        (("--monte-carlo", "5"), "--monte-carlo does not go with --walk-forward"),
        (("--mix", "SPY"), "is not SYMBOL=SHARE"),
        (("--mix", "SPY=0"), "it is an amount above 0"),
    ],
)
def test_what_can_not_be_is_said(ara, bars, words, said):
    outcome = ara(*(WALK if "--mix" not in words else WALK[:4]), "--bars", bars, *words)
    assert outcome.code != 0
    assert said in " ".join(outcome.err.split())


def test_other_pasts_are_told_beside_the_one_that_was(ara, bars):
    words = ("backtest", "ONE", "--bars", bars, "--strategy", "momentum", "--param", "window=10", "--monte-carlo", "30")
    told = json.loads(ara(*words, "--json").out)
    assert [one["kind"] for one in told["monte_carlo"]["worlds"]] == ["returns", "trades", "parameters", "delays"]
    outcome = ara(*words, "--width", "60")
    assert max(map(len, outcome.out.splitlines())) <= 60
    assert "other pasts, 90 %" in outcome.out


def test_the_choice_of_a_sweep_is_judged_over_many_pasts(ara, bars, home):
    words = ("backtest", "sweep", "ONE", "--bars", bars, "--strategy", "momentum", "--grid", "window=5:40:5",
             "--cross-validate", "4")  # fmt: skip
    told = json.loads(ara(*words, "--json").out)
    assert (told["cross_validation"]["splits"], len(told["cross_validation"]["paths"])) == (6, 3)
    assert len(list(home.rglob("backtest/sweeps/*.json"))) == 1
    assert "can't be cut into 1 groups" in ara(*words[:-1], "1").err
    assert "1 combinations; 2 to" in ara(*words[:-3], "window=7", *words[-2:]).err
    assert len(list(home.rglob("backtest/sweeps/*.json"))) == 1  # refused before anything was tried
    assert "the probability that choosing here is overfitting" in " ".join(ara(*words).out.split())


def test_a_portfolio_is_tested_alike_and_optimised(ara, bars):
    told = json.loads(ara("backtest", "--bars", bars, "--portfolio", "ONE,TWO", "--json").out)
    assert (told["strategy"], told["symbols"], told["parameters"]) == ("portfolio", ["ONE", "TWO"], {"every": 21})
    words = ("backtest", "--bars", bars, "--portfolio", "ONE, TWO", "--optimize", "--param", "method=risk_parity")
    told = json.loads(ara(*words, "--json").out)
    assert (told["strategy"], told["parameters"]["method"]) == ("optimised", "risk_parity")
    outcome = ara("backtest", "--bars", bars, "--portfolio", "ONE")
    assert "two instruments or more" in outcome.err
    outcome = ara("backtest", "--bars", bars, "--portfolio", "ONE,TWO", "--strategy", "momentum")
    assert "a strategy of its own" in outcome.err


def test_placebo_markets_are_told(ara, bars):
    words = ("backtest", "ONE", "--bars", bars, "--strategy", "momentum", "--param", "window=10", "--placebo", "4")
    told = json.loads(ara(*words, "--json").out)
    assert told["placebo"]["markets"] == 4
    assert not told["placebo"]["flagged"]
    assert set(told["beyond_market"]) == set(told["significance"])
    assert "On 4 placebo markets, the same bars in another order" in " ".join(ara(*words).out.split())


def test_a_portfolio_walks_too(ara, bars):
    words = ("backtest", "--bars", bars, "--portfolio", "ONE,TWO", "--optimize", "--walk-forward", "80", "--retrain",
             "80", "--grid", "method=equal,hrp", "--grid", "window=60")  # fmt: skip
    told = json.loads(ara(*words, "--json").out)
    assert (told["result"]["strategy"], told["combinations"], len(told["folds"])) == ("optimised", 2, 2)
    assert {one["chosen"]["method"] for one in told["folds"]} <= {"equal", "hrp"}


def test_options_of_another_kind_are_not_passed_over(ara, bars):
    words = ("backtest", "ONE", "--bars", bars, "--strategy", "momentum")
    assert "--open does not go with a back-test without a grid" in ara(*words, "--open").err
    assert "--workers does not go with a back-test without a grid" in ara(*words, "--workers", "3").err
    assert "--cross-validate does not go with" in ara(*words, "--cross-validate", "6").err
    assert "--placebo does not go with a sweep" in ara(*words, "--grid", "window=5", "--placebo", "6").err
