"""Each step of the pooled models against the same written otherwise."""

import calendar
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.models import LEVELS, months
from ara.models.families.pooled import dates, horizon, recalibration, reports, shape, signals, sums
from ara.models.families.pooled.equations import dot, nested, slopes
from ara.models.families.pooled.features import BLOCKS, COLUMNS
from ara.models.families.pooled.seen import KINDS, kind_of

DAYS = np.arange(15_000, 21_000)
EPOCH = date(1970, 1, 1)


def test_days_are_those_of_the_calendar() -> None:
    found = [EPOCH + timedelta(days=int(day)) for day in DAYS]
    assert dates.weekday(DAYS).tolist() == [day.weekday() for day in found]
    friday = [day.weekday() == calendar.FRIDAY and day.day <= 7 for day in found]
    assert dates.first_friday(DAYS).tolist() == friday
    season = [(day.month % 3 == 1 and day.day >= 12) or (day.month % 3 == 2 and day.day <= 8) for day in found]
    assert dates.season(DAYS).tolist() == season
    following = [EPOCH + timedelta(days=int(day)) for day in dates.working_day_after(DAYS)]
    expected = []
    for day in found:
        step = day + timedelta(days=1)
        while step.weekday() >= 5:
            step += timedelta(days=1)
        expected.append(step)
    assert following == expected


def test_months_are_counted_by_the_calendar() -> None:
    def micro(*day: int) -> int:
        return int(datetime(*day, tzinfo=UTC).timestamp()) * 1_000_000

    assert months.month_of(micro(2020, 3, 31, 23)) == micro(2020, 3, 1) == months.month_of(micro(2020, 3, 1))
    assert months.month_after(micro(2020, 12, 9)) == micro(2021, 1, 1)
    assert months.month_of(micro(1969, 12, 31, 12)) == micro(1969, 12, 1)
    assert months.months_before(micro(2020, 1, 15), 48) == micro(2016, 1, 1)
    assert months.months_between(micro(2020, 11, 5), micro(2021, 1, 1)) == [micro(2020, 12, 1), micro(2021, 1, 1)]
    assert months.months_between(micro(2020, 11, 5), micro(2020, 11, 9)) == []


def test_nested_systems_are_solved_as_lapack_solves_them() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((4, 60, 9))
    matrices, rights = np.einsum("bnp,bnq->bpq", x, x), random.standard_normal((4, 9))
    got = nested(matrices, rights, (3, 7, 9))
    for system in range(4):
        for place, block in enumerate((3, 7, 9)):
            expected = np.linalg.solve(matrices[system, :block, :block], rights[system, :block])
            np.testing.assert_allclose(got[system, place, :block], expected, rtol=1e-9)
            assert (got[system, place, block:] == 0).all()


def test_slopes_are_a_ridge_on_standardised_columns_and_leave_what_never_moves() -> None:
    random = np.random.default_rng(2)
    x = np.column_stack([np.ones(400), random.standard_normal((400, 3)) * [1, 20, 0.1] + 5, np.full(400, 3.0)])
    y = random.standard_normal(400) + 0.3 * x[:, 2]
    means, slope = slopes((x.T @ x)[None], (x.T @ y)[None], np.array([70.0]))
    z = (x[:, 1:4] - x[:, 1:4].mean(0)) / x[:, 1:4].std(0)
    expected = np.linalg.solve(z.T @ z + 70 * np.eye(3), z.T @ (y - y.mean())) / x[:, 1:4].std(0)
    np.testing.assert_allclose(slope[0, :3], expected, rtol=1e-8)
    np.testing.assert_allclose(means[0], x[:, 1:].mean(0))
    assert slope[0, 3] == 0


def test_a_sum_of_terms_is_the_product() -> None:
    random = np.random.default_rng(3)
    x, w = random.standard_normal((5, 2, 7)), random.standard_normal((2, 7))
    np.testing.assert_allclose(dot(x, w), np.einsum("nhk,hk->nh", x, w))


