from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.market import symbols
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.timeframe import DAY
from ara.models import Panel, instant
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until, refits
from ara.models.panel import distinct


def bars(symbol: str, count: int, *, seed: int = 0, start: int = 0) -> Bars:
    close = 100 * np.exp(np.cumsum(0.01 * np.random.default_rng(seed).standard_normal(count)))
    at = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=start + i) for i in range(count)]
    frame = pl.DataFrame(
        {
            "at": at,
            "known_at": [one + timedelta(hours=24) for one in at],
            "learned_at": [one + timedelta(hours=24) for one in at],
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": np.ones(count),
            "source": ["test"] * count,
            "quality": np.ones(count),
            "imputed": [False] * count,
            "votes": [1] * count,
        },
        schema=SCHEMA,
    )
    return Bars(instrument=symbols.resolve(symbol), timeframe=DAY, basis=Basis.TOTAL, frame=frame)


def test_rows_are_sorted_by_series_and_time_whatever_the_order_given() -> None:
    panel = Panel.build([bars("MSFT", 30), bars("AAPL", 40, seed=1), bars("BTC-USD", 50, seed=2)], (1, 5))
    assert panel.symbols == ("AAPL", "BTC-USD", "MSFT")
    assert np.bincount(panel.series).tolist() == [40, 50, 30]
    assert [panel.groups[panel.group[i]] for i in (0, 40, 119)] == ["stock", "crypto", "stock"]
    assert (np.diff(panel.known_at)[np.diff(panel.series) == 0] > 0).all()


def test_targets_are_the_log_returns_over_the_scale() -> None:
    one = bars("AAPL", 60)
    panel = Panel.build([one], (1, 5))
    close = one.frame["close"].to_numpy()
    assert panel.y[30, 1] * panel.scale[30, 1] == pytest.approx(np.log(close[35] / close[30]))
    assert panel.y_known[30, 1] == panel.known_at[35]
    assert np.isnan(panel.y[56:, 1]).all()
    assert np.isnan(panel.bars[0]).all()
    assert panel.bars[10, 1] == pytest.approx(np.log(close[10] * 1.01 / close[9]))


@given(st.integers(0, 130))
def test_until_is_the_panel_of_bars_cut_at_that_moment(day: int) -> None:
    moment = instant(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=12))
    whole = [bars("AAPL", 100), bars("MSFT", 80, seed=1, start=40)]
    cut = [
        Bars(
            instrument=b.instrument,
            timeframe=b.timeframe,
            basis=b.basis,
            frame=b.frame.filter(pl.col("known_at").dt.epoch("us") <= moment),
        )
        for b in whole
    ]
    got, expected = Panel.build(whole, (1, 5)).until(moment), Panel.build(cut, (1, 5))
    assert len(got) == len(expected)
    for name in ("at", "known_at", "series", "group", "bars", "volume", "scale", "y", "y_known"):
        assert np.array_equal(getattr(got, name), getattr(expected, name), equal_nan=name in {"bars", "scale", "y"}), (
            name
        )


def test_windows_stay_inside_their_series() -> None:
    panel = replace(toy_panel(bars=50), names=("row",), x=np.arange(150, dtype=np.float32)[:, None])
    got = panel.windows(np.array([10, 51, 149]), 4)[:, :, 0]
    assert got[0].tolist() == [7, 8, 9, 10]
    assert np.isnan(got[1, :2]).all()
    assert got[1, 2:].tolist() == [50, 51]
    assert got[2].tolist() == [146, 147, 148, 149]


def test_the_digest_tells_any_change_apart() -> None:
    panel = toy_panel(bars=60)
    seen = {panel.digest()}
    for name in ("at", "known_at", "bars", "volume", "scale", "y_known"):
        moved = getattr(panel, name).copy()
        moved.flat[-1] = 17
        seen.add(replace(panel, **{name: moved}).digest())
    seen.add(replace(panel, symbols=("A", "B", "C")).digest())
    assert len(seen) == 8
    assert panel.digest() == toy_panel(bars=60).digest()


@pytest.mark.parametrize("name", ["at", "known_at", "series", "group", "bars", "volume", "scale", "y", "y_known"])
def test_panels_are_alike_where_their_digests_are(name: str) -> None:
    panel, again = (toy_panel(bars=60) for _ in range(2))
    assert panel.alike(panel)
    assert panel.alike(again)
    assert panel.digest() == again.digest()
    moved = getattr(panel, name).copy()
    moved.flat[0] = 17
    other = replace(panel, **{name: moved})
    assert not panel.alike(other)
    assert not other.alike(panel)
    assert not panel.alike(replace(panel, symbols=("A", "B", "C")))
    assert not panel.alike(replace(panel, **{name: getattr(panel, name)[:-1]}))


