"""The line on the data never contradicts what stands above it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ara.cli.render.grounds import age, grade


@pytest.fixture
def graded(make_forecast):
    """Give a forecast from bars of a mean quality, whose lineage tells of a worse one where there is one."""

    def graded(mean, whole=None, source="file:own"):
        plain = make_forecast(days=1)
        settings = {**plain.lineage.settings, **({} if whole is None else {"quality": whole})}
        return replace(plain, quality=mean, source=source, lineage=replace(plain.lineage, settings=settings))

    return graded


@pytest.mark.parametrize(
    ("mean", "whole", "said"),
    [
        (1.0, None, "file:own, quality 1.00"),
        (0.999, None, "file:own, quality 0.99"),
        (1.0, 0.66, "file:own, quality 0.66 with what is missing or in doubt, 1.00 by its bars alone"),
        (0.98, 0, "file:own, quality 0.00 with what is missing or in doubt, 0.98 by its bars alone"),
        (0.5, 0.7, "file:own, quality 0.50"),
        (0.29, 0.29, "file:own, quality 0.29"),
    ],
)
def test_the_worst_that_is_known_is_told(graded, mean, whole, said):
    told = graded(mean, whole)
    assert grade(told, told.last, asked=False) == said


@pytest.mark.parametrize(("days", "old"), [(0, False), (4, False), (5, True), (1404, True)])
def test_bars_that_are_old_are_said_to_end(graded, days, old):
    told = graded(1.0)
    today = told.last + timedelta(days=days)
    assert grade(told, today, asked=False) == "file:own, quality 1.00" + "; up to Wed 31 Mar 2021, nothing since" * old
    assert bool(age(told, today, asked=False)) is old
    assert grade(told, today, asked=True) == "file:own, quality 1.00"
    assert age(told, today, asked=True) == ""


def test_the_sample_says_its_age_whether_or_not_it_was_asked(graded):
    told, today = graded(1.0, source="sample"), date(2026, 11, 21)
    assert age(told, today, asked=True) == "From the bundled sample, 5 years and 7 months ago, as asked."
    assert age(told, today, asked=False).endswith("For today: ara data update AAPL")
