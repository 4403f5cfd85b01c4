import json
from datetime import date

import pytest

from ara.cli.render.levels import shown
from ara.cli.screen import Flags, Screen
from ara.features.levels.evidence import Turned
from ara.features.levels.level import Level
from ara.features.levels.told import Told
from tests.features.made import sample


@pytest.fixture
def told(ara):
    outcome = ara("levels", "AAPL", "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_the_document_has_levels_by_price_and_what_came_of_them(told):
    assert told["schema"] == 1
    assert (told["symbol"], told["currency"], told["timeframe"]) == ("AAPL", "USD", "1d")
    prices = [one["price"] for one in told["levels"]]
    assert prices == sorted(prices, reverse=True)
    assert len(prices) == 16
    for one in told["levels"]:
        assert one["distance"] == pytest.approx(one["price"] / told["close"] - 1)
        assert one["moves"] == pytest.approx((one["price"] - told["close"]) / told["usual_move"])
        assert one["since"] <= one["known_at"] <= told["date"]
    assert set(told["turned"]) == {"cluster", "fibonacci", "pivot", "volume"}
    for past in told["turned"].values():
        assert 0 <= past["share"] <= 1
        assert past["low"] <= past["share"] - past["base"] <= past["high"]


def test_the_screen_says_the_nearest_first_and_the_close_in_its_place(ara, told):
    lines = ara("levels", "AAPL", "--width", "100").plain.splitlines()
    assert lines[2].startswith("Nearest: above ")
    assert "no more often than at other prices" in lines[3]
    here = next(place for place, line in enumerate(lines) if line.startswith("> "))
    assert lines[here].split()[1] == f"{told['close']:.2f}"
    above = sum(one["price"] > told["close"] for one in told["levels"])
    assert lines[here - above - 1].split() == ["price", "away", "moves", "strength", "turns", "what"]
    text = " ".join(lines)
    assert "no more than chance" in text
    assert "not a chance" in text
    assert "more lie farther away" in text


@pytest.mark.parametrize("columns", ["40", "60", "90", "100", "120"])
def test_it_fits(ara, columns):
    lines = ara("levels", "AAPL", "--width", columns).plain.splitlines()
    assert max(map(len, lines)) <= int(columns)


def test_only_what_is_asked(ara):
    found = json.loads(ara("levels", "BTC-USD", "--kind", "cluster", "-n", "3", "--window", "500", "--json").out)
    assert [one["kind"] for one in found["levels"]] == ["cluster"] * 3
    assert set(found["turned"]) == {"cluster"}
    words = ("levels", "EURUSD", "--pivots", "demark, camarilla", "--period", "session", "--kind", "pivot", "-n", "99")
    pivots = json.loads(ara(*words, "--json").out)["levels"]
    assert len(pivots) == 12
    assert any("demark pivots of the session before" in one["words"] for one in pivots)


def test_what_was_known_then(ara):
    early = json.loads(ara("levels", "AAPL", "--as-of", "2019-06-03", "--json").out)
    assert early["date"] <= "2019-06-03"
    assert all(one["known_at"] <= early["date"] for one in early["levels"])


def test_no_level_of_a_kind_is_said_so(ara):
    outcome = ara("levels", "AAPL", "--pivots", "", "--kind", "pivot")
    assert (outcome.code, "No level was found" in outcome.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "magic"), "cluster, fibonacci, pivot, volume"),
        (("--pivots", "standard,mine"), "camarilla"),
        (("--period", "year"), "session, week, month"),
        (("--count", "0"), "--count"),
        (("--window", "x"), "--window"),
        (("--window", "9"), "--window is 9; it is a whole number from 10 to 5000."),
        (("--as-of", "someday"), "--as-of"),
    ],
)
def test_wrong_words_are_told_with_what_is_allowed(ara, words, said):
    outcome = ara("levels", "AAPL", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_all_of_them_leave_nothing_hidden(ara):
    assert "farther away" not in ara("levels", "AAPL", "-n", "99").out
    alone = ara("levels", "AAPL", "-n", "1").plain
    assert "nothing above" in alone or "nothing below" in alone


def test_levels_that_turned_the_price_are_told_first(home):
    level = Level(
        kind="cluster", name="turns", price=90.0, low=89.0, high=91.0, strength=0.5, touches=3, known_at=0, since=0,
        words="The price turned here 3 times: 3 up",
    )  # fmt: skip
    better = Turned(touches=50, share=0.7, base=0.4, low=0.1, high=0.5, words="More often than chance.")
    even = Turned(touches=50, share=0.4, base=0.4, low=-0.1, high=0.1, words="No more than chance.")
    seen = Told(
        bars=sample("AAPL"), dates=[date(2021, 3, 31)], close=100.0, move=0.0, levels=[level], hidden=0,
        past={"cluster": better, "pivot": even},
    )  # fmt: skip
    text = shown(seen, Screen(Flags(width=120, colour=False), runner=lambda _: None))
    assert "the price turned at such levels (turns) more often than at other prices" in text
    assert "nothing above, below 90" in text
    assert "moves " not in text.splitlines()[5]


def test_of_two_days_nothing_is_claimed(ara):
    lines = ara("levels", "AAPL", "--as-of", "2009-01-05", "--width", "200").plain.splitlines()
    assert lines[3] == "Whether the price turns at such levels can't be said: 2 bars are too few."
    text = " ".join(lines)
    assert "no more often" not in text
    assert "no such level" not in text
    assert "mean true ranges of the last 2 bars" in text
    whole = ara("levels", "AAPL", "--width", "200").plain
    assert "mean true ranges of the last 14 bars" in whole
    told = ara("patterns", "AAPL", "--as-of", "2009-01-05", "--width", "200").plain
    assert "2 days in all are too few for most." in told
    assert "too few" not in ara("patterns", "AAPL", "--last", "1", "--width", "200").plain
    read = ara("market", "indicators", "AAPL", "--as-of", "2009-01-05", "--width", "200").plain
    assert "No reading has a value: 2 days are known." in read
    assert "no value: 2 days of the 15 that it needs" in read
