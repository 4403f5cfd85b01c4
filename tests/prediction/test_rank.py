"""Instruments drawn together: each keeps its own forecast, ties stay, and chances are judged as they should be."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.feed import MarketData
from ara.errors import ModelError, ValidationError
from ara.market.symbols import resolve
from ara.models.panel import instant
from ara.models.quantiles import LEVELS
from ara.prediction import rank as module
from ara.prediction.joint import drawn, past, ties
from ara.prediction.rank import UNIFORM, Exam, Term, examined, rank, shares
from ara.testing import desk

SYMBOLS = ("AAPL", "KO", "MSFT", "SPY", "XOM", "JPM")
MARKETS = ("AAPL", "MSFT", "SPY", "EURUSD", "XAUUSD", "BTC-USD")
TOGETHER = datetime(2017, 9, 1, 22, tzinfo=UTC)
"""When all of SYMBOLS had bars for the last time."""


@pytest.fixture(scope="module")
def moves():
    """Returns of four instruments, the first two of which move together."""
    dice = np.random.default_rng(3)
    common = dice.standard_normal((400, 1))
    moves = 0.01 * dice.standard_normal((400, 4))
    moves[:, :2] += 0.02 * common
    return moves


async def known(symbols=SYMBOLS, as_of=None):
    async with desk() as one, MarketData(one) as market:
        return [await market.bars(resolve(name), as_of=as_of) for name in symbols]


def test_draws_keep_each_forecast_and_the_ties(moves):
    tied = ties(moves)
    quantiles = np.sort(np.random.default_rng(1).normal(0.01, 0.05, (4, len(LEVELS))), axis=1)
    found = drawn(quantiles, tied, draws=20_000, seed=5)
    for place in range(4):
        share = (found[:, place, None] <= quantiles[place]).mean(axis=0)
        np.testing.assert_allclose(share, LEVELS, atol=0.015)
    ordered = np.argsort(np.argsort(found, axis=0), axis=0)
    seen = np.corrcoef(ordered.T)
    assert seen[0, 1] > 0.6
    assert abs(seen[2, 3]) < 0.25
    assert (found == drawn(quantiles, tied, draws=20_000, seed=5)).all()
    assert not (found == drawn(quantiles, tied, draws=20_000, seed=6)).all()


def test_correlations_are_shrunk_to_their_mean_and_have_no_negative_direction(moves):
    tied = ties(moves)
    own = np.einsum("ti,tj->ij", tied.days, tied.days)
    shrunk = tied.correlation
    assert np.diag(shrunk) == pytest.approx(1.0)
    assert 0 < tied.share < 0.1
    assert shrunk[0, 1] == pytest.approx((1 - tied.share) * own[0, 1] + tied.share * tied.mean)
    many = ties(np.random.default_rng(2).standard_normal((60, 200)))
    assert many.share > 0.7
    assert np.linalg.eigvalsh(many.correlation).min() > 0


@given(st.integers(5, 40), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_groups_are_of_one_size_and_the_score_of_no_knowledge_is_known(count, seed):
    moves = np.random.default_rng(seed).standard_normal(count)
    fifth = module._fifths(moves)
    sizes = np.bincount(fifth, minlength=5)
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(fifth[np.argsort(moves)]) >= 0).all()
    if count % 5 == 0:
        assert module._score(np.full((count, 5), 0.2), fifth) == pytest.approx(0.16)
    assert module._score(np.eye(5)[fifth], fifth) == 0.0


@given(st.integers(5, 120))
@settings(max_examples=40, deadline=None)
def test_no_knowledge_is_judged_by_the_groups_that_there_are(count):
    """Oracle: the score of the groups' own shares, which no other chances that are the same for all can better."""
    fifth = module._fifths(np.random.default_rng(count).standard_normal(count))
    own = np.tile(shares(count), (count, 1))
    term = Term(start=datetime(2020, 1, 2, tzinfo=UTC), symbols=count, score=0.1, plain=0.1)
    assert sum(shares(count)) == pytest.approx(1.0)
    assert term.no_knowledge == pytest.approx(module._score(own, fifth))
    assert term.no_knowledge <= module._score(np.full((count, 5), 0.2), fifth) + 1e-12
    assert (term.no_knowledge == UNIFORM) == (count % 5 == 0)


