"""How venues are reached: one `Access` for each provider, which holds all that makes asking reliable.

A provider says by its `Venue` where it asks and how often it may, and gets an `Access` through which it does: `get` for
answers, `messages` for streams. Timeouts, limits of size, retries, the circuit breaker and the limits of the venue are
in there; `ara.data.access.wire` reads what comes.
"""

from ara.data.access.access import Access
from ara.data.access.venue import Limit, Payload, Venue

__all__ = ["Access", "Limit", "Payload", "Venue"]
