"""What the screens of performance, attribution, pairs and gaps say in cases that are seldom met."""

from datetime import date, timedelta

import numpy as np


def dated(values, name="return"):
    days = (date(2020, 1, 1) + timedelta(days=n) for n in range(len(values)))
    return f"date,{name}\n" + "".join(f"{day},{float(one)!r}\n" for day, one in zip(days, values, strict=True))


def text(ara, *words):
    outcome = ara(*words, "--width", "100")
    assert (outcome.code, outcome.err) == (0, "")
    return " ".join(outcome.out.split())


def test_returns_that_prove_enough_need_no_more_years(ara, home):
    moves = np.random.default_rng(1).normal(0.004, 0.01, 400)
    (home / "good.csv").write_text(dated(moves))
    found = text(ara, "performance", "good.csv")
    assert "Drawn anew in blocks, 95 % of such histories have" in found
    assert "to prove it" not in found


def test_a_benchmark_that_never_falls_has_no_capture_and_itself_no_error(ara, home):
    rise = np.abs(np.random.default_rng(2).normal(0.001, 0.001, 60)) + 1e-6
    (home / "rise.csv").write_text(dated(rise))
    (home / "mine.csv").write_text(dated(np.random.default_rng(3).normal(0.001, 0.01, 60)))
    beside = text(ara, "performance", "mine.csv", "--benchmark", "rise.csv")
    assert "Beside rise.csv: beta " in beside
    assert "of the falls" not in beside
    (home / "same.csv").write_text(dated(rise))
    same = text(ara, "performance", "same.csv", "--benchmark", "rise.csv")
    assert "beta 1.00, alpha 0.0 % a year, tracking error 0.0 %." in same
    assert "information ratio" not in same.partition("tracking error 0.0 %")[2].partition("this")[0]


def test_those_that_never_move_are_compared_without_a_chance(ara, home):
    for name in ("still", "flat"):
        (home / f"{name}.csv").write_text(dated([0.0] * 40))
    found = text(ara, "performance", "still.csv", "flat.csv", "--compare")
    assert "That the first's true ratio is above 0" not in found
    assert "Keep what you prefer by --prefer NAME." in found


def test_many_segments_are_named_as_far_as_they_fit(ara, home):
    rows = [f"2024-Q1,S{n:02},{2 if n else 18}%,{n}%,{2 if n else 18}%,{n / 2}%" for n in range(42)]
    head = "date,segment,weight,return,benchmark_weight,benchmark_return\n"
    (home / "many.csv").write_text(head + "\n".join(rows))
    assert "And 2 smaller ones; --json has all." in text(ara, "attribution", "brinson", "many.csv")
    rounded = "2024-Q1,One,33.3%,1%,50%,2%\n2024-Q1,Two,66.6%,3%,50%,2%\n"
    (home / "rounded.csv").write_text(head + rounded)
    assert "Weights of 1 periods were rounded" in text(ara, "attribution", "brinson", "rounded.csv")


def test_venues_without_a_bar_at_the_same_time_have_no_gap(ara, home):
    for name, first in (("north", date(2020, 1, 1)), ("south", date(2021, 1, 1))):
        rows = [f"TTT-USD,{first + timedelta(days=n)},{100 + n}" for n in range(5)]
        (home / f"{name}.csv").write_text("symbol,date,close\n" + "\n".join(rows))
        assert ara("data", "import", f"{name}.csv", "--source", name, "--basis", "raw").code == 0
    outcome = ara("market", "gaps", "TTT-USD")
    assert (outcome.code, outcome.out) == (2, "")
    assert "No two venues have a bar at the same time." in outcome.err


def test_an_exchange_that_has_no_more_pairs_than_asked_for_says_no_more(ara):
    assert "more; for them" not in ara("crypto", "list", "--top", "5").err
