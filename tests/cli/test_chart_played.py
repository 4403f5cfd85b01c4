"""`ara chart trade` and `ara chart walk`: drawn from the files of a back-test, over a split, and what is wrong."""

import json

import numpy as np
import pytest


@pytest.fixture
def played(home):
    """Two trades of AAPL in files as a back-test writes them; the first was held over the split of August 2020."""
    folder = home / "played"
    folder.mkdir()
    told = {
        "strategy": "momentum",
        "cash": 10000,
        "per_year": 252,
        "currency": "USD",
        "id": "ab" * 32,
        "to": "2021-03-31",
    }
    (folder / "result.json").write_text(json.dumps({"schema": 1, **told}))
    (folder / "fills.csv").write_text(
        "at,symbol,side,quantity,price,fee,why,order,slipped\n"
        '2020-08-17T13:30:00.000000+0000,AAPL,buy,10.0,460.0,1.0,"",a,0.0\n'
        "2020-09-03T13:30:00.000000+0000,AAPL,sell,40.0,125.0,1.0,stop,b,0.0\n"
        '2020-10-05T13:30:00.000000+0000,AAPL,sell,5.0,114.0,1.0,"",c,0.0\n'
        "2020-11-02T14:30:00.000000+0000,AAPL,buy,5.0,109.0,1.0,target,d,0.0\n"
    )
    steps = [{"first": f"2020-0{one}-02T20:00:00+00:00", "last": f"2020-0{one}-25T20:00:00+00:00", "sharpe": 1.0}
             for one in (1, 2, 3)]  # fmt: skip
    (folder / "walk.json").write_text(json.dumps({"schema": 1, "folds": steps, "result": told}))
    days = np.arange("2020-01-02", "2020-03-26", dtype="datetime64[D]")
    worth = 10000 * np.cumprod(1 + np.random.default_rng(0).normal(0.001, 0.01, len(days)))
    rows = [f"{day}T20:00:00.000000+0000,{value},0.5,{value}" for day, value in zip(days, worth, strict=True)]
    (folder / "equity.csv").write_text("at,equity,exposure,hold\n" + "\n".join(rows) + "\n")
    return folder


def test_a_trade_is_drawn_in_the_shares_of_the_end(ara, played):
    found = json.loads(ara("chart", "trade", "played", "--which", "1", "--json").out)
    assert found["columns"]["price"] == pytest.approx([115.0, 125.0])  # 460 before one share became four
    assert found["columns"]["filled"] == ["2020-08-17T13:30:00", "2020-09-03T13:30:00"]
    assert "AAPL long gained: +398.00 USD" in found["title"]
    assert found["title"].endswith("ended by its stop")
    lows, highs = (np.array(found["columns"][name]) for name in ("low", "high"))
    assert (lows.min() > 80, highs.max() < 140, len(lows)) == (True, True, 14 + 2 * 20)
    short = json.loads(ara("chart", "trade", "played", "--around", "3", "--json").out)
    assert short["title"].startswith("AAPL short gained: +23.00 USD after costs (+4.4 % of the price)")
    assert len(short["columns"]["low"]) == 21 + 2 * 3
    assert short["words"].startswith("trade 2 of 2 of momentum")


@pytest.mark.parametrize(("which", "number"), [("best", 1), ("worst", 2), ("last", 2), ("2", 2)])
def test_which_trade_can_be_said_in_words(ara, played, which, number):
    assert f"trade {number} of 2" in ara("chart", "trade", "played", "--which", which).out


def test_levels_stand_where_they_are_said_and_it_is_written(ara, played):
    words = ("chart", "trade", "played", "--which", "1", "--stop", "440", "--target", "500")
    text = ara(*words, "--width", "100").out
    assert all(one in text for one in ("stop", "target", "bought", "sold: stop"))
    assert "target" not in ara(*words[:-2]).out
    assert ara(*words, "--out", "trade.csv").code == 0
    assert (played.parent / "trade.csv").read_text().startswith("at,open,high,low,close,filled,price\n")
    for columns in ("60", "160"):
        assert max(map(len, ara("chart", "trade", "played", "--width", columns).out.splitlines())) <= int(columns)


def test_a_walk_is_drawn_from_its_files(ara, played):
    found = json.loads(ara("chart", "walk", "played", "--json").out)
    assert (found["kind"], len(found["columns"]["first"])) == ("walk", 3)
    assert found["columns"]["learned"] == [1.0, 1.0, 1.0]
    assert found["words"].startswith("3 steps")
    assert found["source"] == "walk.json and equity.csv of played"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trade", "none"), "has no result.json or walk.json"),
        (("walk", "."), "has no walk.json"),
        (("trade", "played", "--which", "3"), "there are 2 trades"),
        (("trade", "played", "--which", "first"), "--which is 'first'"),
        (("trade", "played", "--symbol", "MSFT"), "no trade of MSFT"),
        (("trade", "played", "--stop", "low"), "--stop is 'low'"),
        (("trade", "played", "--around", "x"), "--around"),
    ],
)
def test_what_is_wrong_is_said(ara, played, words, said):
    outcome = ara("chart", *words)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())


def test_files_that_a_back_test_did_not_write_are_refused(ara, played):
    whole = (played / "fills.csv").read_text()
    for text, said in (
        ("at,symbol\n", "not what ara backtest writes"),
        (whole.splitlines()[0] + "\n", "Nothing was traded"),
        (whole.replace("460.0", "much"), "not what ara backtest writes"),
        ("\n".join(whole.splitlines()[:2]) + "\n", "no trade that was closed"),
    ):
        (played / "fills.csv").write_text(text)
        assert said in " ".join(ara("chart", "trade", "played").err.split())
    for text in ("[1]", "{", '{"strategy": 1}'):
        (played / "walk.json").write_text(text)
        assert "not what ara backtest writes" in " ".join(ara("chart", "walk", "played").err.split())
