from datetime import timedelta

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ara.data.cache.frames import Kept
from ara.data.cache.memory import Memory
from tests.data.cache.conftest import NOON, frame

NAMES = st.integers(0, 9)
ROWS = st.sampled_from([1, 10, 100, 300])
BUDGET = 8_000


def size_of(of):
    return int(of.estimated_size()) + 512 + 128 * of.width


class AgainstAModel(RuleBasedStateMachine):
    """A list, the least recently used first, is all that the model has."""

    def __init__(self):
        super().__init__()
        self.memory = Memory(BUDGET)
        self.model = []
        self.now = NOON

    @rule(name=NAMES, rows=ROWS, seconds=st.integers(0, 40))
    def put(self, name, rows, seconds):
        value = frame(rows, close=float(name + rows))
        until = self.now + timedelta(seconds=seconds)
        self.memory.put(f"n{name}", f"s{name % 3}", Kept(frame=value, at=self.now, until=until), self.now)
        self.model = [row for row in self.model if row[0] != name]
        if size_of(value) > BUDGET or seconds == 0:
            return
        self.model = [row for row in self.model if row[3] > self.now]
        while sum(size_of(row[1]) for row in self.model) + size_of(value) > BUDGET:
            self.model.pop(0)
        self.model.append((name, value, self.now, until))

    @rule(name=NAMES)
    def get(self, name):
        found = self.memory.get(f"n{name}", self.now)
        row = next((row for row in self.model if row[0] == name), None)
        if row is None or not row[2] <= self.now < row[3]:
            assert found is None
            self.model = [other for other in self.model if other is not row]
            return
        assert found.equals(row[1])
        self.model = [other for other in self.model if other is not row] + [row]

    @rule(seconds=st.integers(-5, 30))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(which=st.one_of(st.none(), st.integers(0, 2)))
    def drop(self, which):
        gone = [row for row in self.model if which in (None, row[0] % 3)]
        assert self.memory.drop(None if which is None else f"s{which}") == len(gone)
        self.model = [row for row in self.model if row not in gone]

    @invariant()
    def the_books_are_right(self):
        assert self.memory.bytes == sum(size_of(row[1]) for row in self.model) <= BUDGET
        assert len(self.memory) == len(self.model)


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)


def test_many_renewals_leave_no_trail():
    memory = Memory(10**6)
    for number in range(5_000):
        now = NOON + timedelta(milliseconds=number)
        memory.put("one", "AAPL", Kept(frame=frame(2), at=now, until=now + timedelta(hours=1)), now)
    assert len(memory._ends) <= 66
    assert (len(memory), memory.evicted) == (1, 0)


def test_what_is_stale_leaves_before_what_is_old():
    one = pl.DataFrame({"x": [0.0] * 100})
    memory = Memory(3 * size_of(one))
    for name, seconds in (("old", 60), ("stale", 1), ("third", 60)):
        memory.put(name, name, Kept(frame=one, at=NOON, until=NOON + timedelta(seconds=seconds)), NOON)
    later = NOON + timedelta(seconds=2)
    memory.put("new", "new", Kept(frame=one, at=later, until=later + timedelta(seconds=9)), later)
    assert memory.get("old", later) is not None
    assert (memory.evicted, memory.expired) == (0, 1)
