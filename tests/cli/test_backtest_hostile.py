"""Back-tests of files that are odd: what a reader should know before trusting the result is said."""

import math
import re
from datetime import date, timedelta

import pytest


@pytest.fixture
def tested(ara, home):
    """Back-test a file of bars, each some days after the one before."""

    def run(*words, first=date(2018, 1, 1), days=300, volume=1_000_000, price=50.0, symbol="MINE"):
        rows = []
        for day in range(days):
            close = price * (1 + 0.2 * math.sin(day / 9))
            rows.append(
                f"{symbol},{first + timedelta(days=day)},{close},{close * 1.01},{close * 0.99},{close},{volume}"
            )
        (home / "bars.csv").write_text("\n".join(["symbol,ts,open,high,low,close,volume", *rows]))
        return ara("backtest", "--bars", "bars.csv", "--cuts", "0", *words)

    return run


def said(outcome):
    assert outcome.code == 0, outcome.err
    return " ".join(outcome.out.split())


def test_bars_of_days_to_come_are_named(tested):
    found = said(tested("--strategy", "buy_and_hold", first=date(2090, 3, 1)))
    assert "MINE: 300 bars end after now, first that of 2090-03-01: nobody can have seen that" in found
    assert "after now" not in said(tested("--strategy", "buy_and_hold"))


def test_orders_that_volume_held_back_are_named(tested):
    found = said(tested("--strategy", "buy_and_hold", volume=10))
    times = int(re.search(r"MINE: an order was filled in part (\d+) times in 300 bars: it may take 0.1 of", found)[1])
    assert 190 <= times <= 210  # 10,000 buy 200 at 50, and 1 may be had a day
    assert "--cost volume=0 lifts that, less --cash needs less" in found
    for plenty in (("--cost", "volume=0"), ("--cash", "20")):
        assert "filled in part" not in said(tested("--strategy", "buy_and_hold", *plenty, volume=10))
    assert "filled in part" not in said(tested("--strategy", "buy_and_hold"))


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--start", "2030-01-01"), "there is no bar in that range There are bars from 2018-01-01 to 2018-10-27;"),
        (("--end", "2001-01-01"), "there is no bar by 2001-01-01 There are bars from 2018-01-01 to 2018-10-27;"),
        (("--walk-forward", "50", "--end", "2001-01-01"), "there is no bar by 2001-01-01 There are bars from"),
        (("--grid", "window=5,9", "--start", "2030-01-01"), "there is no bar in that range There are bars from"),
        (("--start", "2019-01-01", "--end", "2018-01-01"), "The back-test begins on 2019-01-01, after its end, 2018-"),
        (("--cash", "1e30"), "--cash is '1e30'; it is an amount above 0, below a million million."),
        (("--cash", "-5"), "--cash is '-5'; it is an amount above 0. Write"),
        (("--grid", "window="), "--grid window has an empty value. Write --grid window=10,20 or window=20:200:10."),
        (("--currency", "GBP"), "There are rates from 2012-12-05 to 2013-03-27. Name dates among them"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(tested, words, wrong):
    outcome = tested("--strategy", "momentum", *words, **({"first": date(2012, 6, 1)} if words[1] == "GBP" else {}))
    assert (outcome.code in {2, 12}, outcome.out) == (True, "")
    assert wrong in " ".join(outcome.err.split())


@pytest.mark.parametrize(
    ("word", "near"), [("trade", "backtest"), ("sweep", "backtest sweep"), ("rebalance", "portfolio rebalance")]
)
def test_what_people_call_a_command_leads_to_it(ara, word, near):
    assert f"Did you mean {near}?" in ara(word, "AAPL").err


def test_a_file_that_can_t_be_written_is_named(tested, home):
    (home / "there" / "fills.csv").mkdir(parents=True)
    outcome = tested("--strategy", "buy_and_hold", "--out", "there")
    assert (outcome.code, outcome.out) == (5, "")
    assert "there/fills.csv' can't be written: Is a directory." in " ".join(outcome.err.split())
