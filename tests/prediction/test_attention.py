"""Where a network looked: who, at which bar, and how much."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ara.data.feed import MarketData
from ara.market.symbols import resolve
from ara.models.inputs import attached
from ara.models.networks import SeqToSeq, Transformer
from ara.models.panel import Panel
from ara.models.reasons.paths import looks
from ara.models.registry.loading import Artefact
from ara.prediction import PredictionEngine
from ara.prediction.attention import attention, looked
from ara.prediction.compute import Recipe
from ara.prediction.replay import Made
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


async def test_bars_are_dated_and_each_row_is_what_the_graph_says(tmp_path):
    async with desk() as one, MarketData(one) as market:
        bars = await market.bars(resolve("AAPL"), as_of=datetime(2013, 1, 2, tzinfo=UTC))
    model, short = Transformer(epochs=1, window=8, size="tiny"), replace(bars, frame=bars.frame.tail(260))
    panel = attached(Panel.build([short], (1, 2)), model)
    served = fit(model, panel, seed=5)
    served.save(tmp_path)
    recipe = Recipe(model="transformer", artefact=Artefact(id="a", folder=tmp_path, family="transformer", trained_to=0))
    (found,) = looked(Made(bars=short, context=(), recipe=recipe, days=2))
    assert found.network == "transformer"
    assert list(found.dates) == short.dates()[-8:]
    look = looks(served, panel, len(panel) - 1)
    assert look is not None
    np.testing.assert_allclose(found.weights, look.weights, rtol=1e-5)
    assert sum(found.mean) == pytest.approx(1.0)
    told = found.as_dict()
    assert (told["dates"][-1], len(told["weights"])) == (short.dates()[-1].isoformat(), 8)
    assert looked(Made(bars=short, context=(), recipe=Recipe(), days=2)) == []


async def test_a_forecast_without_a_network_has_none():
    async with desk() as one:
        kept = await PredictionEngine(one).keep("AAPL", 2, as_of="2020-02-20")
        assert await attention(one, kept.id) == []


async def test_of_a_forecast_by_a_fit_no_network_is_asked():
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL", 1, model="ewma_t")
        assert await attention(one, forecast.id) == []
