"""Instruments drawn together: each keeps its own forecast, ties stay, and chances are judged as they should be."""

from dataclasses import replace
from datetime import UTC, date, datetime

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
    found = {one.symbol: one.quintiles for one in rank(await known(), 20)}
    assert list(found) == sorted(SYMBOLS)
    for chances in found.values():
        assert sum(chances) == pytest.approx(1.0)
    assert found["SPY"][4] < found["AAPL"][4]
    for place in range(5):
        assert sum(chances[place] for chances in found.values()) == pytest.approx(
            np.bincount(module._fifths(np.arange(6.0)))[place]
        )


async def test_what_came_later_changes_nothing():
    moment = datetime(2019, 6, 3, 22, tzinfo=UTC)
    then = rank(await known(as_of=moment), 20)
    assert rank(await known(), 20, as_of=moment) == then
    assert rank(await known(), 20) != then
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
    with pytest.raises(ValidationError, match="do not fit"):
        examined(bars, 20, terms=500)
    with pytest.raises(ModelError, match="has no bar that was known at 1999-01-01"):
        rank(bars, 20, as_of=datetime.combine(date(1999, 1, 1), datetime.min.time(), UTC))


async def test_a_familys_forecasts_order_by_how_wide_they_are_and_not_by_where_they_lean():
    found = {one.symbol: one.quintiles for one in rank(await known(), 5, model="drift")}
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
    with pytest.raises(ValidationError, match="fewer than 5 instruments have an outcome"):
        examined(young, 20, terms=1)