def test_averages_weigh_by_age_and_pass_over_gaps() -> None:
    values = np.array([np.nan, 1.0, 4.0, np.nan, 2.0])
    got = signals.average(values, 3.0)
    keep = 0.75
    assert np.isnan(got[0])
    assert got[1] == 1.0
    assert got[2] == pytest.approx((keep * 1 + 4) / (keep + 1))
    assert got[3] == pytest.approx(got[2])
    assert got[4] == pytest.approx((keep**3 + 4 * keep**2 + 2) / (keep**3 + keep**2 + 1))


@settings(deadline=None, max_examples=30)
@given(
    gaps=st.lists(st.booleans(), min_size=1, max_size=60),
    first=st.integers(0, 5),
    centre=st.sampled_from([1.5, 25.0, 750.0]),
)
def test_averages_are_those_of_a_plain_recursion(gaps: list[bool], first: int, centre: float) -> None:
    values = np.random.default_rng(len(gaps)).standard_normal(first + len(gaps))
    values[:first] = np.nan
    values[first:][np.array(gaps)] = np.nan
    keep, total, weight, plain = centre / (1.0 + centre), 0.0, 0.0, []
    for value in values.tolist():
        known = value == value
        total, weight = keep * total + (value if known else 0.0), keep * weight + known
        plain.append(total / weight if weight else np.nan)
    assert signals.average(values, centre).tobytes() == np.array(plain).tobytes()
    whole = signals.average(values[~np.isnan(values)], centre)
    assert np.isfinite(whole).all()


@settings(deadline=None, max_examples=30)
@given(places=st.lists(st.integers(0, 799), max_size=5), digits=st.integers(0, 3))
def test_a_rank_is_counted_among_the_two_years_up_to_it(places: list[int], digits: int) -> None:
    values = np.random.default_rng(1).standard_normal(800).round(digits)
    values[[*range(9), 300, 650, 651]] = np.nan
    for place, got in zip(places, signals.rank(values, np.array(places, np.int64)), strict=True):
        known = values[max(0, place - 503) : place + 1]
        known = known[~np.isnan(known)]
        if len(known) < 100 or np.isnan(values[place]):
            assert got == 0.5
        else:
            below, upto = (known < values[place]).sum(), (known <= values[place]).sum()
            assert got == (below + upto + 1) / 2 / len(known)


def test_a_report_a_quarter_ago_echoes_on_the_same_weekday() -> None:
    days = np.array([day for day in range(15_000, 15_500) if dates.weekday(np.array([day]))[0] < 5])
    excess = np.zeros(len(days))
    loud = 15_100 + (7 - (15_100 + 3) % 7) % 7
    excess[np.searchsorted(days, loud)] = 2.5
    told = reports.echoes(excess, days)
    hits = days[told["echo3"] > 0]
    assert {int(dates.working_day_after(hits)[k]) - loud for k in range(len(hits))} == {91, 182, 273, 364}
    assert (told["echo0"] == 0).all()
    ahead = reports.ahead(excess, days, (1, 5))
    assert ahead[:, 0, 1].max() == pytest.approx(2.5 / 4)
    assert ahead[:, 1, 1].max() == pytest.approx(2.5 / 20)
    assert (ahead[:, 1, 1] > 0).sum() == 5 * 4
    assert 0 < ahead[:, 0, 0].mean() < 0.5


