import asyncio
import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ara.clock import SystemClock
from ara.data.access import Access
from ara.data.access.board import Board
from ara.data.access.throttle import adopt, confirm, pause, paused, reserve, settle
from ara.data.access.venue import Limit, Venue
from ara.data.waiting import telling
from ara.errors import ValidationError
from ara.testing import Reply


class Hand:
    """A board whose clock is set by hand."""

    def __init__(self, start=1_000_000.0):
        self.now = start
        self.board = Board(now=lambda: self.now)

    def confirm(self, *limits, reserved, weight=1):
        return self.board.run(
            lambda connection, now: confirm(
                connection, now, bucket="acme", limits=limits, weight=weight, reserved=reserved
            )
        )

    def settle(self, *limits, reserved, weight=1):
        self.board.run(
            lambda connection, now: settle(
                connection, now, bucket="acme", limits=limits, weight=weight, reserved=reserved
            )
        )

    def take(self, *limits, weight=1, patience=math.inf, earliest=0.0, bucket="acme"):
        return self.board.run(
            lambda connection, now: reserve(
                connection, now, bucket=bucket, limits=limits, weight=weight, patience=patience, earliest=earliest
            )
        )


def most_in_a_window(times, seconds):
    """The largest sum of weights in any half-open window of that length."""
    return max((sum(w for t, w in times if start <= t < start + seconds) for start, _ in times), default=0)


@given(
    requests=st.integers(1, 12),
    seconds=st.sampled_from([0.5, 1.0, 10.0, 60.0]),
    asks=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 12)), max_size=60),
)
@example(requests=5, seconds=60.0, asks=[(0.0, 1)] * 12)
def test_no_window_ever_holds_more_than_the_limit_and_nobody_overtakes(requests, seconds, asks):
    hand = Hand()
    limit = Limit(requests=requests, seconds=seconds)
    granted = []
    for pause_before, weight in asks:
        hand.now += pause_before
        wait, taken = hand.take(limit, weight=min(weight, requests))
        assert taken
        assert wait >= 0
        granted.append((hand.now + wait, min(weight, requests)))
    slot = seconds / 32
    assert most_in_a_window(granted, seconds) <= requests
    assert all(late[0] >= early[0] - slot for early, late in pairwise(granted))


@given(st.lists(st.floats(0, 5), max_size=40))
def test_all_limits_hold_at_once(pauses):
    hand = Hand()
    limits = (Limit(requests=3, seconds=2), Limit(requests=7, seconds=30))
    granted = []
    for step in pauses:
        hand.now += step
        granted.append((hand.now + hand.take(*limits)[0], 1))
    assert most_in_a_window(granted, 2) <= 3
    assert most_in_a_window(granted, 30) <= 7


def test_the_limit_is_used_up_before_anybody_waits():
    hand = Hand()
    limit = Limit(requests=5, seconds=60)
    assert [hand.take(limit) for _ in range(5)] == [(0.0, True)] * 5
    wait, taken = hand.take(limit)
    assert taken
    assert 60 <= wait <= 63
    hand.now += 63
    assert [hand.take(limit)[0] for _ in range(4)] == [0.0] * 4, "one of the five is for who waited"


def test_a_longer_wait_than_patience_takes_nothing():
    hand = Hand()
    limit = Limit(requests=1, seconds=100)
    hand.take(limit)
    wait, taken = hand.take(limit, patience=50)
    assert (taken, wait > 50) == (False, True)
    assert hand.take(limit, patience=50)[0] == wait


def test_buckets_are_apart_and_without_limits_nobody_waits():
    hand = Hand()
    limit = Limit(requests=1, seconds=10)
    assert hand.take(limit)[0] == hand.take(limit, bucket="other")[0] == 0.0
    assert [hand.take() for _ in range(3)] == [(0.0, True)] * 3
    assert hand.take(earliest=4.0) == (4.0, True)


