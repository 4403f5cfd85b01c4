"""`ara portfolio rebalance` with a file of lots, triggers and what-if, on a terminal and as JSON; what is wrong."""

import json

import pytest

LOTS = """symbol,date,quantity,price,fee,lot
AAPL,2019-05-01,10,200.50,1
AAPL,2020-08-31,4:1
AAPL,2020-09-02,20,131.40,1
AAPL,2021-03-10,10,119.98,1
SPY,2021-02-16,5,392.30
SPY,2021-03-04,-2,376.70
cash,,1500
"""


@pytest.fixture
def lots(tmp_path):
    path = tmp_path / "lots.csv"
    path.write_text(LOTS)
    return str(path)


def said(ara, *words):
    outcome = ara("portfolio", "rebalance", *words, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


@pytest.mark.parametrize(
    ("how", "bought", "long", "short"),
    [
        ((), {"2019-05-01"}, 30 * 122.15 - 2006 * 0.75, 0),
        (("--lots", "hifo"), {"2020-09-02", "2021-03-10"}, 0, 30 * 122.15 - 2629 - 1200.8),
        (
            ("--lots", "specific", "--pick", "AAPL@2021-03-10=10,aapl@2019-05-01=20"),
            {"2019-05-01", "2021-03-10"}, 20 * 122.15 - 1003, 1221.5 - 1200.8,
        ),
    ],
)  # fmt: skip
def test_lots_that_are_sold(ara, lots, how, bought, long, short):
    found = said(ara, "--to", "AAPL=0.435,SPY=0.1", "--holdings", lots, *how)
    assert (found["date"], found["value"]) == ("2021-03-31", "11239.49")
    sold = [one for one in found["lots"] if one["symbol"] == "AAPL"]
    assert {one["bought"] for one in sold} == bought
    assert sum(float(one["quantity"]) for one in sold) == 30
    assert float(found["gains"]["long"]) == pytest.approx(long)
    assert float(found["gains"]["short"]) == pytest.approx(short)
    assert found["portfolio"]["positions"][0]["symbol"] == "AAPL"


def test_all_of_it_is_sold_and_it_is_said_what_counts(ara, lots):
    words = ("--to", "AAPL=0,SPY=0.5", "--holdings", lots, "--wash-sales", "--what-if", "--width", "60")
    found = said(ara, *words[:-2])
    assert found["gains"]["long"] == "2880"
    assert float(found["gains"]["short"]) == pytest.approx(20 * 122.15 - 2629 + 1221.5 - 1200.8)
    held_back = [(one["symbol"], one["on"], one["disallowed"]) for one in found["held_back"]]
    assert held_back == [("SPY", "2021-03-04", "31.2")]
    assert found["what_if"]["after"]["volatility"] < found["what_if"]["before"]["volatility"]
    outcome = ara("portfolio", "rebalance", *words)
    text = " ".join(outcome.out.split())
    assert "Gains that count: 2,880.00 of what was held for more than a year, -165.30 of the rest." in text
    assert "These purchases hold back 31.20 of the loss on SPY of Thu 4 Mar 2021." in text
    assert "Unrealised in what stays" in text
    assert "with such weights" in text
    assert max(map(len, outcome.out.splitlines())) <= 60


def test_what_makes_it_due(ara):
    words = ("--to", "AAPL=0.5,SPY=0.5", "--held", "AAPL=30,SPY=9", "--cash", "100")
    calm = ("--threshold", "10%", "--every", "month", "--last", "2021-03-01")
    found = said(ara, *words, *calm, "--volatility", "9")
    assert (found["due"], found["trades"], len(found["reasons"])) == (False, [], 3)
    assert said(ara, *words, "--every", "month", "--last", "2021-02-26")["due"]
    text = ara("portfolio", "rebalance", *words, *calm, "--volatility", "1.01").out
    assert "Due: volatility is " in text
    assert ara("portfolio", "rebalance", "--to", "AAPL=1", "--held", "AAPL=1").out.startswith("Nothing is due: all")


def test_closes_of_different_days_are_told(ara):
    outcome = ara("portfolio", "rebalance", "--to", "AAPL=0.5,MSFT=0.5", "--cash", "10000")
    assert "Closes are of different days (AAPL Wed 31 Mar 2021" in " ".join(outcome.out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lots", "lifo"), "--lots is 'lifo'. There are: fifo, hifo, specific."),
        (("--lots", "specific"), "--lots specific needs lots."),
        (("--pick", "AAPL@2021-03-10=1"), "only with --lots specific"),
        (("--lots", "specific", "--pick", "AAPL=1"), "'AAPL=1' is no lot"),
        (("--lots", "specific", "--pick", "AAPL@monday=1"), "--pick is 'monday'"),
        (("--lots", "specific", "--pick", "AAPL@2021-03-11=1"), "bought on 2021-03-11, 1 of 1 are not there"),
        (("--every", "day"), "The schedule is 'day'"),
        (("--last", "yesterday"), "--last is 'yesterday'"),
        (("--volatility", "1"), "it is above 1"),
        (("--held", "AAPL=1"), "with lots and without"),
        (("--held", "SPY=1,SPY=2"), "--held names SPY twice"),
    ],
)
def test_what_is_wrong_is_said(ara, lots, words, told):
    outcome = ara("portfolio", "rebalance", "--to", "AAPL=0", "--holdings", lots, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert told in " ".join(outcome.err.split())


def test_a_file_that_sells_more_than_there_is(ara, tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("symbol,date,quantity,price\nAAPL,2020-01-02,-5,100\n")
    outcome = ara("portfolio", "rebalance", "--to", "AAPL=0", "--holdings", str(path))
    assert outcome.code == 2
    assert "5 are sold on 2020-01-02, and 0 are held then." in outcome.err


def test_a_price_is_shown_as_it_was_traded_however_it_came_in(ara, tmp_path):
    rows = [f"2021-03-{day:02d},191,192,190,{close},100" for day, close in ((29, 190.5), (30, 191.1303253173828))]
    path = tmp_path / "odd.csv"
    path.write_text("\n".join(["date,open,high,low,close,volume", *rows]))
    assert ara("data", "import", str(path), "--symbol", "ODD").code == 0
    words = ("--to", "ODD=1", "--cash", "1000")
    assert "  191.13  " in ara("portfolio", "rebalance", *words).out
    assert said(ara, *words)["trades"][0]["price"] == "191.1303253173828"
