import json
from datetime import date, timedelta

import numpy as np
import pytest

from ara.performance import measure
from ara.performance.breakdown import bars_a_year

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOVES = np.random.Generator(np.random.PCG64(8)).normal(0.0008, 0.01, 400)


def weekdays(count):
    days, day = [], date(2017, 1, 2)
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


@pytest.fixture
def files(home):
    days = weekdays(len(MOVES) + 1)
    equity = 1000 * np.concatenate(([1.0], np.cumprod(1 + MOVES)))
    rows = [f"{day},{value!r}" for day, value in zip(days, equity.tolist(), strict=True)]
    (home / "equity.csv").write_text("date,equity\n" + "\n".join(rows) + "\n")
    rows = [f"{day},{value!r}" for day, value in zip(days[1:], MOVES.tolist(), strict=True)]
    (home / "returns.csv").write_text("date,strategy\n" + "\n".join(rows) + "\n")
    return home


@pytest.fixture
def told(ara, files):
    outcome = ara("performance", "equity.csv", "--benchmark", "SPY", "--trials", "40", "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_the_document_has_the_measures_of_the_python_function(told):
    assert (told["schema"], told["kind"], told["bars"], told["per_year"]) == (1, "equity", 400, 260.0)
    alone = measure(MOVES, per_year=260).as_dict()
    for name, value in alone.items():
        if value is not None:
            assert told["measures"][name] == pytest.approx(value), name
    assert told["measures"]["beta"] is not None
    assert told["benchmark"]["name"] == "SPY"
    assert told["significance"]["trials"] == 40
    assert told["significance"]["luck"] == pytest.approx(1 - told["significance"]["deflated"])
    assert np.prod([1 + one["total"] for one in told["years"]]) == pytest.approx(1 + alone["total"])
    assert len(told["years"][0]["months"]) == 12
    depths = [one["depth"] for one in told["drawdowns"]]
    assert depths == sorted(depths)
    assert depths[0] == pytest.approx(alone["drawdown"])


def test_the_benchmark_is_held_over_the_same_bars(ara, files, told):
    assert ara("data", "export", "SPY", "--out", "spy.csv").code == 0
    rows = [line.split(",") for line in files.joinpath("spy.csv").read_text().splitlines()]
    day, close = rows[0].index("at"), rows[0].index("close")
    closes = {date.fromisoformat(row[day][:10]): float(row[close]) for row in rows[1:]}
    days = weekdays(401)
    first, last = (max(day for day in closes if day <= one) for one in (days[0], days[-1]))
    assert told["benchmark"]["measures"]["total"] == pytest.approx(closes[last] / closes[first] - 1)


def test_returns_and_worth_say_the_same(ara, files, told):
    found = json.loads(ara("performance", "returns.csv", "--json").out)
    assert (found["kind"], found["benchmark"]) == ("returns", None)
    assert found["measures"]["sharpe"] == pytest.approx(told["measures"]["sharpe"])
    beside = json.loads(ara("performance", "returns.csv", "--benchmark", "equity.csv", "--json").out)
    assert beside["measures"]["beta"] == pytest.approx(1)
    assert beside["left_out"] == 1 - (beside["bars"] == 400)
    same = json.loads(ara("performance", "equity.csv", "--benchmark", "returns.csv", "--per-year", "252", "--json").out)
    assert (same["measures"]["beta"], same["per_year"]) == (pytest.approx(1), 252)


def test_the_screen_says_first_what_is_proved(ara, files):
    lines = ara(
        "performance", "equity.csv", "--trials", "40", "--benchmark", "SPY", "--width", "100"
    ).plain.splitlines()
    text = " ".join(lines)
    assert lines[0] == "equity.csv"
    assert "after 40 trials the chance that it is luck is" in text
    assert "the best of 40 without skill would have" in text
    assert "Beside SPY: beta" in text
    assert next(line for line in lines if "Sharpe  " in line).split()[0] == "Sharpe"
    alone = ara("performance", "equity.csv").plain
    assert "Were nothing else tried" in alone
    assert "SPY" not in alone
    months = ara("performance", "equity.csv", "--by", "month", "--width", "110").plain
    assert any(line.split() == ["year", *MONTHS, "all"] for line in months.splitlines())
    assert "Jan 2017" in ara("performance", "equity.csv", "--by", "month", "--width", "60").plain


@pytest.mark.parametrize("columns", ["40", "80", "110"])
def test_it_fits(ara, files, columns):
    words = ("performance", "equity.csv", "--benchmark", "SPY", "--by", "month", "--width", columns)
    assert max(map(len, ara(*words).plain.splitlines())) <= int(columns)


def test_what_never_moves_has_no_ratio(ara, home):
    home.joinpath("flat.csv").write_text("date,equity\n2020-01-01,5\n2020-01-02,5\n2020-01-03,5\n2020-01-04,5\n")
    outcome = ara("performance", "flat.csv", "--benchmark", "flat.csv", "--free", "2%")
    assert outcome.code == 0, outcome.err
    assert "Sharpe ratio: none" in outcome.plain
    assert "never moves" in outcome.plain
    assert "Cash earns 2.0 %" in outcome.plain


def test_a_lost_account_is_measured(ara, home):
    home.joinpath("lost.csv").write_text("date,equity\n2020-01-01,5\n2020-01-02,6\n2020-01-03,-1\n2020-01-04,-2\n")
    found = json.loads(ara("performance", "lost.csv", "--json").out)
    assert (found["measures"]["total"], found["drawdowns"][0]["ended"]) == (-1.0, None)
    assert "not yet" in ara("performance", "lost.csv").plain
    assert "No number of bars" in ara("performance", "lost.csv").plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing.csv",), "nothing.csv"),
        (("equity.csv", "--trials", "0"), "--trials"),
        (("equity.csv", "--per-year", "0"), "--per-year"),
        (("equity.csv", "--per-year", "x"), "--per-year"),
        (("equity.csv", "--free", "x"), "--free"),
        (("equity.csv", "--by", "day"), "year or month"),
        (("equity.csv", "--kind", "profit"), "returns, percent or equity"),
        (("equity.csv", "--column", "gain"), "it has date, equity"),
        (("percent.csv",), "--kind percent"),
        (("percent.csv", "--kind", "returns"), "returns is -3 on 2020-01-02"),
        (("short.csv",), "--per-year"),
        (("equity.csv", "--benchmark", "late.csv"), "0 bars in common"),
        (("equity.csv", "--benchmark", "SPYY"), "SPY"),
    ],
)
def test_bad_input_is_told_and_how_to_mend_it(ara, files, words, said):
    files.joinpath("percent.csv").write_text("date,returns\n2020-01-01,5\n2020-01-02,-3\n2020-01-03,1\n")
    files.joinpath("short.csv").write_text("date,nav\n2020-01-01,5\n2020-01-02,6\n2020-01-03,7\n")
    files.joinpath("late.csv").write_text("date,nav\n2031-01-01,5\n2031-01-02,6\n2031-01-03,7\n")
    outcome = ara("performance", *words)
    assert outcome.code == 2
    assert said in outcome.err


@pytest.mark.parametrize(
    ("step", "count", "rate"),
    [(1, 800, 365), (7, 200, 52), (30.4375, 40, 12), (91.3, 20, 4), (365.25, 5, 1), (2, 500, 183)],
)
def test_the_bars_of_a_year_are_counted(step, count, rate):
    stamps = np.datetime64("2010-01-01") + (np.arange(count) * step * 86400).astype("timedelta64[s]")
    assert bars_a_year(stamps) == rate
