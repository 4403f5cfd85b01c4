"""The way from bars to a forecast, on the bundled sample."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from ara.data import Kind
from ara.data.feed import MarketData
from ara.errors import HistoryError, ModelError
from ara.market import symbols
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.models import LEVELS
from ara.models.ensemble import FittedEnsemble
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.compute import Recipe
from ara.prediction.forecast import Forecast
from ara.prediction.outlook import outlook
from ara.statistics.volatility import ewma_variance
from ara.testing import FakeProvider, desk


async def bars(symbol: str, as_of: datetime | None = None) -> Bars:
    async with desk() as one:
        return await MarketData(one).bars(symbols.resolve(symbol), as_of=as_of)


@pytest.fixture
async def apple() -> Bars:
    return await bars("AAPL")


PRICES = ("open", "high", "low", "close")


def shortened(one: Bars, count: int) -> Bars:
    return Bars(instrument=one.instrument, timeframe=one.timeframe, basis=one.basis, frame=one.frame.tail(count))


async def test_a_forecast_stands_on_the_venues_next_sessions(apple: Bars) -> None:
    got = outlook(apple, 7, Recipe())
    assert got.last == date(2021, 3, 31)
    assert got.close == pytest.approx(122.15)
    assert [day.date.isoformat() for day in got.days] == [  # 2 April 2021 was Good Friday
        "2021-04-01", "2021-04-05", "2021-04-06", "2021-04-07", "2021-04-08", "2021-04-09", "2021-04-12",
    ]  # fmt: skip
    assert got.days[0].at == datetime(2021, 4, 1, 20, tzinfo=UTC)
    assert got.as_of == datetime(2021, 3, 31, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("symbol", "first"), [("BTC-USD", "2020-01-17"), ("EURUSD", "2022-03-07"), ("^GSPC", "2022-03-11")]
)
async def test_each_market_has_its_own_next_day(symbol: str, first: str) -> None:
    got = outlook(await bars(symbol), 30, Recipe())
    assert got.days[0].date.isoformat() == first
    assert [day.number for day in got.days] == list(range(1, 31))


@pytest.mark.parametrize(
    ("symbol", "timeframe", "closes"),
    [
        ("AAPL", "1h", ["2021-04-01T14:30", "2021-04-01T15:30", "2021-04-01T16:30"]),
        ("AAPL", "4h", ["2021-04-01T17:30", "2021-04-01T20:00", "2021-04-05T17:30"]),
        ("AAPL", "1w", ["2021-04-09T20:00", "2021-04-16T20:00", "2021-04-23T20:00"]),
        ("BTC-USD", "1h", ["2020-01-17T01:00", "2020-01-17T02:00", "2020-01-17T03:00"]),
    ],
)
async def test_bars_of_any_length_end_with_the_venues_hours(symbol: str, timeframe: str, closes: list[str]) -> None:
    """1 April 2021 was a Thursday before Good Friday, and the last session of its week."""
    week_end = datetime(2021, 4, 2, tzinfo=UTC) if timeframe == "1w" else None
    daily = await bars(symbol, as_of=week_end)
    moment = pl.lit(datetime(2021, 4, 1, 20, tzinfo=UTC), pl.Datetime("us", "UTC"))
    frame = daily.frame if timeframe != "1w" else daily.frame.with_columns(known_at=moment)
    got = outlook(replace(daily, timeframe=Timeframe.parse(timeframe), frame=frame), 3, Recipe())
    assert [f"{day.at:%Y-%m-%dT%H:%M}" for day in got.days] == closes


async def test_every_figure_derives_from_the_one_vector(apple: Bars) -> None:
    for day in outlook(apple, 30, Recipe()).days:
        q = dict(zip(LEVELS, day.quantiles, strict=True))
        assert day.price == pytest.approx(day.close * np.exp(q[0.5]))
        assert day.band_80 == pytest.approx((day.close * np.exp(q[0.1]), day.close * np.exp(q[0.9])))
        assert day.band_95[0] < day.band_80[0] < day.price < day.band_80[1] < day.band_95[1]
        assert day.p_up == pytest.approx(1 - np.interp(0.0, day.quantiles, LEVELS), abs=1e-12)
        inside = np.interp([day.usual_move, -day.usual_move], day.quantiles, LEVELS)
        assert day.confidence == pytest.approx(inside[0] - inside[1], abs=1e-12)


async def test_the_usual_move_is_that_of_the_last_500_bars(apple: Bars) -> None:
    close = np.log(apple.frame["close"].to_numpy())
    for day in outlook(apple, 21, Recipe()).days:
        moves = np.abs(close[day.number :] - close[: -day.number])[-500:]
        assert day.usual_move == pytest.approx(np.quantile(moves, 0.8), rel=1e-9)


async def test_bands_widen_with_the_horizon(apple: Bars) -> None:
    width = [np.log(day.band_80[1] / day.band_80[0]) for day in outlook(apple, 30, Recipe()).days]
    assert (np.diff(width) > 0).all()


@pytest.mark.parametrize("model", ["ewma_t", "pooled_har", "weekday", "hist"])
async def test_the_reasons_sum_to_what_they_explain(apple: Bars, model: str) -> None:
    for day in outlook(apple, 3, Recipe(model=model)).days:
        assert day.wider is not None
        assert math.fsum(one.contribution for one in day.factors) == pytest.approx(day.wider, abs=1e-12)
        assert math.fsum(one.contribution for one in day.leans) == pytest.approx(math.log1p(day.change), abs=1e-12)
        assert len({one.name for one in day.factors}) == len(day.factors) <= 6


async def test_the_reasons_of_the_baseline_are_its_own_bars(apple: Bars) -> None:
    (day,) = outlook(apple, 1, Recipe()).days
    returns = np.diff(np.log(apple.frame["close"].to_numpy()))
    logs = np.log(ewma_variance(returns))
    assert day.wider == pytest.approx(np.exp((logs[-1] - logs[-250:].mean()) / 2) - 1)
    assert {one.name for one in day.factors} == {"last", "week", "month", "half_year"}
    last = next(one for one in day.factors if one.name == "last")
    assert f"the last bar ({np.expm1(returns[-1]):+.1%}) was".replace("%", " %") in last.description
    assert f"{last.value:.2f}x as volatile as usual" in last.description


async def test_the_same_bars_give_the_same_words(apple: Bars) -> None:
    one, two = (outlook(apple, 2, Recipe(model="pooled_har")) for _ in range(2))
    assert [day.factors for day in one.days] == [day.factors for day in two.days]


async def test_the_id_covers_what_was_asked_of_the_mathematics_and_nothing_else(apple: Bars) -> None:
    one = outlook(apple, 5, Recipe())
    assert one.id == outlook(apple, 5, Recipe()).id
    moved = apple.frame.with_columns(
        close=pl.when(pl.int_range(pl.len()) == 7).then(pl.col("close") * 1.0000001).otherwise(pl.col("close"))
    )
    others = {
        outlook(apple, 6, Recipe()).id,
        outlook(apple, 5, Recipe(seed=1)).id,
        outlook(
            Bars(instrument=apple.instrument, timeframe=apple.timeframe, basis=apple.basis, frame=moved), 5, Recipe()
        ).id,
    }
    assert len(others | {one.id}) == 4
    late = apple.frame.with_columns(learned_at=pl.col("learned_at") + pl.duration(days=1))
    same = Bars(instrument=apple.instrument, timeframe=apple.timeframe, basis=apple.basis, frame=late)
    assert outlook(same, 5, Recipe()).id == one.id


async def test_a_short_history_is_said_and_a_shorter_one_refused(apple: Bars) -> None:
    assert outlook(apple, 3, Recipe()).warnings == ()
    assert "only 100 bars" in outlook(shortened(apple, 100), 3, Recipe()).warnings[0]
    assert isinstance(outlook(shortened(apple, 21), 3, Recipe()), Forecast)
    with pytest.raises(ModelError, match="20 bars, which is too few"):
        outlook(shortened(apple, 20), 3, Recipe())
    with pytest.raises(ModelError, match="no bars"):
        outlook(shortened(apple, 0), 3, Recipe())


async def test_repaired_bars_are_said(apple: Bars) -> None:
    frame = apple.frame.with_columns(imputed=pl.int_range(pl.len()) > pl.len() - 4)
    marked = Bars(instrument=apple.instrument, timeframe=apple.timeframe, basis=apple.basis, frame=frame)
    assert "3 of the last 250 bars were repaired" in outlook(marked, 3, Recipe()).warnings


def changed(one: Bars, column: str, values: dict[int, float]) -> Bars:
    """Give bars with other values in a column, by their place from the end."""
    place = pl.len() - pl.int_range(pl.len())
    return replace(
        one, frame=one.frame.with_columns(place.replace_strict(values, default=pl.col(column)).alias(column))
    )


@pytest.mark.parametrize("quality", [0.67, 0.5, 0.0])
async def test_a_last_bar_in_doubt_is_named_with_its_quality(apple: Bars, quality: float) -> None:
    (said,) = outlook(changed(apple, "quality", {1: quality}), 3, Recipe()).warnings
    assert said == f"the last bar, of 2021-03-31, is in doubt: its quality is {quality:.2f}"


async def test_other_recent_bars_of_low_quality_are_counted_and_the_worst_named(apple: Bars) -> None:
    one, two = {20: 0.5}, {20: 0.5, 7: 0.25}
    assert outlook(changed(apple, "quality", one), 3, Recipe()).warnings == (
        "1 of the last 20 bars is in doubt: the quality of 2021-03-04 is 0.50",
    )
    assert outlook(changed(apple, "quality", two), 3, Recipe()).warnings == (
        "2 of the last 20 bars are in doubt: the quality of 2021-03-23 is 0.25",
    )
    assert outlook(changed(apple, "quality", {21: 0.0, 5: 0.67}), 3, Recipe()).warnings == ()


@pytest.mark.parametrize(
    ("factor", "quality", "times"), [(100.0, 1.0, "102"), (100.0, 0.5, "102"), (0.01, 1.0, "0.0102")]
)
async def test_a_last_close_in_another_unit_is_said_whatever_its_quality(
    apple: Bars, factor: float, quality: float, times: str
) -> None:
    hurt = changed(changed(apple, "close", {1: 122.15 * factor}), "quality", {1: quality})
    (said,) = outlook(hurt, 3, Recipe()).warnings
    assert said == (
        f"the close of 2021-03-31 is {times} times the one before, as if in another unit or currency; "
        f"the bar's quality is {quality:.2f}"
    )


async def test_a_recent_close_in_another_unit_is_named_once_and_an_old_one_not_at_all(apple: Bars) -> None:
    (said,) = outlook(changed(apple, "close", {4: 12_000.0}), 3, Recipe()).warnings
    assert said.startswith("the close of 2021-03-26 is ")
    (odd,) = outlook(changed(apple, "close", {40: 12_000.0}), 3, Recipe()).warnings
    assert odd == "this forecast is odd: the 80 % band of day 3 is 146x the usual one"
    move, band = outlook(changed(apple, "close", {1: 1_000.0}), 3, Recipe()).warnings
    assert move.startswith("the move of the last bar, ")
    assert band.startswith("this forecast is odd: the 80 % band")


async def test_a_recent_close_that_is_no_price_is_no_leap_but_in_doubt(apple: Bars) -> None:
    for close in (0.0, -1.0, float("nan")):
        hurt = changed(changed(apple, "close", {3: close}), "quality", {3: 0.0})
        (said,) = outlook(hurt, 3, Recipe()).warnings
        assert said == "1 of the last 20 bars is in doubt: the quality of 2021-03-29 is 0.00"


async def test_a_short_bar_in_doubt_is_named_by_its_open(apple: Bars) -> None:
    hours = replace(changed(apple, "quality", {1: 0.5}), timeframe=Timeframe.parse("1h"))
    (said,) = outlook(hours, 1, Recipe()).warnings
    assert "of 2021-03-31 13:30 UTC, is in doubt" in said


async def test_a_close_that_is_no_price_is_passed_over_and_refused_as_the_last(apple: Bars) -> None:
    def with_zero(place: int) -> Bars:
        zero = pl.when(pl.int_range(pl.len()) == place).then(0.0).otherwise(pl.col("close")).alias("close")
        return replace(apple, frame=apple.frame.with_columns(zero))

    hurt = outlook(with_zero(2800), 5, Recipe())
    whole = outlook(apple, 5, Recipe())
    assert all(np.isfinite(day.quantiles).all() for day in hurt.days)
    assert hurt.days[4].band_80 == pytest.approx(whole.days[4].band_80, rel=0.02)
    with pytest.raises(ModelError, match="no price"):
        outlook(with_zero(len(apple) - 1), 5, Recipe())


async def test_a_bar_that_a_source_gives_for_a_holiday_keeps_its_date() -> None:
    got = outlook(await bars("EURUSD", datetime(2014, 1, 1, 23, tzinfo=UTC)), 2, Recipe())
    assert got.last == date(2014, 1, 1)
    assert [day.date for day in got.days] == [date(2014, 1, 2), date(2014, 1, 3)]


@pytest.mark.parametrize("close", [1e308, 1e300])
async def test_closes_whose_band_has_no_end_are_refused_in_words(apple: Bars, close: float) -> None:
    with pytest.raises(ModelError, match=rf"the closes of AAPL run from \d.* to {close:.3g}".replace("+", r"\+")):
        outlook(changed(apple, "close", {1: close}), 3, Recipe())


async def test_an_endless_close_is_passed_over_and_refused_as_the_last(apple: Bars) -> None:
    hurt = outlook(changed(apple, "close", {300: float("inf")}), 5, Recipe())
    assert all(np.isfinite(day.quantiles).all() for day in hurt.days)
    with pytest.raises(ModelError, match="no price"):
        outlook(changed(apple, "close", {1: float("inf")}), 3, Recipe())


async def test_the_lineage_of_a_model_that_weighs_others_cites_what_it_had_learned(apple: Bars) -> None:
    short = shortened(apple, 400)
    cited = outlook(short, 2, Recipe(model="fast")).lineage.models["fast"]["states"]
    assert [len(one) for one in cited] == [64]
    assert outlook(short, 2, Recipe(model="fast")).lineage.models["fast"]["states"] == cited
    assert outlook(shortened(apple, 390), 2, Recipe(model="fast")).lineage.models["fast"]["states"] != cited
    assert "states" not in outlook(short, 2, Recipe()).lineage.models["ewma_t"]


async def test_what_has_to_be_said_of_a_model_stands_among_the_warnings(
    apple: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FittedEnsemble, "notes", property(lambda _: ("fast answers without its friends",)))
    assert "fast answers without its friends" in outlook(shortened(apple, 300), 1, Recipe(model="fast")).warnings


async def test_a_price_that_never_moved_is_refused_and_one_that_moved_once_is_not(apple: Bars) -> None:
    still = replace(apple, frame=apple.frame.tail(900).with_columns(pl.lit(50.0).alias(name) for name in PRICES))
    with pytest.raises(HistoryError, match="the price of AAPL never moved: all its 900 closes are 50,") as caught:
        outlook(still, 3, Recipe())
    assert "Is it pegged, suspended or dead?" in caught.value.hint
    with pytest.raises(HistoryError, match="which is too few"):
        outlook(replace(still, frame=still.frame.tail(20)), 3, Recipe())
    once = changed(changed(still, "close", {500: 51.0}), "high", {500: 51.0})
    assert len(outlook(once, 3, Recipe()).days) == 3


async def test_nobody_answers_in_place_of_one_who_refuses_a_price_that_never_moved() -> None:
    plain = FakeProvider(first=date(2020, 6, 1))
    spans = {"start": datetime(2000, 1, 1, tzinfo=UTC), "end": datetime(2030, 1, 1, tzinfo=UTC)}
    frame = await plain.history(Kind.BARS, symbols.resolve("BTC-USD"), DAY, **spans)
    fake = FakeProvider({"BTC-USD": frame.with_columns(pl.lit(50.0).alias(name) for name in PRICES)})
    async with desk() as one:
        for model in ("auto", "fast", "ewma_t"):
            with pytest.raises(HistoryError, match="never moved") as caught:
                await PredictionEngine(one, data_providers=[fake]).predict("BTC-USD", 2, model=model)
            assert caught.value.http_status == 422
        assert await Ledger(one).list() == []
