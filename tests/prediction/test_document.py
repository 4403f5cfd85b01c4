import json
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import IntegrityError
from ara.lineage import Lineage, canonical
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right
from ara.models.quantiles import LEVELS
from ara.prediction.document import from_document, to_document
from ara.prediction.forecast import Day, Factor, Forecast


def forecast(*, close=122.15, spread=0.015, option=None, regime=None, text="Apple Inc."):
    day = Day(
        number=1,
        date=date(2021, 4, 1),
        at=datetime(2021, 4, 1, 20, tzinfo=UTC),
        close=close,
        quantiles=tuple(NormalDist(0, spread).inv_cdf(level) for level in LEVELS),
        p_up=0.5,
        confidence=0.74,
        usual_move=0.029,
        factors=(Factor(name="volatility", value=1.0, contribution=0.18, description=text),),
    )
    instrument = Instrument(
        symbol="AAPL",
        name=text,
        asset_class=AssetClass.STOCK if option is None else AssetClass.OPTION,
        venue="NASDAQ",
        currency="USD",
        calendar="XNYS",
        timezone="America/New_York",
        tick=Decimal("0.010"),
        lot=Decimal("1"),
        option=option,
    )
    return Forecast(
        instrument=instrument,
        as_of=datetime(2021, 3, 31, 20, 0, 0, 123456, tzinfo=UTC),
        last=date(2021, 3, 31),
        close=close,
        model="ewma_t",
        days=(day,),
        source="sample",
        quality=1.0,
        regime=regime,
        warnings=("old",),
        degraded=("simple",),
        lineage=Lineage(data="ab", models={"ewma_t": {"spans": [1, 2.5]}}, seed=3, engine="1", platform={"cpu": "x"}),
    )


TERMS = OptionTerms(
    underlying="AAPL", expiry=date(2021, 6, 18), strike=Decimal("125.00"), right=Right.CALL, multiplier=Decimal(100)
)


@pytest.mark.parametrize("option", [None, TERMS])
@pytest.mark.parametrize("regime", [None, {"name": "calm", "probability": 0.62, "path": [1, 2]}])
def test_a_forecast_comes_back_as_it_was(option, regime):
    before = forecast(option=option, regime=regime)
    assert from_document(to_document(before)) == before
    assert from_document(json.loads(canonical(to_document(before)))) == before


@given(st.floats(1e-6, 1e7), st.floats(1e-6, 2), st.text())
def test_every_bit_survives_canonical_json(close, spread, text):
    before = forecast(close=close, spread=spread, text=text.encode("utf-8", "ignore").decode())
    after = from_document(json.loads(canonical(to_document(before))))
    assert after == before
    assert canonical(to_document(after)) == canonical(to_document(before))


def test_derived_figures_stand_beside_their_source():
    before = forecast()
    (day,) = to_document(before)["days"]
    (source,) = before.days
    assert day["price"] == source.price == day["quantiles"]["0.5"]
    assert day["return"] == source.change
    assert tuple(day["band_80"]) == source.band_80
    assert tuple(day["band_95"]) == source.band_95
    assert len(day["quantiles"]) == len(day["log_returns"]) == len(LEVELS)
    assert list(day["quantiles"].values()) == [source.price_at(level) for level in LEVELS]
    assert to_document(before)["as_of"] == "2021-03-31T20:00:00.123456Z"


def test_the_document_is_its_own_copy():
    before = forecast(regime={"path": [1]})
    to_document(before)["regime"]["path"].append(2)
    assert before.regime == {"path": [1]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "schema 2"),
        ({"id": "00"}, "says id 00"),
        ({"close": "x"}, "could not convert"),
        ({"as_of": "2021-03-31T20:00:00"}, "no zone"),
        ({"tick": "x"}, "can't be read"),
        ({"asset_class": "stamp"}, "stamp"),
        ({"days": [{}]}, "'day'"),
        ({"lineage": {"data": "x"}}, "engine"),
    ],
)
def test_what_is_no_forecast_is_named(change, said):
    with pytest.raises(IntegrityError, match=said):
        from_document({**to_document(forecast()), **change})


def test_a_missing_level_is_named():
    document = to_document(forecast())
    document["days"][0]["log_returns"].pop()
    with pytest.raises(IntegrityError, match="24 log returns"):
        from_document(document)


def test_a_forecast_whose_parts_were_edited_is_not_that_forecast():
    document = to_document(forecast())
    document["lineage"]["seed"] = 4
    with pytest.raises(IntegrityError, match="its lineage gives"):
        from_document(document)