@pytest.mark.parametrize("bars_a_day", [1, 7])
def test_no_day_that_is_not_over_echoes_however_far_is_looked_ahead(bars_a_day: int) -> None:
    days = np.array([day for day in range(15_000, 15_700) if dates.weekday(np.array([day]))[0] < 5]).repeat(bars_a_day)
    excess = np.random.default_rng(2).standard_normal(len(days))
    horizons = (1, 21, 60, 61, 64, 65, 66, 70, 130, 252)
    whole = reports.ahead(excess, days, horizons)
    for end in (len(days) // 2, len(days) // 2 + 3, len(days) - 11):
        cut = reports.ahead(excess[:end], days[:end], horizons)
        np.testing.assert_array_equal(whole[:end], cut)
    assert (whole[-1, :, 1] > 0).all()


def test_weighted_quantiles_of_equal_weights_are_the_plain_ones() -> None:
    values = np.sort(np.random.default_rng(4).standard_normal(4001))
    plain = shape.weighted_quantiles(values, np.ones(4001), 1.0)
    np.testing.assert_allclose(plain, np.quantile(values, LEVELS, method="hazen"), atol=0.03)
    mirrored = shape.weighted_quantiles(values, np.ones(4001), 0.0)
    np.testing.assert_allclose(mirrored, -mirrored[::-1], atol=1e-9)
    both = np.concatenate([values, -values])
    np.testing.assert_allclose(mirrored, np.quantile(both, LEVELS, method="hazen"), atol=1e-9)
    doubled = shape.weighted_quantiles(values, np.full(4001, 7.0), 0.4)
    np.testing.assert_allclose(doubled, shape.weighted_quantiles(values, np.ones(4001), 0.4), atol=1e-12)


def sample(count: int, *, seed: int = 5) -> shape.Sample:
    random = np.random.default_rng(seed)
    shock = random.random(count)
    series = random.integers(0, 2, count).astype(np.int32)
    values = random.standard_normal(count) * (1 + shock) * (1 + series)
    return shape.Sample.of(values, np.ones(count), shock, series, values**2)


def test_a_shape_knows_its_thirds_and_its_series_for_as_much_as_they_are_many() -> None:
    few, many = (shape.shape(sample(n), horizon=1, lean=0.0, series=3) for n in (2_000, 40_000))
    for one in (few, many):
        assert one.thirds[0, -1] < 0 < one.thirds[2, -1]
        assert one.own[0, -2] < 0 < one.own[1, -2]
        assert (one.own[2] == 0).all()
    assert many.thirds[2, -2] > few.thirds[2, -2]
    assert np.isnan(shape.shape(sample(249), horizon=1, lean=0.0, series=3).quantiles).all()
    longer = shape.shape(sample(2_000), horizon=5, lean=0.0, series=3)
    assert (longer.thirds == 0).all()
    assert abs(longer.own[1, -2]) < abs(few.own[1, -2])


@given(
    parts=st.lists(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), max_size=9), max_size=5),
)
def test_rows_that_are_added_month_by_month_stand_as_if_all_were_sorted_at_once(
    parts: list[list[tuple[int, int]]],
) -> None:
    scores, rows, begin = shape.Scores(), [one for part in parts for one in part], 0
    numbers = np.arange(len(rows), dtype=float)
    for part in parts:
        end = begin + len(part)
        mine = slice(begin, end)
        values, moment = (np.array([one[side] for one in part], kind) for side, kind in ((0, float), (1, np.int64)))
        series = np.full(len(part), 2, np.int32)
        scores.add(shape.Scored(values, numbers[mine], series, -numbers[mine], moment), seen=end)
        assert scores.seen == end
        begin = end
    weights = np.array([1.0, 0.5, 0.25, 0.125, 0.0625])
    got = scores.sample(weights)
    whole = shape.Sample.of(
        np.array([value for value, _ in rows], float),
        weights[[moment for _, moment in rows]] if rows else np.zeros(0),
        numbers,
        np.full(len(rows), 2, np.int32),
        -numbers,
    )
    for name in ("values", "weights", "shock", "series", "squares"):
        np.testing.assert_array_equal(getattr(got, name), getattr(whole, name))


def test_the_width_goes_half_the_way_to_what_single_bars_tell() -> None:
    plain = sample(5_000)
    louder = shape.Sample.of(plain.values, plain.weights, plain.shock, plain.series, plain.values**2 / 4)
    one = shape.shape(plain, horizon=21, lean=0.0, series=2).quantiles
    two = shape.shape(louder, horizon=21, lean=0.0, series=2).quantiles
    np.testing.assert_allclose(two, one / np.sqrt(2), rtol=1e-9)


