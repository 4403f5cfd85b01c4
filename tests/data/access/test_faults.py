"""Whatever a venue does, the answer is the right body or an error in words, soon, and after few requests."""

import asyncio
import gzip

import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.clock import SystemClock
from ara.data.access import Access, Venue
from ara.data.access.wire import decode
from ara.errors import DataProviderError, UnknownSymbolError
from ara.testing import FakeVenue, Reply

RIGHT = Reply.json({"close": "122.15"})
FAULTS = {
    "right": RIGHT,
    "packed": Reply(body=gzip.compress(RIGHT.body), headers={"Content-Encoding": "gzip"}),
    "dropped": Reply(fault="dropped"),
    "truncated": Reply(body=RIGHT.body, fault="truncated"),
    "slow": Reply(body=RIGHT.body * 4, fault="slow"),
    "late": Reply(body=RIGHT.body, delay=0.5),
    "endless": Reply(body=b"x" * 65_536, fault="endless"),
    "bomb": Reply(fault="bomb"),
    "empty": Reply(),
    "page": Reply(body=b"<html>maintenance</html>"),
    "half": Reply(body=RIGHT.body[:9]),
    "noise": Reply(body=bytes(range(256))),
    "away": Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "packed wrongly": Reply(body=b"x", headers={"Content-Encoding": "gzip"}),
    **{f"{status}": Reply(status=status, body=b"no") for status in (400, 401, 404, 418, 429, 500, 502, 503, 522)},
    "429 long": Reply(status=429, headers={"Retry-After": "9999"}),
    "429 short": Reply(status=429, headers={"Retry-After": "0"}),
    "304": Reply(status=304),
}


@pytest.fixture
def impatient():
    """No waits between attempts."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6))
def test_any_script_of_faults_ends_well_or_in_words(impatient, script):
    async def ask(url):
        access = Access(Venue(name="acme", url=url), clock=SystemClock(), timeout=0.2, retries=3, max_mb=1)
        outcomes = []
        for _ in range(3):
            try:
                outcomes.append(decode(await access.get("/x", missing="AAPL"), source="acme"))
            except (DataProviderError, UnknownSymbolError) as error:
                outcomes.append(error.message)
        await access.close()
        return outcomes

    with FakeVenue() as venue:
        for fault in script:
            venue.on("/x", FAULTS[fault])
        outcomes = asyncio.run(asyncio.wait_for(ask(venue.url), 30))
        assert len(venue.requests) <= 3 * 4
    said = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert all(words.startswith("acme") and len(words) < 300 for words in said)
    assert all(outcome == {"close": "122.15"} for outcome in outcomes if not isinstance(outcome, str))
    if all(fault in {"right", "packed"} for fault in script):
        assert said == []
