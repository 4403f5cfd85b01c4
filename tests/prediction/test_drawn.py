"""Reasons by permutation: said to the reader, part of the id, and still a sum."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ara.data.feed import MarketData
from ara.market.symbols import resolve
from ara.prediction.compute import Recipe
from ara.prediction.outlook import outlook
from ara.testing import desk

SAID = "its reasons are shares by permutation: exact in their sum, drawn in their split"


@pytest.mark.parametrize(("model", "drawn"), [("quantile_regression", True), ("ewma_t", False)])
async def test_a_forecast_says_whether_its_reasons_were_drawn(model: str, *, drawn: bool) -> None:
    async with desk() as one, MarketData(one) as market:
        whole = await market.bars(resolve("AAPL"), as_of=datetime(2013, 1, 2, tzinfo=UTC))
    bars = replace(whole, frame=whole.frame.tail(400))
    told, silent = (outlook(bars, 2, Recipe(model=model), why=why) for why in (True, False))
    assert (SAID in told.warnings, "drawn" in told.lineage.settings) == (drawn, drawn)
    assert SAID not in silent.warnings
    assert "drawn" not in silent.lineage.settings
    for day, other in zip(told.days, silent.days, strict=True):
        assert day.quantiles == other.quantiles
        assert len(day.factors) > 1
        assert math.fsum(one.contribution for one in day.factors) == pytest.approx(day.wider, abs=1e-9)
