"""Audits of forecasts that look ahead seldom, at other horizons alone, or by what they keep beside a symbol."""

import numpy as np
import polars as pl
import pytest

from ara.errors import AuditError, CancelledError
from ara.evidence.forecasts import COLUMNS, LEVELS
from ara.evidence.leaks import Forecaster, audit, markets
from ara.evidence.leaks.planted_models import bars
from ara.statistics.distributions import student_t_quantiles

UNIT = student_t_quantiles(np.array(LEVELS), 6.0)
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def market():
    return bars()


def rare(every):
    """Says of which days, one in so many, nobody could guess them."""
    return lambda at: (at // DAY * 2_654_435_761) % every == 0


def telling(lean=lambda at, after, horizon: 0.0 * after, wider=lambda at, after: 0.0 * after, memory=0.06):
    """Answers by a mean of past squares, and beside that by what it is told of the day and of the bar after it."""

    def ask(told, origins):
        parts = []
        for (symbol,), asked in origins.group_by(["symbol"], maintain_order=True):
            own = told.filter(pl.col("symbol") == symbol)
            close, at = own["close"].to_numpy(), own["ts"].to_physical().to_numpy()
            move = np.append(0.0, np.diff(np.log(close)))
            after = np.append(move[1:], 0.0)
            size = pl.Series(move**2).ewm_mean(alpha=memory).sqrt().to_numpy() + 1e-4
            row = np.searchsorted(at, asked["instant"].to_physical().to_numpy())
            horizon = asked["horizon"].to_numpy()
            width = (size + np.abs(wider(at, after)))[row] * np.sqrt(horizon)
            said = 0.05 * np.sign(move[row]) + lean(at[row], after[row], horizon)
            prices = close[row, None] * np.exp(width[:, None] * (said[:, None] + UNIT))
            answer = asked.select("symbol", "instant", "horizon").with_columns(p_up=0.5 + 0.1 * said, sigma=width)
            parts.append(answer.with_columns(pl.Series(name, prices[:, n]) for n, name in enumerate(COLUMNS)))
        return pl.concat(parts)

    return ask


def held(ask, market, **how):
    return audit(Forecaster(name="mine", kind="model", ask=ask), market, **how)


def peeking(days):
    return telling(lean=lambda at, after, horizon: np.where(days(at), 0.5 * np.sign(after), 0.0))


LOOKS = {
    "a day in fifty": peeking(rare(50)),
    "a day in a hundred": peeking(rare(101)),
    "the width of a day in thirty": telling(wider=lambda at, after: np.where(rare(29)(at), after, 0.0)),
}


@pytest.mark.parametrize("way", LOOKS)
def test_a_look_at_the_next_bar_on_few_days_is_found_where_bars_change_places(market, way):
    found = held(LOOKS[way], market)
    assert {one.rule for one in found.findings} == {"grid_poison"}


DAYS = {
    "fridays": lambda at: at // DAY % 7 == 1,
    "ends of months": lambda at: np.diff((at[:, None] // DAY + [0, 1]).astype("M8[D]").astype("M8[M]"))[:, 0] > 0,
}


@pytest.mark.parametrize("way", DAYS)
def test_a_look_at_the_next_bar_on_days_of_the_calendar_is_found(market, way):
    assert held(peeking(DAYS[way]), market).verdict == "leaks"


@pytest.mark.parametrize("memory", [0.01, 0.06, 0.5])
def test_whoever_looks_back_only_is_cleared_however_long_the_memory(market, memory):
    found = held(telling(memory=memory), market)
    assert (found.verdict, found.findings, found.failed) == ("clear", (), 0)


def test_a_look_ahead_at_other_horizons_alone_is_found(market):
    ask = telling(lean=lambda at, after, horizon: np.where(horizon > 5, 0.5 * np.sign(after), 0.0))
    found = held(ask, market, moments=1)
    assert {one.rule for one in found.findings} == {"truncate"}
    assert {one.horizon for one in found.findings} <= {10, 21}


def keeping(told_of):
    """Keeps what came after each bar by its symbol, from the first bars that it ever saw of it."""
    kept = {}

    def ask(told, origins):
        for (symbol,), own in told.group_by(["symbol"], maintain_order=True):
            moves = np.append(np.diff(np.log(own["close"].to_numpy())), 0.0)
            kept.setdefault(symbol, dict(zip(own["ts"].to_physical().to_list(), moves.tolist(), strict=True)))
        first = str(origins["symbol"][0])
        return telling(
            lean=lambda at, after, horizon: told_of * np.sign([kept[first].get(int(one), 0.0) for one in at])
        )(told, origins)

    return ask


def test_what_is_kept_by_symbol_is_found_under_symbols_that_it_has_not_heard(market):
    one = market.filter(pl.col("symbol") == "S00")
    found = held(keeping(0.1), one, moments=1)
    assert [(finding.rule, "had not heard" in finding.detail) for finding in found.findings] == [("truncate", True)]
    assert held(keeping(0.0), one, moments=1).findings == ()


def test_whoever_counts_the_name_in_or_knows_few_names_and_horizons_is_cleared(market):
    def by_name(told, origins):
        share = pl.Series([1 + 1e-3 * (sum(map(ord, str(one))) % 97) for one in origins["symbol"]])
        return telling()(told, origins).with_columns(pl.col("q0.9") * share)

    def choosy(told, origins):
        if not set(origins["symbol"]) <= {"S00", "S01", "S02"} or not set(origins["horizon"]) <= {1, 5}:
            raise AuditError("nobody asked me that before")
        return telling()(told, origins)

    for ask in (by_name, choosy):
        found = held(ask, market, moments=1)
        assert (found.verdict, found.findings, found.failed) == ("clear", (), 0)


def test_a_stop_is_no_answer_there_either(market):
    def ask(told, origins):
        if 21 in origins["horizon"]:
            raise CancelledError("enough")
        return telling()(told, origins)

    with pytest.raises(CancelledError):
        held(ask, market, moments=1)


def test_bars_change_places_on_the_same_days_and_names_keep_their_order(market):
    days = market["ts"].unique().sort()[4::5]
    told = markets.swapped(market, days)
    moved = market["close"] != told["close"]
    assert set(market.filter(moved)["ts"]) <= set(days)
    assert moved.sum() > 0.95 * market["symbol"].n_unique() * (len(days) - 1)
    one, two = markets.renamed(market, market[:3])
    assert one["symbol"].unique().sort().to_list() == sorted(one["symbol"].unique(maintain_order=True).to_list())
    assert one["symbol"][0] == two["symbol"][0] != market["symbol"][0]
    assert one["symbol"][0].endswith("S00")
    assert markets.renamed(market)[0]["symbol"][0] != one["symbol"][0]
