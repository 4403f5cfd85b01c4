"""A step tells what the batch does, with any parameters, over gaps and rests, and after it was saved."""

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.indicators.statistical.terms import settle, settled
from tests.features.indicators.stepping import bars, chosen, meets

# Where all but a few bars of a window stood still, their regressions take as many figures as there are bars that moved:
# what is left over is rounding, all at once and bar by bar.
FITTED = ("adf", "beta_up_down", "half_life")

STEPPED = [name for name in catalogue.names() if catalogue.get(name).spec.step and catalogue.get(name).spec.params]
KINDS = ("moves", "rests", "ties", "gaps")
CASES = [(name, kind) for name in STEPPED for kind in KINDS if kind != "rests" or name not in FITTED]


@pytest.mark.parametrize("share", [0.6, 1.5])
@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name}-{kind}" for name, kind in CASES])
def test_a_step_tells_what_the_batch_does_with_other_parameters(name, kind, share):
    found = bars(kind)
    if kind == "ties":
        found["other"] = np.round(found["other"], -1)
    meets(name, found, chosen(catalogue.get(name).spec, share))


def test_what_rounding_leaves_of_a_variance_is_told_from_the_largest_square_so_far():
    variances, squares, most, told = [1e-5, 0.5, 1e-13, 1e-5, 1e-27], [1e-4, 1.0, 1e-4, 1e-4, 1e-27], 0.0, []
    for variance, square in zip(variances, squares, strict=True):
        most, kept = settle(most, variance, square)
        told.append(kept)
    assert told == settled(np.array(variances), np.array(squares)).tolist() == [1e-5, 0.5, 0.0, 1e-5, 0.0]
