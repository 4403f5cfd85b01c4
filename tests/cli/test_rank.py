"""`ara rank` on a terminal, as JSON, from symbols and from files."""

import asyncio
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.cli.render.rank import exam_told
from ara.cli.screen import Flags, Screen
from ara.data.feed import MarketData
from ara.market.symbols import resolve
from ara.performance.trials import Look
from ara.prediction.rank import Exam, Term
from ara.testing import desk

SYMBOLS = ("AAPL", "KO", "MSFT", "SPY", "XOM", "JPM")
MARKETS = ("AAPL", "MSFT", "SPY", "EURUSD", "XAUUSD", "BTC-USD")


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
    found = json.loads(ara("rank", *SYMBOLS, "--as-of", "2017-08-31", "--horizon", "20", "--json").out)
    assert {one["as_of"] for one in found} == {"2017-08-31T20:00:00Z"}
    assert [one["symbol"] for one in found] == sorted(SYMBOLS)
    assert all(len(one["quintiles"]) == 5 and abs(sum(one["quintiles"]) - 1) < 1e-9 for one in found)


def test_a_moment_before_some_have_bars_names_them_and_when_they_begin(ara):
    early = ara("rank", "AAPL", "BTC-USD", "ETH-USD", "MSFT", "SPY", "--as-of", "2012-01-01", "--width", "200")
    assert (early.code, early.out) == (3, "")
    assert early.err.splitlines() == [
        "2 of 5 have no bar by 2012-01-01: BTC-USD from 2014-11-29, ETH-USD from 2017-11-10.",
        "All have bars from 2017-11-10 on: --as-of that day or later. Or leave out BTC-USD ETH-USD.",
    ]
    none = ara("rank", *SYMBOLS, "--as-of", "1990-01-01", "--json")
    told = json.loads(none.out)
    assert told["detail"].startswith("None has a bar by 1990-01-01: ")
    assert sorted(told["context"]["begins"]) == sorted(SYMBOLS)


def test_the_helps_first_example_orders_what_ends_on_one_day(ara):
    example = next(line.split() for line in ara("rank", "--help").out.splitlines() if line.startswith("  ara rank "))
    assert example[:2] == ["ara", "rank"]
    told = ara(*example[1:])
    assert (told.code, told.err) == (0, "")
    assert all(symbol in told.out for symbol in example[2:])


def test_a_file_is_ranked_as_it_was_known(ara, file):
    told = json.loads(ara("rank", "--bars", str(file), "--as-of", "2020-06-30", "--json").out)
    cut = file.with_name("cut.parquet")
    pl.read_parquet(file).filter(pl.col("ts") <= pl.datetime(2020, 6, 30)).write_parquet(cut)
    assert json.loads(ara("rank", "--bars", str(cut), "--json").out) == told
    assert json.loads(ara("rank", "--bars", str(file), "--json").out) != told
    some = json.loads(ara("rank", *SYMBOLS[:5], "--bars", str(file), "--json").out)
    assert len(some) == 5


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_screen_orders_by_the_best_fifth(ara, file, width):
    outcome = ara("rank", "--bars", str(file), "--width", str(width))
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    rows = [line.split() for line in lines if line.split()[0] in SYMBOLS]
    best = [float(row[-2]) for row in rows]
    assert best == sorted(best, reverse=True)
    assert len(rows) == 6


def test_the_exam_stands_beside_its_references(ara, file):
    found = json.loads(ara("rank", "--bars", str(file), "--exam", "--json").out)
    assert (found["uniform"], len(found["terms"]), found["horizon"]) == (0.16, 12, 20)
    outcome = ara("rank", "--bars", str(file), "--exam", "--width", "80")
    said = " ".join(outcome.out.split())
    assert f"over 12 terms of 20 bars: {found['score']:.4f}" in said
    assert found["no_knowledge"] == pytest.approx(1 / 6)  # six are not five groups of one size
    beaten = sum(one["score"] < one["no_knowledge"] for one in found["terms"])
    assert f"No knowledge is 0.1667 (beaten in {beaten})" in said
    assert f"{found['plain']:.4f} (beaten in {found['better']}, p " in said
    assert (found["look"]["number"], found["look"]["burnt"]) == (1, False)
    assert "This is look 2 at these days" in said


def test_what_no_knowledge_is_follows_from_how_many_there_are(ara, file):
    six = " ".join(ara("rank", "--bars", str(file)).out.split())
    assert "without knowledge, the chances are 33.3 %, 16.7 %, 16.7 %, 16.7 % and 16.7 %." in six
    five = " ".join(ara("rank", *SYMBOLS[:5], "--bars", str(file)).out.split())
    assert "Without knowledge, each chance is 20 %." in five
    assert "one size" not in five


@pytest.mark.parametrize(
    ("score", "plain", "words"),
    [
        ((0.150, 0.151), (0.1530, 0.1545), "the lead over these is beyond chance."),
        ((0.150, 0.156), (0.155, 0.153), "the lead over these may be chance."),
        ((0.150,), (0.152,), "the lead over these may be chance."),
        ((0.152, 0.153), (0.150, 0.151), "nothing is gained over these here."),
        ((0.170, 0.171), (0.175, 0.176), "so nothing was known here."),
    ],
)
def test_what_the_exam_says_of_itself(score, plain, words):
    start = datetime(2020, 1, 2, tzinfo=UTC)
    terms = [Term(start=start, symbols=50, score=own, plain=other) for own, other in zip(score, plain, strict=True)]
    found = Exam(horizon=20, terms=tuple(terms))
    on = Screen(Flags(width=100, colour=False), runner=None)
    told = " ".join(exam_told(found, Look(number=1, used=1, limit=20), on).split())
    assert f"); {words}" in told


