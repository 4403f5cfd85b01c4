"""Which source a socket follows."""

import pytest

from ara.api.sockets.overheard import live_source
from ara.data.feed import MarketData
from ara.market.timeframe import DAY
from ara.settings import Settings
from ara.testing import desk


@pytest.mark.parametrize(("key", "followed"), [("", "yahoo"), ("abc", "polygon")])
async def test_a_source_without_its_key_is_not_followed_in_the_place_of_one_that_is_away(tmp_path, key, followed):
    given = {"data.providers.polygon.key": key} if key else {}
    chosen = {"home": str(tmp_path), "log.level": "error", "data.online": "yahoo,polygon", **given}
    async with desk(settings=Settings.load(chosen, environ={}, folder=tmp_path)) as one, MarketData(one) as market:
        market.online.report("yahoo", quality=0.0, freshness=1e7)
        apple = await market.instrument("AAPL")
        assert market.online.live(apple) == ["polygon", "yahoo"]
        assert live_source(market, apple, DAY).name == followed
