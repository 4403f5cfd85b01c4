"""A step tells what the batch does, with any parameters, over gaps and rests, and after it was saved."""

import pytest

from ara.features import catalogue
from tests.features.indicators.stepping import bars, chosen, meets

FAMILIES = catalogue.families()
STEPPED = [
    name
    for name in sorted({*FAMILIES["trend"], *FAMILIES["momentum"]})
    if catalogue.get(name).spec.step and catalogue.get(name).spec.params
]


@pytest.mark.parametrize("share", [0.6, 1.5])
@pytest.mark.parametrize("kind", ["moves", "rests", "ties", "gaps"])
@pytest.mark.parametrize("name", STEPPED)
def test_a_step_tells_what_the_batch_does_with_other_parameters(name, kind, share):
    params = chosen(catalogue.get(name).spec, share, turned=share < 1.0)
    meets(name, bars(kind, begins_still=True), params)