def test_each_term_is_beside_no_knowledge_of_its_own():
    first = datetime(2020, 1, 2, tzinfo=UTC)
    terms = [Term(start=first, symbols=count, score=0.159, plain=0.1) for count in (12, 50)]
    found = Exam(horizon=20, terms=tuple(terms))
    assert terms[0].no_knowledge == pytest.approx(0.158333, abs=1e-6)
    assert found.no_knowledge == pytest.approx((0.158333 + 0.16) / 2, abs=1e-6)
    assert found.better_than_nothing == 1


async def test_chances_sum_to_one_and_who_moves_more_is_more_often_at_both_ends():
    ranked = rank(await known(), 20, as_of=TOGETHER)
    assert {one.as_of for one in ranked} == {TOGETHER.replace(hour=20)}
    found = {one.symbol: one.quintiles for one in ranked}
    assert list(found) == sorted(SYMBOLS)
    for chances in found.values():
        assert sum(chances) == pytest.approx(1.0)
    assert found["SPY"][4] < found["AAPL"][4]
    for place in range(5):
        assert sum(chances[place] for chances in found.values()) == pytest.approx(
            np.bincount(module._fifths(np.arange(6.0)))[place]
        )


async def test_what_came_later_changes_nothing():
    moment = datetime(2016, 6, 3, 22, tzinfo=UTC)
    then = rank(await known(as_of=moment), 20)
    assert rank(await known(), 20, as_of=moment) == then
    assert rank(await known(), 20, as_of=TOGETHER) != then
    whole, cut = past(await known(), instant(moment)), past(await known(as_of=moment))
    np.testing.assert_allclose(whole, cut, rtol=0, atol=1e-12)


async def test_the_exam_knows_no_term_that_it_orders():
    bars = await known()
    found = examined(bars, 20, terms=3)
    assert [one.symbols for one in found.terms] == [6, 6, 6]
    assert found.score == pytest.approx(np.mean([one.score for one in found.terms]))
    assert 0.05 < found.score < 0.3
    assert found.plain != found.score
    cut = await known(as_of=found.terms[-1].start)
    asked = rank(cut, 20)
    moved = {one.instrument.symbol: one.frame for one in bars}
    start, grown = found.terms[-1].start, []
    for one in asked:
        frame = moved[one.symbol]
        last = frame.filter(frame["known_at"] <= start).height - 1
        grown.append(frame["close"][last + 20] / frame["close"][last])
    fifth = module._fifths(np.log(np.array(grown)))
    assert found.terms[-1].score == pytest.approx(module._score(np.array([one.quintiles for one in asked]), fifth))


async def test_what_can_not_be_ranked_is_refused():
    bars = await known()
    with pytest.raises(ValidationError, match="4 instruments have no fifths"):
        rank(bars[:4], 20)
    with pytest.raises(ValidationError, match="horizon is 31; a forecast reaches 1 to 30 bars"):
        rank(bars, 31)
    with pytest.raises(ValidationError, match="500 terms of 20 bars do not fit into the 1258 days") as long:
        examined(bars, 20, terms=500)
    most = int(str(long.value.hint).rpartition(" ")[2])
    assert most == 1257 // 20
    with pytest.raises(ValidationError, match="fit into the 15 days") as short:
        examined([replace(one, frame=one.frame[-15:]) for one in await known(as_of=TOGETHER)], 20, terms=1)
    assert "shorter --horizon" in str(short.value.hint)
    with pytest.raises(ModelError, match="has no bar that was known at 1999-01-01"):
        rank(bars, 20, as_of=datetime.combine(date(1999, 1, 1), datetime.min.time(), UTC))


async def test_a_familys_forecasts_order_by_how_wide_they_are_and_not_by_where_they_lean():
    found = {one.symbol: one.quintiles for one in rank(await known(), 5, as_of=TOGETHER, model="drift")}
    assert found["SPY"][4] < found["AAPL"][4]
    assert found["SPY"][2] > found["AAPL"][2]
    assert all(sum(chances) == pytest.approx(1.0) for chances in found.values())


def test_few_days_all_count_alike():
    """Below three spans of days nothing is said of how wild the market is: the weights are the half-life's alone."""
    few = ties(np.random.default_rng(5).standard_normal((50, 5)))
    weights = few.days[:, 0] ** 2
    assert few.share == pytest.approx(5 / (5 + 50), abs=0.01)
    assert weights.sum() == pytest.approx(1.0)


