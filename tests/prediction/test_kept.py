"""Which features in gold nobody needs."""

from datetime import UTC, datetime, timedelta

import polars as pl

from ara.data.lake import Lake
from ara.features import sets
from ara.prediction.kept import drop, idle, shelf

START = datetime(2024, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = START

    def now(self):
        return self.time


ROWS = pl.DataFrame({"x": [1.0, 2.0]})


def test_what_was_of_use_stays(tmp_path):
    clock = Clock()
    lake = Lake.at(tmp_path, clock=clock)
    fast = sets.get("ara-fast").id
    for version in ("used", "left"):
        lake.put_gold(shelf("ara-fast"), ROWS, version=version, lineage={"features": fast})
    lake.put_gold("targets", ROWS, version="1", lineage={})
    clock.time += timedelta(days=60)
    lake.use_gold(shelf("ara-fast"), "used")
    clock.time += timedelta(days=40)
    (found,) = idle(lake, now=clock.now(), unused=timedelta(days=90))
    assert (found.version, found.rows, found.used, found.reason) == ("left", 2, START, "not used since 01 Jan 2024")
    assert len(idle(lake, now=clock.now(), unused=timedelta(days=40))) == 2
    drop(lake, [found])
    assert lake.golds().select("name", "version").rows() == [("features_ara_fast", "used"), ("targets", "1")]
    assert lake.verify().ok
    drop(lake, idle(lake, now=clock.now(), unused=timedelta(days=1)))
    assert lake.golds()["name"].to_list() == ["targets"]
    lake.put_gold(shelf("ara-fast"), ROWS, version="left", lineage={"features": fast})
    assert lake.gold(shelf("ara-fast"), version="left").equals(ROWS)


def test_a_shipped_set_that_has_changed_leaves_nothing_behind(tmp_path):
    lake = Lake.at(tmp_path, clock=Clock())
    lake.put_gold(shelf("ara-fast"), ROWS, version="1", lineage={"features": "what it was"})
    lake.put_gold(shelf("my-own"), ROWS, version="1", lineage={"features": "what it was"})
    (found,) = idle(lake, now=START, unused=timedelta(days=1))
    assert (found.name, found.reason) == ("features_ara_fast", "the set has changed since")
