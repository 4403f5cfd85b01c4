"""What the screens of portfolios, risk and coins say in cases that are seldom met."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from ara.cli.render.chart import Scale

DAYS = 320


@pytest.fixture
def rare(ara, home):
    """A walk and its neighbour, one that stands still, one that only rises, one ever wilder, and one that is new."""
    random = np.random.default_rng(5)
    walk = 100 * np.exp(np.cumsum(random.normal(0, 0.01, DAYS)))
    rise = 100 * np.exp(np.cumsum(np.abs(random.normal(0, 0.01, DAYS)) + 1e-4))
    wild = 100 * np.exp(np.cumsum(random.normal(0, 0.002, DAYS) * np.exp(np.linspace(0, 3, DAYS))))
    rows = ["symbol,date,close"]
    for n in range(DAYS):
        day = date(2020, 1, 1) + timedelta(days=n)
        closes = {"WALK": walk[n], "NEXT": walk[n] * (1 + 0.001 * (n % 3)), "STIL": 50.0, "RISE": rise[n]}
        closes |= {"WILD": wild[n]} | ({"FEWW": walk[n] * (1 + 0.01 * math.sin(n))} if n >= DAYS - 40 else {})
        rows += [f"{name}-USD,{day},{close:.6f}" for name, close in closes.items()]
    (home / "rare.csv").write_text("\n".join(rows))
    assert ara("data", "import", "rare.csv", "--source", "rare", "--basis", "raw").code == 0
    return ara


def text(ara, *words):
    outcome = ara(*words, "--width", "100")
    assert (outcome.code, outcome.err) == (0, "")
    return " ".join(outcome.out.split())


def test_what_may_be_lost_of_what_only_rises_stands_still_or_never_came_back(rare):
    words = ("risk", "var", "--method", "historical", "--portfolio")
    rising = text(rare, *words, "RISE-USD")
    assert "One day in 20 it gains no more than" in rising
    assert "a shock stays" in rising
    assert "The deepest fall" not in rising
    still = text(rare, *words, "STIL-USD")
    assert "Left out: The returns never change; garch has no variance to follow." in still
    assert "not yet made good." in text(rare, *words, "WALK-USD")


def test_what_stands_still_has_no_risk_to_share(rare):
    found = text(rare, "risk", "contributions", "--portfolio", "STIL-USD")
    assert "Nothing in it moves, so there is no risk to share." in found
    assert "as spread as 1.0 equal holdings." in found


def test_coins_without_volume_and_two_that_go_together_beside_a_third(rare):
    words = ("crypto", "compare", "WILD-USD", "WALK-USD", "NEXT-USD", "--last", "60", "-m")
    assert text(rare, *words, "volume").startswith("No volume is known of any of them.")
    assert text(rare, *words, "correlation").startswith("WALK-USD and NEXT-USD move together most: 0.99. 60 days")


def test_a_way_that_did_better_than_equal_parts_is_named_with_a_doubt(rare):
    words = ("portfolio", "compare", "WALK-USD", "RISE-USD", "--methods", "maximum_sharpe", "--window", "100")
    found = text(rare, *words)
    assert found.startswith("maximum_sharpe did best: Sharpe ")
    assert "Among 2 ways the best of the past is seldom the best again." in found


def test_when_to_trade_back_to_one_holding_or_by_few_days(rare):
    words = ("portfolio", "compare", "--when", "never,month", "--portfolio")
    assert text(rare, *words, "WALK-USD").startswith("By never the weights were kept nearest, and nothing costs less.")
    assert "Only 39 days are known that all have" in text(rare, *words, "WALK-USD=0.5,FEWW-USD=0.5")


def test_a_basket_says_what_its_forecasts_leave_out(ara):
    found = text(ara, "basket", "EURUSD=0.5", "USDJPY=0.5", "--days", "1", "--as-of", "2019-03-15")
    assert "Note: returns are in JPY and USD, each in its own: what exchange rates do is not in them." in found


@pytest.mark.parametrize(
    ("rows", "said", "unsaid"),
    [
        (
            "AAPL,2021-01-20,10,135.00\nAAPL,2021-03-10,10,119.98\ncash,,500\n",
            "A loss of 128.50 does not count: as much was bought within 30 days before.",
            "Nothing",
        ),
        ("AAPL,2021-01-20,10,135.00\n", "Gains that count: 0.00", "Unrealised in what stays"),
    ],
)
def test_lots_that_are_sold_at_a_loss(ara, tmp_path, rows, said, unsaid):
    (tmp_path / "lots.csv").write_text(f"symbol,date,quantity,price\n{rows}")
    share = "0.42" if "cash" in rows else "0"
    words = ("--to", f"AAPL={share}", "--holdings", str(tmp_path / "lots.csv"), "--wash-sales")
    found = text(ara, "portfolio", "rebalance", *words)
    assert said in found
    assert unsaid not in found


def test_a_scale_without_width_shows_its_middle():
    assert Scale(low=3.0, high=3.0, columns=9).column(3.0) == 4
    assert Scale(low=0.0, high=1.0, columns=9).column(7.0) == 8