async def test_a_term_that_fewer_than_five_can_be_ordered_in_is_refused():
    """At the start of its term one of five has 240 bars, ten fewer than are needed to know how it moves."""
    bars = await known(SYMBOLS[:5], as_of=datetime(2017, 8, 30, 22, tzinfo=UTC))
    young = [replace(one, frame=one.frame[-260:]) if one.instrument.symbol == "KO" else one for one in bars]
    assert len(examined(bars, 20, terms=1).terms) == 1
    with pytest.raises(ValidationError, match="fewer than 5 instruments have 250 bars before the term"):
        examined(young, 20, terms=1)


async def test_instruments_whose_last_bars_lie_years_apart_are_refused_with_who_ends_when():
    """Bars of 2017 beside those of 2022 have no days to come in common: no order of them means anything."""
    bars = await known()
    with pytest.raises(ValidationError, match="JPM KO XOM on 2017-09-01, AAPL SPY on 2021-03-31, MSFT on 2022") as said:
        rank(bars, 20)
    assert "--as-of 2017-09-01" in said.value.hint
    assert "ara data update" in said.value.hint
    assert said.value.context["ends"]["MSFT"] == "2022-03-10"
    with pytest.raises(ValidationError, match="do not end together"):
        rank(bars, 20, as_of=datetime(2019, 6, 3, 22, tzinfo=UTC))
    assert len(rank(bars, 20, as_of=TOGETHER)) == 6


async def test_who_ends_early_may_be_left_out_where_enough_remain():
    early, *rest = await known((*SYMBOLS[:1], "KO", "IBM", "BAC", "SPY", "QQQ"))
    bars = [early, *rest]
    with pytest.raises(ValidationError, match="KO on 2017-09-01, AAPL BAC IBM QQQ and 1 more on 2021-03-31") as said:
        rank(bars, 20)
    assert "leave out KO, or" in said.value.hint
    assert len(rank([one for one in bars if one.instrument.symbol != "KO"], 20)) == 5
    begun = [replace(one, frame=one.frame[-300:]) if one is early else one for one in bars]
    with pytest.raises(ValidationError) as never:
        rank(begun, 20)
    assert "--as-of" not in never.value.hint
    assert never.value.hint.startswith("Leave out KO")


async def test_last_bars_some_days_apart_are_ranked():
    """A market that was closed for a week is no other year."""
    bars = await known(as_of=TOGETHER)
    week = [replace(one, frame=one.frame[:-5]) if one.instrument.symbol == "KO" else one for one in bars]
    assert {one.as_of.date() for one in rank(week, 20)} == {date(2017, 9, 1), date(2017, 8, 25)}
    with pytest.raises(ValidationError, match="KO on 2017-08-17"):
        rank([replace(one, frame=one.frame[:-11]) if one.instrument.symbol == "KO" else one for one in bars], 20)


async def test_stocks_currencies_and_coins_meet_by_session_and_no_later_close_is_known():
    """By hand: what was public at New York's close, against the closes of the same date that came hours later."""
    bars = await known(MARKETS, as_of=datetime(2020, 1, 17, tzinfo=UTC))
    found = examined(bars, 20, terms=2)
    assert [one.symbols for one in found.terms] == [6, 6]
    for term in found.terms:
        assert term.start.hour in (20, 21)
        asked = rank(await known(MARKETS, as_of=term.start), 20)
        assert {one.symbol: one.as_of <= term.start for one in asked} == dict.fromkeys(MARKETS, True)
        frames, grown = {one.instrument.symbol: one.frame for one in bars}, []
        for one in asked:
            midnight = datetime.combine(term.start.date(), datetime.min.time(), UTC) + timedelta(days=1)
            whole = frames[one.symbol]
            last = whole.filter(whole["known_at"] <= midnight).height - 1
            assert whole["known_at"][last] >= term.start
            grown.append(whole["close"][last + 20] / whole["close"][last])
        fifth = module._fifths(np.log(np.array(grown)))
        assert term.score == pytest.approx(module._score(np.array([one.quintiles for one in asked]), fifth))


async def test_a_term_leaves_out_whose_bars_had_paused():
    bars = await known(as_of=TOGETHER)
    start = examined(bars, 20, terms=1).terms[0].start
    paused = [replace(one, frame=one.frame.filter(_away(one, start))) for one in bars]
    assert examined(paused, 20, terms=1).terms[0].symbols == 5


def _away(one, start):
    known = one.frame["known_at"]
    return (known < start - timedelta(days=15)) | (known > start) if one.instrument.symbol == "KO" else known == known
