"""What the screens of portfolios say in cases that are seldom met."""

import pytest


def text(ara, *words):
    outcome = ara(*words, "--width", "100")
    assert outcome.code == 0
    return " ".join(outcome.out.split())


def test_where_no_way_beats_equal_parts_it_is_said(ara):
    words = ("portfolio", "compare", "AAPL", "MSFT", "XAUUSD", "--methods", "maximum_sharpe")
    assert text(ara, *words).startswith("Nothing did better than equal parts here.")


def test_limits_that_gave_way_on_the_way_are_named(ara):
    words = ("portfolio", "compare", "AAPL", "SPY", "--methods", "hrp", "--max", "0.3", "--window", "900")
    assert "Limits, or the goal, gave way at some choice of equal, hrp." in text(ara, *words)


def test_what_factors_expect_is_doubted_only_where_it_counts(ara):
    words = ("portfolio", "optimize", "AAPL", "MSFT", "--factors", "SPY", "--method")
    doubted = "Expected returns are those of the factors' past, which say little of the next ones."
    for method, said in (("mean_variance", True), ("minimum_volatility", False)):
        found = text(ara, *words, method)
        assert "By these factors it moves" in found
        assert (doubted in found) is said


def test_lots_of_which_none_is_sold_realise_nothing(ara, tmp_path):
    (tmp_path / "lots.csv").write_text("symbol,date,quantity,price\nAAPL,2019-05-01,10,100\ncash,,5000\n")
    words = ("portfolio", "rebalance", "--to", "AAPL=0.5,SPY=0.4", "--holdings", str(tmp_path / "lots.csv"))
    found = text(ara, *words)
    assert "No lot is sold, so nothing is realised." in found
    assert "Unrealised in what stays:" in found


@pytest.mark.parametrize("measure", ["volatility", "cvar"])
def test_one_holding_brings_all_of_the_risk(ara, measure):
    found = text(ara, "risk", "contributions", "--portfolio", "AAPL=0.5", "--measure", measure)
    assert "AAPL brings 100 % of the risk with 50 % of the weight" in found
    assert "as spread as 1.0 equal holdings" in found