def test_who_waited_waits_on_where_those_before_were_slow():
    hand = Hand()
    limit = Limit(requests=2, seconds=1.0)
    first = [hand.now + hand.take(limit)[0] for _ in range(2)]
    third = hand.now + hand.take(limit)[0]
    hand.now += 0.5
    for reserved in first:
        hand.settle(limit, reserved=reserved)
    hand.now = third
    wait = hand.confirm(limit, reserved=third)
    assert hand.now + wait >= first[0] + 0.5 + 1.0
    hand.now += wait
    assert hand.confirm(limit, reserved=hand.now) == 0.0
    assert hand.take(limit)[0] == 0.0
    assert hand.take(limit)[0] > 0.9, "both tokens are out again"


def test_a_reservation_further_behind_is_not_in_the_way():
    hand = Hand()
    limit = Limit(requests=1, seconds=1.0)
    waits = [hand.take(limit)[0] for _ in range(3)]
    begun = hand.now
    hand.now = begun + waits[1]
    assert hand.confirm(limit, reserved=begun + waits[1]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 3)), min_size=1, max_size=30))
def test_the_limit_holds_for_slow_answers_too(steps):
    """Requests come after a pause and are answered after a while; the venue sees each at the worst moment for us."""
    hand = Hand()
    limit = Limit(requests=3, seconds=2.0)
    seen, busy = [], []
    for before, latency in steps:
        hand.now += before
        for end, reserved in sorted(busy):
            if end <= hand.now:
                hand.settle(limit, reserved=reserved)
        busy = [each for each in busy if each[0] > hand.now]
        wait, _ = hand.take(limit)
        reserved = hand.now + wait
        while wait > 0:
            hand.now += wait
            for end, other in sorted(busy):
                if end <= hand.now:
                    hand.settle(limit, reserved=other)
            busy = [each for each in busy if each[0] > hand.now]
            wait = hand.confirm(limit, reserved=reserved)
            reserved = hand.now + wait
        quick = min(latency, 0.2)
        seen.append((hand.now, 1))
        busy.append((hand.now + quick, reserved))
    assert most_in_a_window(seen, 2.0) <= 3


@pytest.mark.parametrize("back", [30.0, 3_600.0, 10 * 365 * 86_400.0])
def test_a_clock_that_is_set_back_costs_no_more_than_patience(back):
    hand = Hand(2e9)
    limit = Limit(requests=2, seconds=60)
    for _ in range(6):
        hand.take(limit, patience=120)
    hand.now -= back
    wait, taken = hand.take(limit, patience=120)
    assert (taken, wait <= 120) == (True, True) if back > 120 else not taken or wait <= 120
    hand.now += 200
    assert hand.take(limit, patience=120) == (0.0, True)


def test_a_clock_that_jumps_ahead_frees_all():
    hand = Hand()
    limit = Limit(requests=1, seconds=60)
    hand.take(limit)
    hand.now += 1e9
    assert hand.take(limit) == (0.0, True)


def test_what_is_kept_stays_small():
    hand = Hand()
    for _ in range(1_000):
        hand.now += 0.7
        hand.take(Limit(requests=6_000, seconds=60))
    rows = hand.board.run(lambda connection, _: connection.execute("SELECT count(*) FROM tokens").fetchone()[0])
    assert rows <= 36


def test_a_weight_beyond_the_limit_can_never_be_served():
    with pytest.raises(ValidationError, match="weight 6 can't be made: 5 are allowed"):
        Hand().take(Limit(requests=5, seconds=1), weight=6)


@pytest.mark.parametrize(("requests", "seconds"), [(0, 1), (1, 0), (1, -1), (1, math.inf), (1, math.nan)])
def test_a_limit_of_nothing_is_none(requests, seconds):
    with pytest.raises(ValidationError, match="is no limit"):
        Limit(requests=requests, seconds=seconds)


