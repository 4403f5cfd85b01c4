"""Stand-ins for what is slow, far away or random, for tests of Ara and of plug-ins.

They keep the same promises as the real parts: the provider and the model pass the checks of their rooms, the venue is
a real server on this machine, the desk is a whole desk in memory with the bundled sample.
"""

from ara.testing.clock import FakeClock
from ara.testing.desk import desk
from ara.testing.line import Line
from ara.testing.model import FakeModel
from ara.testing.provider import FakeProvider, Fault
from ara.testing.venue import FakeVenue, Reply, Request

__all__ = ["FakeClock", "FakeModel", "FakeProvider", "FakeVenue", "Fault", "Line", "Reply", "Request", "desk"]
