"""Returns by week, month, year and group."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance import measure
from ara.performance.breakdown import by_group, by_period, monthly_table

DAYS = np.arange("2020-12-28", "2021-03-05", dtype="datetime64[D]")
RETURNS = np.where(np.arange(len(DAYS)) % 2, 0.01, -0.004)


@pytest.mark.parametrize("unit", ["weekly", "monthly", "quarterly", "yearly"])
def test_the_parts_multiply_to_the_whole(unit):
    found = by_period(RETURNS, DAYS, unit)
    assert np.prod([1 + one.value for one in found]) == pytest.approx(np.prod(1 + RETURNS))
    assert sum(one.count for one in found) == len(DAYS)
    assert all(one.first <= one.last for one in found)


def test_weeks_begin_on_monday_and_years_in_january():
    weeks = by_period(RETURNS, DAYS, "weekly")
    assert [str(one.first) for one in weeks[:2]] == ["2020-12-28", "2021-01-04"]
    years = by_period(RETURNS, DAYS, "yearly")
    assert [(str(one.first), str(one.last), one.count) for one in years] == [
        ("2020-12-28", "2020-12-31", 4),
        ("2021-01-01", "2021-03-04", 63),
    ]
    assert [one.count for one in by_period(RETURNS, DAYS, "quarterly")] == [4, 63]


def test_the_table_of_months():
    table = monthly_table(RETURNS, DAYS)
    assert table.years == (2020, 2021)
    assert np.isfinite(table.months).sum(axis=1).tolist() == [1, 3]
    assert table.months[0, 11] == pytest.approx(table.totals[0])
    assert np.nanprod(1 + table.months[1]) == pytest.approx(1 + table.totals[1])
    assert monthly_table([], []).years == ()


def test_groups_are_measured_apart():
    groups = ["calm" if value > 0 else "wild" for value in RETURNS]
    found = by_group(RETURNS, groups, per_year=252, benchmark=RETURNS * 2)
    assert list(found) == ["wild", "calm"]
    assert found["calm"] == measure(RETURNS[RETURNS > 0], per_year=252, benchmark=2 * RETURNS[RETURNS > 0])
    assert found["wild"].win_rate == 0.0
    assert by_group([0.1], ["a"], per_year=1)["a"].beta is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: by_period(RETURNS, DAYS[1:], "weekly"),
        lambda: by_period(RETURNS, DAYS[::-1], "weekly"),
        lambda: by_period([0.1], [np.datetime64("NaT")], "weekly"),
        lambda: by_period(RETURNS, DAYS, "daily"),
        lambda: by_group(RETURNS, ["a"], per_year=252),
        lambda: by_group([0.1, 0.2], ["a", "b"], per_year=252, benchmark=[0.1]),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValidationError):
        call()
