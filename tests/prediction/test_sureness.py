"""The parts of a confidence, and that poor data never raises it."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.feed import MarketData
from ara.market import symbols
from ara.market.bars import Bars
from ara.models import LEVELS
from ara.models.quantiles import Quantiles
from ara.models.reasons import Told
from ara.prediction.compute import Answer, Recipe
from ara.prediction.confidence import confidence
from ara.prediction.doubt import DOUBT, doubted, newest
from ara.prediction.explain import _LEANS as LEANS
from ara.prediction.outlook import outlook
from ara.prediction.sureness import _WORDS as WORDS
from ara.prediction.sureness import ORDINARY, sureness
from ara.statistics.distributions import student_t_quantiles
from ara.testing import desk

USUAL = np.array([[0.02, 0.05]])
NAMES = ("last", "week", "market", "bands", "state", "surprise", "agreement", "quality")


@pytest.fixture
async def apple() -> Bars:
    async with desk() as one:
        return await MarketData(one).bars(symbols.resolve("AAPL"))


def graded(bars: Bars, quality: list[float]) -> Bars:
    """Give the bars with these qualities of the last of them."""
    before = len(bars) - len(quality)
    frame = bars.frame.with_columns(quality=pl.concat([bars.frame["quality"].head(before), pl.Series(quality)]))
    return Bars(instrument=bars.instrument, timeframe=bars.timeframe, basis=bars.basis, frame=frame)


def answer(centre: float = 0.001, width: float = 0.012, told: Told | None = None) -> Answer:
    unit = np.array(student_t_quantiles(LEVELS, 5.0))
    values = centre + np.array([[[width], [2.2 * width]]]) * unit
    quantiles = Quantiles(horizons=(1, 5), values=values)
    return Answer(
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, USUAL),
        usual_move=USUAL,
        told=told,
    )


@given(st.floats(-0.02, 0.02), st.floats(0.002, 0.1), st.floats(0, 1), st.floats(0, 1))
def test_worse_data_never_raises_confidence(centre: float, width: float, one: float, two: float) -> None:
    plain = answer(centre, width)
    good, poor = (doubted(plain, quality) for quality in (max(one, two), min(one, two)))
    assert (poor.confidence <= good.confidence + 1e-12).all()
    assert (good.confidence <= plain.confidence + 1e-12).all()
    assert (np.diff(poor.quantiles.values, axis=2) >= 0).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 29), st.floats(0, 1))
def test_a_bar_that_gets_worse_makes_the_newest_no_better(quality: list[float], place: int, less: float) -> None:
    place %= len(quality)
    worse = [*quality[:place], quality[place] * less, *quality[place + 1 :]]
    bars = [Graded(frame=pl.DataFrame({"quality": one})) for one in (quality, worse)]
    assert newest(bars[1]) <= newest(bars[0]) + 1e-12


class Graded(Bars):
    """Bars of which the quality alone is asked."""

    def __init__(self, *, frame: pl.DataFrame) -> None:
        object.__setattr__(self, "frame", frame)


def test_good_data_changes_nothing() -> None:
    plain = answer()
    assert doubted(plain, 1.0) is plain


def test_bars_of_no_quality_widen_by_the_half() -> None:
    plain = answer()
    wide = doubted(plain, 0.0).quantiles
    ratio = np.diff(wide.values[0, 0, [4, 20]]) / np.diff(plain.quantiles.values[0, 0, [4, 20]])
    assert ratio == pytest.approx(DOUBT)
    np.testing.assert_allclose(wide.at(0.5), plain.quantiles.at(0.5), rtol=1e-12)


async def test_poor_bars_are_seen_in_the_whole_forecast(apple: Bars) -> None:
    good = outlook(apple, 3, Recipe())
    poor = outlook(graded(apple, [1.0] * 19 + [0.6]), 3, Recipe())
    assert poor.id != good.id
    for one, other in zip(good.days, poor.days, strict=True):
        assert other.confidence < one.confidence
        assert other.band_80[0] < one.band_80[0] < one.band_80[1] < other.band_80[1]
        told = {factor.name: factor for factor in other.factors}
        assert told["quality"].contribution > 0
        assert told["quality"].description == "the quality of its newest bars is 0.60"
        assert math.fsum(factor.contribution for factor in other.factors) == pytest.approx(other.wider, abs=1e-12)
        parts = {factor.name: factor.contribution for factor in other.sure}
        assert parts["data"] < 0


@pytest.mark.parametrize("model", ["ewma_t", "pooled_har", "hist"])
async def test_the_parts_sum_to_the_difference_from_an_ordinary_day(apple: Bars, model: str) -> None:
    for day in outlook(apple, 3, Recipe(model=model)).days:
        assert math.fsum(one.contribution for one in day.sure) == pytest.approx(day.confidence - ORDINARY, abs=1e-12)


@given(st.dictionaries(st.sampled_from(NAMES), st.floats(-1, 1).map(lambda one: round(one, 4))))
def test_parts_sum_whatever_moved_the_band(parts: dict[str, float]) -> None:
    told = Told(width=np.zeros(2), parts={name: np.full(2, part) for name, part in parts.items()})
    plain = answer()
    for place, found in enumerate(sureness(told, plain.quantiles, USUAL[0])):
        total = math.fsum(one.contribution for one in found)
        assert total == pytest.approx(plain.confidence[0, place] - ORDINARY, abs=1e-9)


def test_what_widens_the_band_lowers_the_confidence() -> None:
    told = Told(width=np.zeros(2), parts={"last": np.full(2, 0.3), "bands": np.full(2, -0.1)})
    for found in sureness(told, answer().quantiles, USUAL[0]):
        parts = {one.name: one for one in found}
        assert parts["market"].contribution < 0 < parts["past"].contribution
        assert parts["market"].value == pytest.approx(math.exp(0.3))
        assert parts["agreement"].contribution == 0.0


def test_a_usual_bars_confidence_is_that_of_its_band() -> None:
    told = Told(width=np.zeros(2), parts={"last": np.full(2, math.log(2.0))})
    plain, wide = answer(), answer(width=0.024)
    for place, found in enumerate(sureness(told, wide.quantiles, USUAL[0])):
        horizon = found[0]
        assert horizon.name == "horizon"
        assert horizon.value == pytest.approx(float(plain.confidence[0, place]))
        assert horizon.contribution == pytest.approx(horizon.value - ORDINARY)


async def test_what_had_to_be_done_without_is_a_reason(apple: Bars) -> None:
    whole, failed = outlook(apple, 2, Recipe()), outlook(apple, 2, Recipe(), failed=2)
    for one, other in zip(whole.days, failed.days, strict=True):
        told = {factor.name: factor for factor in other.factors}
        assert told["failed"].contribution > 0
        assert math.fsum(factor.contribution for factor in other.factors) == pytest.approx(other.wider, abs=1e-12)
        assert 1 + other.wider == pytest.approx((1 + one.wider) * 1.21)
        data = next(factor for factor in other.sure if factor.name == "data")
        assert one.confidence - other.confidence > -data.contribution * 0.2 > 0


async def test_a_forecast_whose_reasons_break_stands_without_and_says_so(
    apple: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = outlook(apple, 2, Recipe())

    def broken(*_: object, **__: object) -> Told:
        raise ZeroDivisionError("no reason")

    monkeypatch.setattr("ara.prediction.compute.of_model", broken)
    bare = outlook(apple, 2, Recipe())
    assert bare.degraded == ("the reasons could not be told (ZeroDivisionError: no reason): the bands stand without",)
    for one, other in zip(whole.days, bare.days, strict=True):
        assert (other.wider, other.factors, other.leans, other.sure) == (None, (), (), ())
        assert other.confidence < one.confidence


def test_what_is_told_of_a_wider_band_is_its_own_width() -> None:
    plain = answer()
    low, high = (plain.quantiles.at(level)[0] for level in (0.1, 0.9))
    told = Told(width=np.log(high - low), parts={"last": np.full(2, 0.3)})
    wide = doubted(answer(told=told), 0.4)
    low, high = (wide.quantiles.at(level)[0] for level in (0.1, 0.9))
    assert wide.told is not None
    np.testing.assert_allclose(wide.told.width, np.log(high - low), rtol=1e-12)
    np.testing.assert_allclose(wide.told.usual, told.usual, rtol=1e-12)


@pytest.mark.parametrize(("until", "wide"), [("2020-03-16", True), ("2021-03-31", False)])
async def test_words_say_to_which_side_a_part_moves(apple: Bars, until: str, wide: bool) -> None:
    frame = apple.frame.filter(pl.col("known_at").dt.date() <= date.fromisoformat(until))
    bars = Bars(instrument=apple.instrument, timeframe=apple.timeframe, basis=apple.basis, frame=frame)
    for day in outlook(bars, 2, Recipe(model="pooled_har")).days:
        parts = {one.name: one for one in day.sure}
        assert (parts["market"].contribution < 0) == wide
        assert parts["market"].description.endswith("more than usual" if wide else "less than usual")
        for name, (narrow, wider) in WORDS.items():
            assert parts[name].description == (wider if parts[name].value > 1 else narrow)
        assert day.leans
        for lean in day.leans:
            up, down = LEANS[lean.name]
            assert lean.description == (up if lean.contribution > 0 else down)
