import pytest

from ara.clock import SystemClock
from ara.data.access import Access, Venue
from ara.testing import FakeVenue


@pytest.fixture
def venue():
    with FakeVenue() as opened:
        yield opened


@pytest.fixture
async def reach(venue):
    """Makes an access to the fake venue; all are closed at the end."""
    opened = []

    def make(*, limits=(), key_needed=False, key_words="", **parts):
        known = Venue(name="acme", url=venue.url, limits=limits, key=key_needed, key_words=key_words)
        parts = {"clock": SystemClock(), "timeout": 5.0, "retries": 0, **parts}
        opened.append(Access(known, **parts))
        return opened[-1]

    yield make
    for access in opened:
        await access.close()