def test_scales_come_from_their_own_returns_and_are_one_where_nothing_is_known() -> None:
    scales = sums.Scales.empty(1, 3)
    reach = np.array([1.0])
    assert (scales.solve(reach) == 1).all()
    scales.add(0, np.full(4_000, 2.0), np.zeros(4_000, np.int32))
    scales.add(0, np.full(4_000, 1.0), np.ones(4_000, np.int32))
    got = scales.solve(reach)[0]
    assert got[0] > 1.25 > 1 > 0.75 > got[1]
    assert got[2] == pytest.approx(1.0)
    scales.fade(0.01)
    assert abs(scales.solve(reach)[0, 0] - 1) < abs(got[0] - 1)


def test_the_constants_meet_at_the_chosen_horizons_and_are_smooth_between() -> None:
    assert [round(horizon.lean("equity", h, series=5), 3) for h in (1, 5, 21)] == [0.7, 0.85, 0.85]
    assert {horizon.lean("forex", h, series=9) for h in range(1, 31)} == {0.0}
    assert [horizon.lean(kind, 5, series=4) for kind in KINDS] == [0.3, 0.5, 0.0, 0.5]
    assert horizon.reversion(1) == 0
    assert horizon.reversion(21) == pytest.approx(0.1)
    for rule in (horizon.reversion, horizon.patience):
        steps = np.diff([rule(h) for h in range(1, 31)])
        assert np.abs(steps).max() < 0.15


def test_every_class_has_a_place() -> None:
    assert [KINDS[kind_of(name)] for name in ("stock", "etf", "index", "crypto", "forex", "option", "")] == [
        "equity", "equity", "equity", "crypto", "forex", "other", "other",
    ]  # fmt: skip
    assert len(set(COLUMNS)) == len(COLUMNS) == BLOCKS[-1]
    assert {kind: horizon.lean(kind, 5, series=5) for kind in KINDS}.keys() == set(KINDS)


def remembered(missed: list[bool]) -> tuple[recalibration.Memory, recalibration.Past]:
    """Give bands of ±1 around returns that miss them where told to, all after the memory's end."""
    y = np.where(missed, 2.0, 0.5)[:, None]
    count = len(y)
    memory = recalibration.Memory.empty(1, (1,))
    low, high = np.full((count, 1), -1.0), np.full((count, 1), 1.0)
    return memory, recalibration.Past(known_at=np.arange(count), y=y, low=low, high=high)


def test_bands_that_hold_are_left_alone_and_others_stretched_by_what_was_known() -> None:
    holding = [k % 5 == 0 for k in range(400)]
    memory, past = remembered(holding)
    assert recalibration.stretch(memory, 0, past, np.array([300, 399]), (1,)).tolist() == [[0.0], [0.0]]
    memory, past = remembered(holding[:200] + [True] * 200)
    rows = np.arange(400)
    found = recalibration.stretch(memory, 0, past, rows, (1,))[:, 0]
    assert (found[150:201] == 0).all()
    assert found[399] == 0.3
    assert (np.diff(found[205:]) >= 0).all()
    cut = recalibration.Past(*(part[:261] for part in past))
    assert recalibration.stretch(memory, 0, cut, np.array([260]), (1,))[0, 0] == found[260]
    past.y[260:] = 0.5
    assert recalibration.stretch(memory, 0, past, np.array([260]), (1,))[0, 0] == found[260]


def test_the_stretch_is_the_formula_by_hand() -> None:
    missed = [k % 3 == 0 for k in range(120)]
    memory, past = remembered(missed)
    got = recalibration.stretch(memory, 0, past, np.array([119]), (1,))[0, 0]
    weight = 0.5 ** (np.arange(118, -1, -1) / 250)
    rate = (weight * missed[:119]).sum() / weight.sum()
    error = np.sqrt(0.16 * (weight**2).sum()) / weight.sum()
    assert got == pytest.approx((rate - 0.2 - 0.8 * error) / 0.45)


def test_a_sum_of_few_terms_is_that_of_many_rows():
    random = np.random.default_rng(11)
    x, weights = random.standard_normal((3000, 1, 1, 53)), random.standard_normal((2, 3, 53))
    whole = dot(x, weights)
    for row in (0, 1, 2999):
        assert dot(x[row : row + 1], weights)[0].tobytes() == whole[row].tobytes()
    assert dot(x[:2, 0, 0], weights[0, 0]).tobytes() == whole[:2, 0, 0].tobytes()