def test_a_bar_that_is_corrected_is_fitted_anew_and_a_bar_that_is_added_is_not() -> None:
    past = bars("AAPL", 700, seed=5)
    panel, longer = (Panel.build([one], (1,)) for one in (replace(past, frame=past.frame.head(690)), past))
    moment = int(panel.known_at[640])
    one = fit_until(EwmaT(), panel, moment, seed=0)
    assert fit_until(EwmaT(), longer, moment, seed=0) is one
    closes = past.frame["close"].to_numpy().copy()
    closes[639] *= 1.01
    mended = Panel.build([replace(past, frame=past.frame.with_columns(close=pl.Series(closes)))], (1,))
    again = fit_until(EwmaT(), mended, moment, seed=0)
    rows = np.arange(len(mended.until(moment)))
    fresh = EwmaT().fit(mended.until(moment), rows, rows[:0], seed=0, watch=lambda _: True)
    assert again.shapes == fresh.shapes != one.shapes


def test_refits_are_anchored_to_the_month_not_to_the_range() -> None:
    first = datetime(2020, 1, 20, tzinfo=UTC)
    known = np.array([instant(first + timedelta(days=i)) for i in range(60)])
    whole = {moment: places.tolist() for moment, places in refits(known)}
    assert sorted(whole) == [instant(datetime(2020, m, 1, tzinfo=UTC)) for m in (1, 2, 3)]
    later = {moment: (places + 25).tolist() for moment, places in refits(known[25:])}
    for moment, places in later.items():
        assert set(places) <= set(whole[moment])
    assert sum(map(len, whole.values())) == 60


def test_a_bar_known_at_midnight_of_the_first_belongs_to_the_new_month() -> None:
    midnight = instant(datetime(2020, 2, 1, tzinfo=UTC))
    assert [moment for moment, _ in refits(np.array([midnight - 1, midnight]))] == [
        instant(datetime(2020, 1, 1, tzinfo=UTC)),
        midnight,
    ]


def test_a_fit_is_made_once_for_the_same_content_and_again_for_other() -> None:
    calls = []

    class Counting(EwmaT):
        def fit(self, *args, **kwargs):
            calls.append(1)
            return super().fit(*args, **kwargs)

    panel = toy_panel(seed=99)
    moment = int(panel.known_at[300])
    one = fit_until(Counting(), panel, moment, seed=0)
    assert fit_until(Counting(), toy_panel(seed=99), moment, seed=0) is one
    assert len(calls) == 1
    fit_until(Counting(), panel, moment, seed=1)
    fit_until(Counting(decay=0.9), panel, moment, seed=0)
    fit_until(Counting(), panel, int(panel.known_at[301]), seed=0)
    assert len(calls) == 4


def test_rows_are_parted_by_their_series_in_the_order_they_were_given() -> None:
    panel = toy_panel(bars=10, horizons=(1,))
    rows = np.array([25, 3, 29, 0, 21])
    assert [(code, places.tolist()) for code, places in panel.by_series(rows)] == [(0, [1, 3]), (2, [0, 2, 4])]
    assert list(panel.by_series(rows[:0])) == []
    assert [panel.span(code) for code in range(3)] == [(0, 10), (10, 20), (20, 30)]
    assert panel.until(0).span(1) == (0, 0)


@pytest.mark.parametrize(("every", "begins"), [(3, [(2019, 10), (2020, 1), (2020, 4)]), (12, [(2019, 1), (2020, 1)])])
def test_refits_of_quarters_and_years_begin_with_them(every: int, begins: list[tuple[int, int]]) -> None:
    first = datetime(2019, 12, 30, tzinfo=UTC)
    known = np.array([instant(first + timedelta(days=i)) for i in range(120)])
    whole = {moment: places.tolist() for moment, places in refits(known, every=every)}
    assert list(whole) == [instant(datetime(year, month, 1, tzinfo=UTC)) for year, month in begins]
    assert sorted(place for places in whole.values() for place in places) == list(range(120))
    assert all(known[place] >= moment for moment, places in whole.items() for place in places)


@given(st.lists(st.integers(-3, 3), max_size=8))
def test_distinct_values_are_those_of_numpy(values: list[int]) -> None:
    for asked in (values, sorted(set(values)), [2] * len(values)):
        found = distinct(np.array(asked, np.int32))
        assert found.tolist() == np.unique(asked).tolist()
        assert found.dtype == np.int32