def test_instruments_of_other_days_are_refused_and_as_of_is_the_way_out(ara):
    told = ara("rank", *SYMBOLS, "--width", "200")
    assert (told.code, told.out) == (2, "")
    said, advice = told.err.splitlines()
    assert said.endswith("JPM KO XOM on 2017-09-01, AAPL SPY on 2021-03-31, MSFT on 2022-03-10.")
    assert (
        advice == "Ask for a day by which all have bars: --as-of 2017-09-01, or bring them up to date: ara data update"
    )
    told = ara("rank", *SYMBOLS, "--as-of", "2017-09-01", "--width", "200")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Chances to end in each fifth of these 6 by the return over 20 bars after 2017-09-01")


def test_last_bars_some_days_apart_are_said(ara, file):
    bars = pl.read_parquet(file)
    bars.filter((pl.col("symbol") != "KO") | (pl.col("ts") < pl.datetime(2020, 12, 25))).write_parquet(file)
    told = ara("rank", "--bars", str(file), "--width", "200")
    assert told.code == 0
    assert "after 2020-12-24 to 2020-12-31" in told.out
    assert "The last bar of KO is of 2020-12-24, that of " in told.err


@pytest.fixture
def markets(home):
    """A file of real bars of stocks, currencies and a coin; the coin's end a year before."""

    async def known():
        async with desk() as one, MarketData(one) as market:
            return [await market.bars(resolve(name)) for name in MARKETS]

    path = home / "markets.parquet"
    pl.concat(
        one.frame.select(
            symbol=pl.lit(one.instrument.symbol),
            ts=(pl.col("known_at") - pl.duration(microseconds=1)).dt.date().cast(pl.Datetime("us")),
            asset_class=pl.lit(one.instrument.asset_class.value),
            **{name: pl.col(name) for name in ("open", "high", "low", "close", "volume")},
        )
        for one in asyncio.run(known())
    ).write_parquet(path)
    return path


def test_a_file_of_several_markets_is_examined(ara, markets):
    """New York, currencies and coins never close at one instant; their sessions are of one date."""
    outcome = ara("rank", "--bars", str(markets), "--as-of", "2020-01-16", "--exam", "--terms", "3", "--json")
    found = json.loads(outcome.out)
    assert [one["symbols"] for one in found["terms"]] == [6, 6, 6]
    assert 0.05 < found["score"] < 0.3
    one = ara("rank", "--bars", str(markets), "--exam", "--terms", "1", "--horizon", "1", "--width", "200")
    assert one.out.startswith("Ranked probability score over 1 term of 1 bar: 0.")
    then = ("--as-of", "2020-12-31", "--horizon", "30")
    whole = json.loads(ara("rank", "--bars", str(markets), *then, "--exam", "--json").out)
    assert {one["symbols"] for one in whole["terms"]} == {5, 6}  # the coin's terms are not lost for what came later


def test_of_a_file_those_that_had_ended_are_left_out_and_it_is_said(ara, markets):
    whole = ara("rank", "--bars", str(markets), "--width", "200")
    assert (whole.code, whole.out) == (2, "")
    assert "BTC-USD on 2020-01-16, AAPL SPY on 2021-03-31, EURUSD XAUUSD on 2022-03-04, MSFT on 2022-03-10" in whole.err
    assert "--as-of 2020-01-16" in whole.err
    assert "ara data update" not in whole.err
    then = ara("rank", "--bars", str(markets), "--as-of", "2020-12-31", "--json")
    assert [one["symbol"] for one in json.loads(then.out)] == ["AAPL", "EURUSD", "MSFT", "SPY", "XAUUSD"]
    assert "Left out, as bars ended more than ten days before those of the others: BTC-USD." in " ".join(
        then.err.split()
    )
    named = ara("rank", *MARKETS, "--bars", str(markets), "--as-of", "2020-12-31", "--json")
    assert (named.code, json.loads(named.out)["context"]["ends"]["BTC-USD"]) == (2, "2020-01-16")
    few = ara("rank", "--bars", str(markets), "--as-of", "2021-12-31")
    assert few.code == 2
    assert "do not end together" in " ".join(few.err.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "SYMBOL… or --bars is missing"),
        (("--bars", "gone.parquet"), "there is no file"),
        (("AAPL", "KO"), "have no fifths"),
        ((*SYMBOLS, "--horizon", "x"), "--horizon is x"),
        ((*SYMBOLS, "--horizon", "31"), "--horizon is 31. Give a whole number from 1 to 30."),
        ((*SYMBOLS, "--horizon", "0"), "--horizon is 0. Give a whole number from 1 to 30."),
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


def test_a_moment_before_the_bars_is_refused_with_when_they_begin(ara, file):
    outcome = ara("rank", "--bars", str(file), "--as-of", "2005-01-01")
    assert (outcome.code, outcome.out) == (2, "")
    assert " ".join(outcome.err.split()) == (
        "0 of 6 instruments have a bar by 2005-01-01: bars begin on 2018-01-01 "
        "5 of them have one by 2018-01-01; ask from then on."
    )
    late = pl.read_parquet(file).filter((pl.col("symbol") < "SPY") | (pl.col("ts") > pl.datetime(2019, 5, 1)))
    late.write_parquet(file)
    words = " ".join(ara("rank", "--bars", str(file), "--as-of", "2019-01-01").err.split())
    assert words.startswith("4 of 6 instruments have a bar by 2019-01-01: bars begin on 2018-01-01 5 of them have one")
    assert "by 2019-05-02" in words
