"""A side question that a venue refuses says nothing about how well it answers."""

from ara.data.provider import Kind
from ara.data.sources import Sources
from ara.desk import Desk
from ara.market.symbols import resolve
from ara.settings import Settings
from tests.venues.yahoo import YahooVenue


async def test_a_refused_profile_lowers_no_share_of_answers(tmp_path):
    with YahooVenue() as venue:
        flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers.yahoo.url": venue.url}
        settings = Settings.load(flags | {"data.retries": "0"}, environ={}, folder=tmp_path)
        async with Desk.open(settings, clock=venue.clock) as desk:
            sources = Sources(desk, names=["yahoo"])
            found = await sources.get("yahoo").latest(Kind.FACTS, [resolve("AAPL")])
            row = sources.health().row(0, named=True)
            await sources.close()
        assert any("quoteSummary" in request.path for request in venue.requests)
    assert "sector" in found["field"].to_list()
    assert (row["success"], row["last_error"]) == (1.0, "")