def test_a_pause_ends_and_is_bounded():
    hand = Hand()
    assert hand.board.run(lambda connection, now: paused(connection, now, bucket="acme")) == 0
    hand.board.run(lambda connection, now: pause(connection, now, bucket="acme", seconds=1e9))
    left = hand.board.run(lambda connection, now: paused(connection, now, bucket="acme"))
    assert left == 86_400
    hand.now -= 1
    assert hand.board.run(lambda connection, now: paused(connection, now, bucket="acme")) == 0, "the clock went back"
    hand.now += 86_402
    assert hand.board.run(lambda connection, now: paused(connection, now, bucket="acme")) == 0


async def test_a_wait_for_a_limit_is_told_with_the_limit(venue, reach):
    venue.on("/x", body=b"1")
    access = reach(limits=(Limit(requests=500, seconds=86_400), Limit(requests=1, seconds=1.2)))
    heard = []
    with telling(heard.append):
        for _ in range(2):
            await access.get("/x")
    assert [(one.source, one.why) for one in heard] == [("acme", "1 request in 1.2 s")]
    assert heard[0].words == "Waiting 2 s for acme: 1 request in 1.2 s."
    assert [str(Limit(requests=count, seconds=60)) for count in (1, 6000)] == [
        "1 request a minute",
        "6,000 requests a minute",
    ]


@pytest.mark.parametrize(("used", "free"), [(1, 8), (2, 8), (9, 1), (10, 0), (10**9, 0)])
def test_what_the_venue_has_counted_counts_here_too(used, free):
    minute, day = Limit(requests=10, seconds=60), Limit(requests=100, seconds=86_400)
    board, told = Board(), {"bucket": "acme", "limits": [minute, day]}
    board.run(lambda connection, _: reserve(connection, 1000.0, **told, weight=2))
    for _ in range(2):  # told twice, counted once
        board.run(lambda connection, _: adopt(connection, 1001.0, **told, seconds=60, used=used))
    given = [board.run(lambda connection, _: reserve(connection, 1001.0, **told, patience=0))[1] for _ in range(12)]
    assert given == [True] * free + [False] * (12 - free)
    wait, _ = board.run(lambda connection, _: reserve(connection, 1001.0, **told))
    assert 55 < wait < 65
    later = board.run(lambda connection, _: reserve(connection, 1070.0, **told, patience=0))
    assert later == (0.0, True)


async def test_a_header_of_the_venue_slows_us_before_it_refuses(venue):
    used = iter([5, 5999, 6000])
    venue.on("/x", handler=lambda _: Reply(body=b"1", headers={"X-MBX-USED-WEIGHT-1M": str(next(used))}))
    limits = (Limit(requests=6000, seconds=60.0),)
    counting = Venue(name="acme", url=venue.url, limits=limits, counters={"x-mbx-used-weight-1m": 60.0})
    access = Access(counting, clock=SystemClock(), retries=0)
    for _ in range(3):
        await access.get("/x")
    heard, waits = [], asyncio.Event()
    with telling(lambda wait: (heard.append(wait), waits.set())):
        asking = asyncio.create_task(access.get("/x"))
        await asyncio.wait_for(waits.wait(), 30)
        asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (len(venue.requests), heard[0].seconds > 50, heard[0].why) == (3, True, "6,000 requests a minute")
    await access.close()


@pytest.mark.parametrize("text", ["", "-1", "many", "5.5", "٣"])
async def test_a_senseless_count_is_passed_over(venue, text):
    venue.on("/x", Reply(body=b"1", headers={"X-Used": text.encode().decode("latin-1")}))
    counting = Venue(name="acme", url=venue.url, limits=(Limit(requests=3, seconds=60),), counters={"x-used": 60})
    access = Access(counting, clock=SystemClock(), retries=0)
    assert [await access.get("/x") for _ in range(3)] == [b"1"] * 3
    await access.close()
