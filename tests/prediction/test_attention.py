"""Where a network looked: who, at which bar, and how much."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models.networks import SeqToSeq, Transformer
from ara.models.reasons.paths import looks
from ara.prediction import PredictionEngine
from ara.prediction.attention import attention
from ara.testing import desk
from tests.models.networks.worlds import featured
from tests.models.panels import fit, last_rows


@pytest.mark.parametrize(
    ("model", "names"),
    [(Transformer, [f"head {number}" for number in range(1, 9)]), (SeqToSeq, ["5 ahead", "1 ahead"])],
    ids=lambda one: getattr(one, "family", ""),
)
def test_each_head_or_horizon_has_a_row_that_sums_to_one(model, names):
    panel = featured(bars=120, horizons=(1, 5))
    served = fit(model(epochs=1, window=8, size="tiny"), panel, seed=5)
    asked = replace(panel, horizons=(5, 1)) if model is SeqToSeq else panel
    found = looks(served, asked, int(last_rows(panel)[0]))
    assert found is not None
    assert list(found.names) == names
    assert found.weights.shape == (len(names), 8)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)
    assert found.mean.sum() == pytest.approx(1.0)


async def test_a_forecast_without_a_network_has_none():
    async with desk() as one:
        kept = await PredictionEngine(one).keep("AAPL", 2, as_of="2020-02-20")
        assert await attention(one, kept.id) == []
