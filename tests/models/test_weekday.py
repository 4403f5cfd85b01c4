"""Weekdays that were planted are found, others are not, and the bars to come follow the week of the series."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models import LEVELS, Panel
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.families.weekday import Weekday
from ara.statistics import ewma_variance, fit_student_t, student_t_quantiles, summed_degrees
from tests.models.panels import fit, last_rows, with_bars

DAY = 86_400_000_000


def days_of(panel: Panel) -> np.ndarray:
    """Give the weekday of each bar, Monday 0: toy panels begin on Monday, the first of January 2018, in UTC days."""
    return (panel.at // DAY - 4) % 7


def planted(bars: int = 1200, *, size: float = 1.0, lean: float = 0.0) -> Panel:
    panel = toy_panel(bars=bars)
    monday = days_of(panel) == 0
    moved = panel.bars.copy()
    moved[monday] = moved[monday] * size + lean
    return with_bars(panel, moved)


def keep_arrays(panel: Panel, keep: np.ndarray, opens: int) -> Panel:
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    found = replace(panel, **{name: getattr(panel, name)[keep] for name in names})
    return replace(found, at=found.at - opens, known_at=found.known_at - opens)


def before_monday(panel: Panel) -> np.ndarray:
    """Give, for each series, a row whose next bar is a Monday's, and the row after it."""
    day = days_of(panel)
    rows = np.flatnonzero((day[:-1] != 0) & (day[1:] == 0) & (panel.series[1:] == 0))[-1]
    return np.array([rows, rows + 1])


def pulled(values: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Give the weekdays' means, each times the share of their spread that chance does not explain."""
    means, chance = np.empty(7), np.empty(7)
    for one in range(7):
        own = values[day == one]
        means[one], chance[one] = own.mean(), own.var() / len(own)
    between = max(0.0, means.var(ddof=1) - chance.mean())
    return means * between / (between + chance)


@pytest.mark.parametrize(("size", "lean"), [(1.6, 0.0), (1.0, 0.006), (1.3, -0.004)])
def test_sizes_leans_and_quantiles_are_the_formula_by_hand(size: float, lean: float) -> None:
    panel = planted(size=size, lean=lean)
    own = fit(Weekday(), panel)
    week = own.learned["ONE"]
    r, day = panel.bars[1:1200, 3], days_of(panel)[1:1200]
    z = (r[1:] / np.sqrt(ewma_variance(r)[:-1] + 1e-16))[-1000:]
    sizes = 1 + pulled(np.abs(z) / np.abs(z).mean() - 1, day[-1000:])
    level = r / sizes[day]
    again = (level[1:] / np.sqrt(ewma_variance(level)[:-1] + 1e-16))[-1000:]
    means = pulled(again - again.mean(), day[-1000:]) / 2
    np.testing.assert_allclose(week.sizes, sizes, rtol=1e-10)
    np.testing.assert_allclose(week.means, means, rtol=1e-8, atol=1e-12)
    left = again - means[day[-1000:]]
    coming = (day[-1] + 1 + np.arange(5)) % 7
    root = np.sqrt(ewma_variance(level)[-1])
    unit = student_t_quantiles(LEVELS, summed_degrees(fit_student_t(left), 5))
    expected = root * ((sizes * means)[coming].sum() + left.std() * np.sqrt((sizes[coming] ** 2).sum()) * unit)
    got = own.predict(panel, last_rows(panel)[:1]).values[0, 1]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_a_wide_monday_is_seen_coming() -> None:
    panel = planted(size=2.5)
    own = fit(Weekday(), panel)
    week = own.learned["ONE"]
    assert week.sizes[0] > 1.5 * max(week.sizes[1:])
    rows = before_monday(panel)
    sigma = own.predict(panel, rows).sigma
    assert sigma[0, 0] > 1.5 * sigma[1, 0]
    assert sigma[0, 1] / sigma[0, 0] < sigma[1, 1] / sigma[1, 0]


def test_a_rising_monday_is_seen_coming_and_the_other_days_are_not_moved() -> None:
    panel = planted(lean=0.015)
    own = fit(Weekday(), panel)
    assert own.learned["ONE"].means[0] > 0.25
    up = own.predict(panel, before_monday(panel)).above(0.0)
    assert up[0, 0] > 0.58
    assert up[1, 0] < 0.5


def test_where_weekdays_are_alike_next_to_nothing_is_left_of_them() -> None:
    panel = toy_panel(bars=1200)
    plain = fit(EwmaT(), panel).predict(panel, last_rows(panel))
    own = fit(Weekday(), panel).predict(panel, last_rows(panel))
    assert np.abs(np.log(own.sigma / plain.sigma)).max() < 0.1
    assert np.abs(own.above(0.0) - 0.5).max() < 0.06


@pytest.mark.parametrize("opens", [0, 2 * 3_600_000_000])
def test_after_friday_comes_monday_where_nobody_trades_on_weekends(opens: int) -> None:
    panel = planted(size=2.5)
    weekdays = keep_arrays(panel, days_of(panel) < 5, opens)
    own = fit(Weekday(), weekdays)
    assert own.learned["ONE"].days == (0, 1, 2, 3, 4)
    mine = np.flatnonzero(weekdays.series == 0)
    label = (((weekdays.at + weekdays.known_at) // 2) // DAY - 4) % 7
    friday = mine[label[mine] == 4][-2]
    sigma = own.predict(weekdays, np.array([friday, friday + 1])).sigma
    assert sigma[0, 0] > 1.4 * sigma[1, 0]


def test_five_bars_are_a_week_whatever_the_day() -> None:
    panel = planted(size=2.5)
    weekdays = keep_arrays(panel, days_of(panel) < 5, 0)
    week = fit(Weekday(), weekdays).learned["ONE"]
    model = fit(Weekday(), weekdays)
    belief = model.predict(weekdays, np.arange(500, 505))
    one_week = sum(size**2 for size in week.sizes[:5])
    line = np.array([belief.values[row, 1] for row in range(5)])
    assert np.isfinite(line).all()
    ratio = (belief.sigma[:, 1] / belief.sigma[:, 0]) ** 2
    tomorrow = np.array([week.sizes[(day + 1) % 5] ** 2 for day in days_of(weekdays)[500:505]])
    np.testing.assert_allclose(ratio, one_week / tomorrow, rtol=0.1)


@pytest.mark.parametrize("step", [DAY // 24, 7 * DAY])
def test_bars_that_are_not_daily_get_what_ewma_t_says(step: int) -> None:
    panel = planted(size=2.5)
    count = len(panel) // 3
    at = panel.at[0] + np.tile(np.arange(count), 3) * step
    other = replace(panel, at=at, known_at=at + step)
    rows = last_rows(other)
    values = [fit(model, other).predict(other, rows).values for model in (Weekday(), EwmaT())]
    np.testing.assert_array_equal(*values)
