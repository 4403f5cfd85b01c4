"""`ara risk` on a terminal and as JSON: what may be lost, what brings it, crises; and what is wrong with it."""

import json
import math

import pytest

from ara.cli.commands.holdings import parsed, portfolio_words
from ara.errors import ValidationError

HALVES = ("--portfolio", "AAPL=0.5,MSFT=50%")


def said(ara, *words):
    outcome = ara("risk", *words, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_losses_their_check_and_money(ara):
    outcome = ara("risk", "var", *HALVES, "--method", "historical,gaussian", "--value", "100000", "--width", "110")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "50 % AAPL, 50 % MSFT"
    assert lines[1] == "3,081 days, Mon 5 Jan 2009 to Wed 31 Mar 2021"
    assert lines[2].startswith("One day in 20 it loses 2.3 % (")
    assert any(line.startswith("  gaussian     99 %") and "of 500 days beyond, 5 expected" in line for line in lines)
    assert "A day moves it 1.53 %, a year 24.3 % (a day's deviation · √252)" in outcome.out
    at = lines.index(next(line for line in lines if line.startswith("  volatility")))
    assert lines[at + 1] == "  ewma        1.62 %  25.8 %  0.94 of the variance before, 0.06 of the last square"
    assert lines[at + 2] == "  garch       1.52 %  24.1 %  back to 1.65 %; half of a shock is gone in 27 days"
    assert "The deepest fall was -29.0 %, Wed 19 Feb 2020 to Mon 23 Mar 2020" in outcome.out


def test_the_document_of_losses(ara):
    found = said(ara, "var", *HALVES, "--method", "historical", "--level", "97.5", "--horizon", "5")
    assert found["weights"] == {"AAPL": 0.5, "MSFT": 0.5}
    assert (found["schema"], found["cash"], found["per_year"], found["date"]) == (1, 0, 252, "2021-03-31")
    (one,) = found["tails"]
    assert (one["method"], one["level"], one["horizon"]) == ("historical", 0.975, 5)
    assert one["cvar"] > one["var"] > 0
    assert one["check"]["expected"] == pytest.approx(12.5)
    assert found["drawdown"]["bottom"] == "2020-03-23"
    ewma, garch = found["volatilities"]
    assert (ewma["method"], garch["method"], garch["horizon"]) == ("ewma", "garch", 5)
    assert ewma["day"] == found["volatility_now"]
    assert garch["year"] == pytest.approx(garch["day"] * 252**0.5)
    assert garch["day"] * 5**0.5 < garch["ahead"] < garch["usual"] * 5**0.5


def test_only_what_was_public_counts_and_a_short_past_says_so(ara):
    early = said(ara, "var", "--portfolio", "AAPL", "--as-of", "2009-09-01")
    assert early["date"] <= "2009-09-01"
    assert [one["method"] for one in early["tails"]][-1] == "filtered"
    assert early["left_out"] == [f"There are {early['days']} returns; {name} needs 250." for name in ("evt", "garch")]
    assert all(one["check"] is None for one in early["tails"])
    text = ara("risk", "var", "--portfolio", "AAPL", "--as-of", "2009-09-01", "--width", "60")
    assert "The past is too short to hold such numbers against it" in " ".join(text.out.split())
    assert max(map(len, text.out.splitlines())) <= 60


def test_parts_sum_to_the_whole(ara):
    for measure in ("volatility", "var", "cvar"):
        found = said(ara, "contributions", "--portfolio", "AAPL=0.4,SPY=0.4,BTC-USD=-0.1", "--measure", measure)
        assert math.fsum(one["component"] for one in found["holdings"]) == pytest.approx(found["total"])
    assert found["cash"] == pytest.approx(0.3)
    assert found["days"] == 1000


def test_parts_currencies_and_selling_on_a_screen(ara):
    words = ("--portfolio", "AAPL=0.4,SPY=0.4,EURUSD=0.2", "--currency", "eur", "--value", "5e12")
    outcome = ara("risk", "contributions", *words, "--width", "80")
    text = " ".join(outcome.out.split())
    assert (outcome.code, outcome.err) == (0, "")
    assert "AAPL brings " in text
    assert "Seen in EUR a day moves it" in text
    assert "USD: 100 % of the weight" in text
    assert "no volume known" in text
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_crises(ara):
    found = said(
        ara, "stress", "--portfolio", "SPY=0.5,AAPL=0.3", "--scenario", "covid_2020,franc_2015", "--loss", "20%"
    )
    worst = found["scenarios"][0]
    assert worst["name"] == "covid_2020"
    spy, aapl = worst["holdings"]
    assert (spy["move"], spy["factor"], spy["beta"]) == (-0.337, "SPY", None)
    assert aapl["factor"] in worst["moves"]
    assert aapl["beta"] > 0
    assert worst["change"] == pytest.approx(spy["contribution"] + aapl["contribution"])
    assert sum(found["weights"][name] * move for name, move in found["reverse"]["moves"].items()) == pytest.approx(-0.2)


def test_what_gains_or_stands_still_does_not_lose(ara, home):
    calm = ("--portfolio", "AAPL", "--as-of", "2010-06-01", "--method", "historical", "--level", "95")
    text = " ".join(ara("risk", "var", *calm, "--horizon", "250", "--value", "1000", "--width", "100").out.split())
    assert "One stretch of 250 days in 20 it gains no more than 85.1 % (851 of 1,000), then it gains 82.4 %" in text
    (home / "own.yaml").write_text("rain:\n  moves: {NOSUCH: -10%}\n")
    text = ara("risk", "stress", "--portfolio", "AAPL", "--file", "own.yaml").out
    assert "What these would do to it is not known: no factor is known to move anything that is held." in " ".join(
        text.split()
    )
    (home / "own.yaml").write_text("rain:\n  moves: {SPY: -10%, spy: -20%}\n")
    assert "'SPY' moves twice" in ara("risk", "stress", "--portfolio", "AAPL", "--file", "own.yaml").err
    (home / "own.yaml").write_text("rain: [1,\n")
    error = ara("risk", "stress", "--portfolio", "AAPL", "--file", "own.yaml").err
    assert "own.yaml:2 is not YAML" in error
    assert "ara config" not in error


def test_own_scenarios_on_a_screen(ara, home):
    (home / "own.yaml").write_text("rain:\n  words: It rains\n  moves: {SPY: -10%}\n")
    outcome = ara("risk", "stress", "--portfolio", "SPY=0.5,EURUSD=0.5", "--file", "own.yaml", "--loss", "0.9")
    assert "In the worst of these it would lose" in outcome.out
    assert ": It rains." in outcome.out
    assert "The likeliest way to lose 90 % within 21 days is" in outcome.out
    flat = ara("risk", "stress", "--portfolio", "BTC-USD", "--scenario", "crash_1987", "--as-of", "2015-01-05")
    assert "BTC-USD stands still in crash_1987" in flat.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("var", "--portfolio", ""), "--portfolio names nothing"),
        (("var", "--portfolio", "AAPL=0.5,MSFT"), "MSFT has no weight"),
        (("var", "--portfolio", "AAPL=much"), "'AAPL=much' is no weight"),
        (("var", "--portfolio", "AAPL=nan"), "is no weight"),
        (("var", "--portfolio", "AAPL=0"), "every weight is 0"),
        (("var", "--portfolio", "NOSUCH"), "NOSUCH"),
        (("var", *HALVES, "--method", "luck"), "--method is 'luck'"),
        (("var", *HALVES, "--level", "40"), "--level is 40"),
        (("var", *HALVES, "--horizon", "0"), "--horizon is 0"),
        (("var", *HALVES, "--value", "-1"), "--value is -1"),
        (("var", *HALVES, "--value", "1e308"), "--value is 1e308; it is at most 1e+15"),
        (("contributions", *HALVES, "--level", "95,99"), "--level is 95,99; it is one"),
        (("stress", *HALVES, "--file", "."), "is a folder"),
        (("var", "--portfolio", "AAPL=50"), "lost all and more"),
        (("var", *HALVES, "--method", "evt", "--as-of", "2009-03-01"), "evt needs 250"),
        (("contributions", *HALVES, "--measure", "luck"), "--measure is 'luck'"),
        (("contributions", *HALVES, "--covariance", "luck"), "--covariance is 'luck'"),
        (("contributions", *HALVES, "--currency", "XOF"), "No rate between USD and XOF"),
        (("stress", *HALVES, "--scenario", "rain"), "no scenario 'rain'"),
        (("stress", *HALVES, "--file", "gone.yaml"), "no file 'gone.yaml'"),
        (("stress", *HALVES, "--loss", "2"), "--loss is 2"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("risk", *words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())


def test_portfolios_are_read():
    assert parsed("AAPL, MSFT,") == {"AAPL": 0.5, "MSFT": 0.5}
    for again in ("AAPL=0.5,AAPL=20%", "AAPL,SPY,AAPL"):
        with pytest.raises(ValidationError, match="names AAPL twice"):
            parsed(again)
    with pytest.raises(ValidationError, match="at most 2000"):
        parsed(",".join(f"S{place}" for place in range(2001)))


def test_portfolios_are_said():
    assert portfolio_words({"A": 0.25, "B": 0.5}) == "50 % B, 25 % A, 25 % cash"
    assert portfolio_words({"A": 1.0, "B": 0.255}) == "100 % A, 25.5 % B, 25.5 % borrowed"
    many = {f"S{place}": 0.1 for place in range(10)}
    assert portfolio_words(many).endswith("10 % S5, 40 % in 4 more")
