"""Networks taken apart: parts sum to what the network changes, follow what moves it, and need what is served alone."""

from dataclasses import replace

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.checks import toy_panel
from ara.models.families.linear import Ridge
from ara.models.inputs import attached
from ara.models.networks import Gru, Transformer
from ara.models.reasons import of_model
from ara.models.reasons.paths import attention, integrated
from ara.models.reasons.told import log_width, sampled
from tests.models.networks.worlds import featured
from tests.models.panels import fit, last_rows, ranged


@pytest.fixture(scope="module", params=[Gru, Transformer], ids=lambda one: one.family)
def network(request):
    panel = featured(horizons=(1, 5))
    return fit(request.param(epochs=3, window=8, size="tiny"), panel, seed=5), panel


def test_parts_sum_to_what_the_network_changes(network):
    served, panel = network
    row = int(last_rows(panel)[0])
    found = integrated(served, panel, row)
    assert found.names == panel.names
    assert found.gap <= 2e-3
    (values,) = served.predict(panel, np.array([row])).values
    bars = integrated(served, panel, row, by="bar")
    assert bars.names == tuple(map(str, range(8)))
    np.testing.assert_allclose(bars.whole, found.whole)
    np.testing.assert_allclose(bars.parts.sum(axis=0), found.parts.sum(axis=0), atol=4e-3)
    windows = panel.windows(sampled(panel, row), 8)
    assert np.isfinite(windows).all()
    told = of_model(served.head.family, served, panel, row)
    np.testing.assert_allclose(told.width, log_width(values), rtol=1e-6)
    features = {name for name in told.parts if name in panel.names}
    assert features == {name for name, part in zip(found.names, found.parts, strict=True) if part.any()}
    np.testing.assert_allclose(
        sum(told.parts[name] for name in features), found.parts.sum(axis=0), rtol=1e-9, atol=1e-12
    )


def test_a_feature_as_usual_or_unknown_adds_nothing(network):
    served, panel = network
    row = int(last_rows(panel)[0])
    x = panel.x.copy()
    x[:, 2] = 0.5
    x[row - 3 :, 3] = np.nan
    x[: row - 2, 3] = np.nan
    found = integrated(served, replace(panel, x=x), row)
    assert not found.parts[2].any()
    assert not found.parts[3].any()
    assert found.parts[0].any()


def test_what_comes_later_changes_no_reason(network):
    served, panel = network
    row = int(last_rows(panel)[0]) - 20
    x = panel.x.copy()
    x[row + 1 :] = 9.0
    one, two = (integrated(served, some, row) for some in (panel, replace(panel, x=x)))
    np.testing.assert_array_equal(one.parts, two.parts)


def test_where_it_looked_sums_to_one(network):
    served, panel = network
    looked = attention(served, panel, int(last_rows(panel)[0]))
    if served.head.family == "gru":
        assert looked is None
    else:
        assert looked is not None
        assert (looked.shape, looked.sum()) == ((8,), pytest.approx(1.0))
        assert (looked >= 0).all()


def test_who_looks_at_one_bar_is_no_network():
    bare = ranged(toy_panel(bars=300, horizons=(1,)))
    with pytest.raises(ModelError, match="looks at one bar"):
        integrated(fit(Ridge(), bare), attached(bare, Ridge()), 250)
