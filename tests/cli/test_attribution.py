"""`ara attribution`: parts that add up, from files; factors that are there; what is wrong is said."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

from ara.performance.segments import read_segments

TABLE = """date,segment,weight,return,benchmark_weight,benchmark_return
2024-Q1,Technology,50%,12%,30%,10%
2024-Q1,Energy,10%,-4%,20%,-2%
2024-Q1,Health,30%,3%,50%,4%
2024-Q1,Cash,10%,1%,,
2024-Q2,Technology,45%,-3%,30%,-5%
2024-Q2,Energy,15%,6%,20%,5%
2024-Q2,Health,40%,2%,50%,1%
"""


@pytest.fixture
def segments(home):
    (home / "segments.csv").write_text(TABLE)
    return home


def test_the_parts_of_segments_add_up(ara, segments):
    told = json.loads(ara("attribution", "brinson", "segments.csv", "--json").out)
    mine = 1.066 * 1.0035 - 1  # 6 - 0.4 + 0.9 + 0.1 = 6.6 %; then -1.35 + 0.9 + 0.8 = 0.35 %
    other = 1.046 * 1.0 - 1  # 3 - 0.4 + 2 = 4.6 %; -1.5 + 1 + 0.5 = 0 %
    assert (told["earned"], told["benchmark"]) == pytest.approx((mine, other))
    assert told["difference"] == pytest.approx(mine - other)
    parts = [told[name] for name in ("allocation", "selection", "interaction")]
    assert sum(parts) == pytest.approx(mine - other)
    rows = {row["name"]: row for row in told["segments"]}
    assert sum(row["allocation"] for row in rows.values()) == pytest.approx(told["allocation"])
    assert (rows["Cash"]["selection"], rows["Cash"]["interaction"]) == (0, 0)
    merged = json.loads(ara("attribution", "brinson", "segments.csv", "--merge", "--bhb", "--json").out)
    assert merged["interaction"] == 0
    assert merged["selection"] == pytest.approx(told["selection"] + told["interaction"])
    assert merged["allocation"] == pytest.approx(told["allocation"])
    for columns in ("60", "100", "160"):
        page = ara("attribution", "brinson", "segments.csv", "--width", columns).out
        assert "2.37 points more than the benchmark" in " ".join(page.split())
        assert max(map(len, page.splitlines())) <= int(columns)


def test_rounded_weights_are_brought_back_and_said(home):
    (home / "one.csv").write_text(
        "segment,weight,return,benchmark_weight,benchmark_return\na,0.333,0.1,0.5,0\nb,0.333,0,0.5,0\nc,0.333,0,0,\n"
    )
    read = read_segments(home / "one.csv")
    assert read.weights.sum() == pytest.approx(1, abs=1e-15)
    assert (read.scaled, read.periods) == (("",), ("",))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Technology,50%", "Technology,130%", "weights of 2024-Q1 sum to 180 %"),
        ("50%,4%\n", "90%,4%\n", "benchmark's weights of 2024-Q1 sum to 140 %"),
        ("2024-Q1,Health", "2024-Q1,Energy", "line 4: 'Energy' stands twice in 2024-Q1"),
        ("12%", "much", "line 2: return is 'much'"),
        ("12%", "", "line 2: return is ''"),
        ("2024-Q1,Technology", ",Technology", "lines without a date"),
        ("2024-Q1,Technology", "2024-Q1,", "has no name"),
        ("benchmark_weight,", "return,", "no column benchmark_weight"),
        ("date,segment", "segment,segment", "the column 'segment' twice"),
        (",,\n", "\n", "4 cells, and 6 columns"),
        (TABLE.partition("\n")[2], "", "no line below the first"),
    ],
)
def test_what_is_wrong_in_a_file_of_segments(ara, segments, old, new, words):
    (segments / "segments.csv").write_text(TABLE.replace(old, new, 1))
    outcome = ara("attribution", "brinson", "segments.csv")
    assert outcome.code == 2
    assert words in " ".join(outcome.err.split())


def test_no_file_a_folder_and_no_text(ara, segments):
    (segments / "pixels.csv").write_bytes(b"\xff\xfe\x00\x01")
    for name in ("none.csv", ".", "pixels.csv"):
        assert ara("attribution", "brinson", name).code == 2


@pytest.fixture
def tracks(home):
    dice = np.random.default_rng(1)
    market, other = dice.normal(0.0004, 0.01, (2, 500))
    mine = 0.0002 + 1.2 * market - 0.5 * other + dice.normal(0, 0.001, 500)
    days = [date(2020, 1, 1) + timedelta(days=one) for one in range(500)]
    rows = [f"{day},{a:.9f},{b:.9f}" for day, a, b in zip(days, market, other, strict=True)]
    (home / "factors.csv").write_text("date,market,value\n" + "\n".join(rows))
    rows = [f"{day},{value:.9f}" for day, value in zip(days[10:], mine[10:], strict=True)]
    (home / "mine.csv").write_text("date,return\n" + "\n".join(rows))
    return home


def test_factors_are_found_with_what_each_brought(ara, tracks):
    words = ("attribution", "factors", "mine.csv", "--factors", "factors.csv", "--factor-columns", "market,value")
    told = json.loads(ara(*words, "--json").out)
    assert (told["bars"], told["first"], told["per_year"]) == (490, "2020-01-11", 365)
    slopes = {row["name"]: row["beta"] for row in told["factors"]}
    assert slopes == pytest.approx({"market": 1.2, "value": -0.5}, abs=0.02)
    assert told["alpha"]["a_year"] == pytest.approx(0.073, abs=0.04)
    assert told["alpha"]["p"] < 0.01
    assert told["alpha"]["a_year"] + sum(row["a_year"] for row in told["factors"]) == pytest.approx(told["mean"])
    told = json.loads(ara(*words, "--free", "5%", "--json").out)
    assert told["alpha"]["a_year"] + sum(row["a_year"] for row in told["factors"]) == pytest.approx(told["mean"] - 0.05)
    page = ara(*words, "--width", "60").out
    assert "told from nothing" in " ".join(page.split())
    assert max(map(len, page.splitlines())) <= 60


def test_charts_beside_the_answer(ara, segments, tracks):
    outcome = ara("attribution", "brinson", "segments.csv", "--out", "parts.csv")
    assert outcome.code == 0
    assert (segments / "parts.csv").read_text().splitlines()[0] == "segment,allocation,selection,interaction"
    one = ("attribution", "factors", "mine.csv", "--factors", "factors.csv", "--factor-columns", "market")
    outcome = ara(*one, "--out", "f.json")
    drawn = json.loads((segments / "f.json").read_text())
    assert drawn["kind"] == "factors"
    assert outcome.err.strip().endswith("f.json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--factors", ""), "0 factors"),
        (("--factors", "factors.csv,factors.csv", "--factor-columns", "market"), "there twice"),
        (("--factors", "mine.csv,factors.csv", "--factor-columns", "return"), "no column 'return'"),
        (("--factors", "factors.csv", "--factor-columns", "market", "--free", "x"), "--free"),
        (("--factors", "late.csv"), "0 bars in common"),
    ],
)
def test_what_is_wrong_with_factors(ara, tracks, words, said):
    (tracks / "late.csv").write_text("date,return\n2030-01-01,0.1\n2030-01-02,0.2\n")
    outcome = ara("attribution", "factors", "mine.csv", *words)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())
