"""What a recipe says of itself, and how often its family is fitted."""

import numpy as np
import pytest

from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until
from ara.models.months import months_of
from ara.prediction.compute import Recipe, compute


def test_a_family_that_is_not_registered_answers_as_it_is():
    panel = toy_panel()
    rows = np.flatnonzero(panel.known_at == panel.known_at[450])
    plain, quick = compute(panel, rows, Recipe()), compute(panel, rows, Recipe(made=EwmaT(decay=0.85)))
    assert not np.array_equal(plain.quantiles.values, quick.quantiles.values)
    assert Recipe(made=EwmaT(decay=0.85)).described()["ewma_t"]["params"] == {"decay": 0.85}


def test_only_another_rhythm_is_cited():
    assert "refit" not in Recipe().described()["ewma_t"]
    assert Recipe(refit="quarter").described()["ewma_t"]["refit"] == "quarter"
    assert Recipe(refit="month").described() == Recipe().described()


@pytest.mark.parametrize(("period", "every"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_answers_are_those_of_the_fit_of_the_period(period, every):
    panel = toy_panel()
    rows = np.arange(430, 500)
    told = compute(panel, rows, Recipe(refit=period)).quantiles.values
    begins = months_of(panel.known_at[rows], every=every)
    for place in (0, 35, 69):
        fitted = fit_until(EwmaT(), panel, int(begins[place]), seed=0)
        assert np.array_equal(told[place], fitted.predict(panel, rows[place : place + 1]).values[0])
