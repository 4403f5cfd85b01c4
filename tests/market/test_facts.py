from datetime import date

import pytest

from ara.market.facts import fact, facts
from ara.market.instrument import AssetClass
from ara.market.symbols import known


def test_every_share_of_the_sample_has_a_sector_and_an_industry():
    for one in known():
        fields = {found.field for found in facts(one.symbol)}
        assert fields == ({"sector", "industry"} if one.asset_class is AssetClass.STOCK else set())


@pytest.mark.parametrize(
    ("symbol", "field", "day", "value"),
    [
        ("AAPL", "sector", date(2020, 1, 2), "Information Technology"),
        ("AMZN", "industry", date(2023, 3, 19), "Internet & Direct Marketing Retail"),
        ("AMZN", "industry", date(2023, 3, 20), "Broadline Retail"),
        ("AMZN", "sector", date(2023, 3, 20), "Consumer Discretionary"),
        ("XOM", "sector", date(2016, 9, 1), "Energy"),
        ("XOM", "sector", date(2016, 8, 31), None),  # not yet known
        ("XOM", "colour", date(2020, 1, 2), None),
        ("BTC-USD", "sector", date(2020, 1, 2), None),
    ],
)
def test_a_fact_is_known_from_its_day_on(symbol, field, day, value):
    assert fact(symbol, field, day=day) == value


def test_facts_stand_by_date():
    found = facts("AMZN")
    assert [one.since for one in found] == sorted(one.since for one in found)
    assert len(found) == 3
