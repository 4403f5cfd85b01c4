"""`ara portfolio` on a terminal and as JSON: weights, the past of a portfolio, ways compared, trades; what is wrong."""

import json

import pytest

FOUR = ("AAPL", "MSFT", "SPY", "XAUUSD")


def said(ara, *words):
    outcome = ara("portfolio", *words, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_weights_and_what_to_buy(ara):
    found = said(ara, "optimize", *FOUR, "--value", "50000", "--cost", "0.1%")
    assert (found["schema"], found["method"], found["days"], found["per_year"]) == (1, "hrp", 1000, 252)
    assert sum(found["weights"].values()) == pytest.approx(1)
    paid = sum(float(one["value"]) + float(one["cost"]) for one in found["trades"])
    assert paid + float(found["left"]) == pytest.approx(50000)
    assert float(found["left"]) < 500
    assert found["relaxed"] == []


def test_limits_costs_and_the_frontier(ara):
    words = ("--method", "maximum_sharpe", "--max", "40%", "--class", "crypto=10%", "--frontier", "3")
    now = ("--held", "AAPL=1", "--cost", "0.1%", "--turnover", "1.5")
    found = said(ara, "optimize", "AAPL,MSFT,SPY,BTC-USD", *words, *now)
    assert max(found["weights"].values()) <= 0.4 + 1e-5
    assert found["weights"]["BTC-USD"] <= 0.1 + 1e-5
    assert found["turnover"] <= 1.5 + 1e-4
    assert found["costs"] == pytest.approx(found["turnover"] * 0.001)
    assert len(found["frontier"]) == 3
    outcome = ara("portfolio", "optimize", "AAPL,MSFT,SPY,BTC-USD", *words, *now, "--width", "70")
    text = " ".join(outcome.out.split())
    assert "Limits that are reached: " in text
    assert "changes hands, which costs" in text
    assert "The frontier, from the least volatility" in text
    assert "Expected returns are those of the past" in text
    assert max(map(len, outcome.out.splitlines())) <= 70


def test_a_fraction_of_kellys_weights_leaves_the_rest_as_cash(ara):
    words = ("optimize", "AAPL", "SPY", "--method", "kelly", "--fraction")
    less, more = (said(ara, *words, one)["weights"] for one in ("20%", "0.4"))
    assert sum(less.values()) == pytest.approx(0.2, abs=1e-5)
    assert all(more[one] == pytest.approx(2 * less[one], abs=1e-5) for one in less)
    for wrong in ("0", "101%", "nan"):
        assert "--fraction is " in ara("portfolio", *words, wrong).err


def test_what_is_borrowed_is_no_cash_and_nothing_is_no_part(ara):
    text = ara("portfolio", "rebalance", "--to", "AAPL=2", "--cash", "10000").out
    assert "For that 9,910.45 must be borrowed." in text
    assert "The weights sum to 200 %: 100 % is borrowed" in text
    told = "The weights sum to 180 %: 80 % is borrowed, which costs nothing here."
    found = said(ara, "analyze", "--portfolio", "AAPL=1.2,SPY=60%")
    assert (found["warnings"], found["cash"]) == ([told], pytest.approx(-0.8))
    for words in (("portfolio", "analyze"), ("risk", "var"), ("risk", "stress")):
        assert told in " ".join(ara(*words, "--portfolio", "AAPL=1.2,SPY=0.6").out.split())
    assert "twice" in ara("risk", "var", "--portfolio", "BTC-USD=0.5,btc/usd=0.5").err
    assert "is left" not in text
    words = ("AAPL", "MSFT", "SPY", "--most", "1", "--method", "minimum_volatility")
    assert ara("portfolio", "optimize", *words).out.splitlines()[0] == "100 % SPY"


def test_rules_of_trading_back_stand_beside_each_other(ara):
    words = ("--portfolio", "AAPL=0.6,SPY=0.4", "--when", "never,quarter,5%+1.5x", "--cost", "0.2%")
    found = said(ara, "compare", *words)
    assert [one["rule"] for one in found["rules"]] == ["never", "quarter", "5%+1.5x"]
    assert (found["days"], found["cost"]) == (1500, 0.002)
    quarter = found["rules"][1]
    assert quarter["costs"] == pytest.approx(quarter["turnover"] * 0.002)
    for columns in ("60", "160"):
        text = ara("portfolio", "compare", *words, "--width", columns).out
        assert "kept nearest" in " ".join(text.split())
        assert max(map(len, text.splitlines())) <= int(columns)
        assert ("fifo: what sales gained" in text) is (columns == "160")  # columns that don't fit are not explained
    for wrong in (("AAPL", "--when", "month"), ("--portfolio", "AAPL", "--when", "often"), ()):
        assert ara("portfolio", "compare", *wrong).code == 2


def test_limits_that_nothing_meets_give_way_and_it_is_said(ara):
    outcome = ara("portfolio", "optimize", "AAPL", "SPY", "--max", "30%", "--method", "minimum_volatility")
    assert outcome.code == 0
    assert "The highest weights gave way by 0.2, the least that can be met." in " ".join(outcome.out.split())


def test_risk_words_and_few_holdings(ara):
    told = {
        word: said(ara, "optimize", *FOUR, "--method", "mean_variance", "--risk", word, "--expected", "historical")
        for word in ("conservative", "aggressive")
    }
    assert told["conservative"]["volatility"] < told["aggressive"]["volatility"]
    few = said(ara, "optimize", *FOUR, "--most", "2", "--method", "equal")
    assert sum(one > 0 for one in few["weights"].values()) == 2


def test_forecasts_move_what_is_expected(ara):
    words = ("optimize", "AAPL", "SPY", "--method", "maximum_sharpe", "--expected", "forecast", "--days", "5")
    found = said(ara, *words, "--as-of", "2020-12-31")
    assert found["forecasts"]
    assert sum(found["weights"].values()) == pytest.approx(1)
    kept = json.loads(ara("ledger", "list", "--json").out)
    assert {one["symbol"] for one in kept["forecasts"]} == {"AAPL", "SPY"}


def test_the_past_of_a_portfolio(ara):
    words = ("analyze", "--portfolio", "AAPL=0.5,MSFT=0.3", "--benchmark", "SPY", "--last", "500")
    found = said(ara, *words)
    assert (found["days"], found["cash"]) == (500, pytest.approx(0.2))
    assert set(found["holdings"]) == {"AAPL", "MSFT"}
    assert found["benchmark"]["symbol"] == "SPY"
    assert found["measures"]["beta"] > 0
    outcome = ara("portfolio", *words, "--width", "90")
    assert "Beside SPY: beta" in outcome.out
    assert "By weight it is as spread as 1.9 equal holdings" in " ".join(outcome.out.split())
    assert max(map(len, outcome.out.splitlines())) <= 90


def test_weights_are_typed_either_way(ara):
    typed = said(ara, "analyze", "AAPL", "SPY", "-w", "0.5,30%", "--last", "100")
    assert typed == said(ara, "analyze", "--portfolio", "AAPL=0.5,SPY=0.3", "--last", "100")
    assert said(ara, "analyze", "AAPL,SPY", "--last", "100")["weights"] == {"AAPL": 0.5, "SPY": 0.5}


def test_ways_are_compared_on_days_they_did_not_know(ara):
    words = ("compare", *FOUR, "--methods", "inverse_volatility", "--window", "250", "--every", "250")
    found = said(ara, *words)
    assert [one["method"] for one in found["methods"]] == ["equal", "inverse_volatility"]
    assert (found["days"], found["cost"]) == (1250, 0.001)
    assert found["methods"][0]["choices"] == 5
    outcome = ara("portfolio", *words, "--max", "20%", "--width", "60")
    text = " ".join(outcome.out.split())
    assert "equal parts" in text
    assert "Limits, or the goal, gave way at some choice of equal, inverse_volatility." in text
    assert max(map(len, outcome.out.splitlines())) <= 60


def test_trades_towards_weights(ara):
    words = ("rebalance", "--to", "AAPL=0.5,SPY=0.4", "--held", "AAPL=30,MSFT=10", "--cash", "500", "--cost", "0.1%")
    found = said(ara, *words)
    assert found["value"] == "7020.40"
    assert [(one["side"], one["symbol"], one["quantity"]) for one in found["trades"]] == [
        ("sell", "AAPL", "1"), ("sell", "MSFT", "10"), ("buy", "SPY", "7"),
    ]  # fmt: skip
    assert float(found["left"]) >= 0
    outcome = ara("portfolio", *words)
    assert "7,020.40 USD; the farthest weight is off by 40.7 %." in outcome.out
    calm = ara("portfolio", *words, "--threshold", "50%")
    assert "Nothing is due: no weight is off by more than 40.7 %, and 50.0 % is allowed." in calm.out
    assert said(ara, *words, "--threshold", "50%")["trades"] == []
    still = ara("portfolio", "rebalance", "--to", "AAPL=1", "--held", "AAPL=5", "--cash", "1", "--least", "1000")
    assert "Nothing to trade." in still.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("optimize", ","), "No instrument is named"),
        (("optimize", *FOUR, "--method", "luck"), "--method is 'luck'"),
        (("optimize", *FOUR, "--method", "hrp,equal"), "it is one"),
        (("optimize", *FOUR, "--risk", "mad"), "--risk is 'mad'"),
        (("optimize", *FOUR, "--max", "much"), "--max is much"),
        (("optimize", *FOUR, "--min", "0.5", "--max", "0.4"), "above the highest"),
        (("optimize", *FOUR, "--class", "bonds=1"), "--class is 'bonds=1'"),
        (("optimize", *FOUR, "--turnover", "0.1"), "--turnover needs what is held"),
        (("optimize", *FOUR, "--held", "QQQ=1"), "QQQ is not among"),
        (("optimize", *FOUR, "--most", "0"), "--most is 0"),
        (("optimize", *FOUR, "--value", "1e300"), "--value is 1e300; it is at most"),
        (("optimize", *FOUR, "--expected", "hope"), "--expected is 'hope'"),
        (("optimize", *FOUR, "--days", "31"), "--days is 31"),
        (("optimize", "AAPL", "NOSUCH"), "NOSUCH"),
        (("analyze", "--portfolio", "AAPL=60"), "lost more than all"),
        (("analyze",), "Nothing is said to be held."),
        (("analyze", "AAPL", "--portfolio", "AAPL=1"), "both say what is held"),
        (("analyze", "--portfolio", "AAPL=1", "-w", "1"), "--weights goes with symbols"),
        (("analyze", "AAPL", "MSFT", "-w", "1"), "There are 1 weights of 2 instruments."),
        (("compare", *FOUR, "--methods", ","), "--methods is ''"),
        (("compare", *FOUR, "--window", "1500"), "1502 are needed"),
        (("rebalance", "--to", "AAPL=1", "--held", "AAPL"), "AAPL has no units"),
        (("rebalance", "--to", "AAPL=1", "--cash", "nan"), "--cash is 'nan'"),
        (("rebalance", "--to", "AAPL=1"), "worth nothing"),
        (("rebalance", "--to", "AAPL=0.5,USDJPY=0.5", "--cash", "1000"), "USDJPY in JPY and AAPL in USD"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("portfolio", *words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())


def test_the_way_of_black_and_litterman_is_called_so(ara):
    words = ("portfolio", "optimize", "AAPL", "SPY", "--days", "5", "--as-of", "2020-12-31")
    assert "Black-Litterman, from" in ara(*words, "--method", "black_litterman").out
    assert "mean_variance, from" in ara(*words, "--method", "mean_variance").out


def test_what_cash_earns_counts_for_the_best_ratio(ara):
    words = ("optimize", *FOUR, "--method", "maximum_sharpe")
    none, some, all_ = (said(ara, *words, "--free", rate) for rate in ("0", "5%", "90%"))
    assert (none["free"], some["free"]) == (0, 0.05)
    assert none["weights"] == said(ara, *words)["weights"]
    ratio = [{rate: (one["expected_return"] - rate) / one["volatility"] for rate in (0, 0.05)} for one in (none, some)]
    assert ratio[0][0] > ratio[1][0]
    assert ratio[1][0.05] > ratio[0][0.05]
    assert "nothing is expected to earn more than cash: these are the weights of least volatility" in all_["relaxed"]
    compared = ("compare", *FOUR, "--methods", "equal", "--window", "900")
    free, dear = (said(ara, *compared, "--free", rate) for rate in ("0", "10%"))
    assert free["methods"][0]["measures"]["sharpe"] > dear["methods"][0]["measures"]["sharpe"]


def test_what_cash_earns_is_said_to_change_nothing_where_no_weight_depends_on_it(ara):
    words = ("portfolio", "optimize", "AAPL", "SPY", "--as-of", "2020-12-31", "--json")
    note = "What cash earns changes nothing in the weights by hrp; maximum_sharpe alone looks at it."
    some, none, best = ara(*words, "--free", "2%"), ara(*words), ara(*words, "--method", "maximum_sharpe", "--free=2%")
    told = json.loads(some.out)
    assert (some.err.strip(), told["notes"], told["free"]) == (note, [note], 0.02)
    assert told["weights"] == json.loads(none.out)["weights"]
    assert (none.err, best.err, json.loads(best.out)["notes"]) == ("", "", [])


def test_what_is_named_again_is_weighed_once_and_it_is_said(ara):
    once = said(ara, "optimize", "AAPL", "SPY")
    outcome = ara("portfolio", "optimize", "AAPL", "SPY,aapl", "SPY", "--json")
    assert outcome.err.strip() == "AAPL and SPY are named more than once: each is weighed once."
    found = json.loads(outcome.out)
    assert found["notes"] == ["AAPL and SPY are named more than once: each is weighed once."]
    assert (found["weights"], once["notes"]) == (once["weights"], [])
    outcome = ara("portfolio", "compare", "AAPL", "aapl", "SPY", "--methods", "equal", "--window", "900", "--json")
    assert outcome.err.strip() == "AAPL is named more than once: it is weighed once."
    assert json.loads(outcome.out)["symbols"] == ["AAPL", "SPY"]
