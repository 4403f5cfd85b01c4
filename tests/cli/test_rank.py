"""`ara rank` on a terminal, as JSON, from symbols and from files."""

import json

import polars as pl
import pytest

SYMBOLS = ("AAPL", "KO", "MSFT", "SPY", "XOM", "JPM")


@pytest.fixture
def file(home):
    """A file of bars of six instruments that walk at random."""
    days = pl.date_range(pl.date(2018, 1, 1), pl.date(2020, 12, 31), "1d", eager=True)
    days = days.filter(days.dt.weekday() < 6)
    frames = []
    for number, name in enumerate(SYMBOLS):
        moves = pl.Series([((day * 7919 + number * 104729) % 1000) / 500 - 1 for day in range(len(days))])
        close = 100 * (moves * 0.01 * (number + 1)).cum_sum().exp()
        frames.append(
            pl.DataFrame(
                {
                    "symbol": name,
                    "ts": days.cast(pl.Datetime("us")),
                    "open": close,
                    "high": close * 1.01,
                    "low": close * 0.99,
                    "close": close,
                    "volume": 1e6,
                    "asset_class": "stock",
                }
            )
        )
    path = home / "bars.parquet"
    pl.concat(frames).write_parquet(path)
    return path


def test_a_list_of_chances(ara):
    found = json.loads(ara("rank", *SYMBOLS, "--horizon", "20", "--json").out)
    assert [one["symbol"] for one in found] == sorted(SYMBOLS)
    assert all(len(one["quintiles"]) == 5 and abs(sum(one["quintiles"]) - 1) < 1e-9 for one in found)


def test_a_file_is_ranked_as_it_was_known(ara, file):
    told = json.loads(ara("rank", "--bars", str(file), "--as-of", "2020-06-30", "--json").out)
    cut = file.with_name("cut.parquet")
    pl.read_parquet(file).filter(pl.col("ts") <= pl.datetime(2020, 6, 30)).write_parquet(cut)
    assert json.loads(ara("rank", "--bars", str(cut), "--json").out) == told
    assert json.loads(ara("rank", "--bars", str(file), "--json").out) != told
    some = json.loads(ara("rank", *SYMBOLS[:5], "--bars", str(file), "--json").out)
    assert len(some) == 5


@pytest.mark.parametrize("width", [60, 100])
def test_the_screen_orders_by_the_best_fifth(ara, file, width):
    outcome = ara("rank", "--bars", str(file), "--width", str(width))
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    rows = [line.split() for line in lines if line.split()[0] in SYMBOLS]
    best = [float(row[9]) for row in rows]
    assert best == sorted(best, reverse=True)
    assert len(rows) == 6


def test_the_exam_stands_beside_its_references(ara, file):
    found = json.loads(ara("rank", "--bars", str(file), "--exam", "--json").out)
    assert (found["uniform"], len(found["terms"]), found["horizon"]) == (0.16, 12, 20)
    outcome = ara("rank", "--bars", str(file), "--exam", "--width", "80")
    said = " ".join(outcome.out.split())
    assert f"over 12 terms of 20 bars: {found['score']:.4f}" in said
    assert "No knowledge is 0.1600" in said
    assert f"(beaten in {found['better']}, p " in said
    assert (found["look"]["number"], found["look"]["burnt"]) == (1, False)
    assert "This is look 2 at these days" in said


def test_instruments_of_other_days_are_not_ordered_in_silence(ara):
    told = ara("rank", *SYMBOLS)
    assert "The last bar of JPM is of 2017-09-01, that of MSFT of 2022-03-10" in " ".join(told.err.split())
    assert ara("rank", *SYMBOLS, "--as-of", "2017-08-31").err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "SYMBOL… or --bars is missing"),
        (("--bars", "gone.parquet"), "there is no file"),
        (("AAPL", "KO"), "have no fifths"),
        ((*SYMBOLS, "--horizon", "x"), "--horizon is x"),
        ((*SYMBOLS, "--horizon", "31"), "1 to 30"),
        ((*SYMBOLS, "--exam", "--terms", "0"), "--terms is 0"),
        ((*SYMBOLS, "--as-of", "x"), "which is no date"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("rank", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in " ".join(outcome.err.split())


def test_a_symbol_that_the_file_lacks_and_a_family_that_nobody_has(ara, file):
    assert "no bars of ZZZ" in " ".join(ara("rank", "ZZZ", "--bars", str(file)).err.split())
    assert ara("rank", *SYMBOLS, "--model", "gone").code == 8
