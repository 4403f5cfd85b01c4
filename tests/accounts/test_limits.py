import asyncio
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.accounts.limits import Bucket, MemoryLimiter, RedisLimiter
from ara.errors import ValidationError


class HandLimiter(MemoryLimiter):
    """Buckets by a clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0

    def _now(self) -> int:
        return self.at


class Plain:
    """A token bucket as it is told: a counter that is refilled, in whole numbers and fractions."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket, self.held, self.at = bucket, Fraction(bucket.capacity), 0

    def fill(self, at: int) -> None:
        self.held = min(self.held + Fraction(at - self.at, self.bucket.each), Fraction(self.bucket.capacity))
        self.at = at


BUCKETS = st.builds(
    Bucket, name=st.sampled_from("abc"), capacity=st.integers(1, 20), per_second=st.sampled_from([0.5, 1, 7, 100])
)


@given(
    st.lists(BUCKETS, min_size=1, max_size=3, unique_by=lambda one: one.name),
    st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 5)), max_size=30),
)
def test_it_is_a_token_bucket_and_several_are_emptied_together_or_not_at_all(buckets, asks):
    limits, plain = HandLimiter(), [Plain(one) for one in buckets]
    for pause, cost in asks:
        limits.at += pause
        for one in plain:
            one.fill(limits.at)
        enough = all(one.held >= cost for one in plain)
        verdict = asyncio.run(limits.take(buckets, cost))
        assert verdict.allowed == enough
        if enough:
            for one in plain:
                one.held -= cost
        else:
            short = max((cost - one.held) * one.bucket.each for one in plain)
            assert verdict.wait == pytest.approx(float(short) / 1e6, abs=1e-6)
        least = min(plain, key=lambda one: one.held / one.bucket.capacity)
        assert verdict.remaining == math.floor(least.held) or verdict.bucket != least.bucket


async def test_what_is_said_of_the_wait_is_true_to_the_microsecond():
    limits, bucket = HandLimiter(), Bucket(name="a", capacity=3, per_second=2)
    told = [await limits.take([bucket]) for _ in range(4)]
    assert [one.allowed for one in told] == [True, True, True, False]
    assert [one.remaining for one in told] == [2, 1, 0, 0]
    assert told[-1].wait == 0.5
    assert told[-1].headers() == {
        "RateLimit-Limit": "3", "RateLimit-Remaining": "0", "RateLimit-Reset": "2", "Retry-After": "1",
    }  # fmt: skip
    assert "Retry-After" not in told[0].headers()
    limits.at = 499_999
    assert not (await limits.take([bucket])).allowed
    limits.at = 500_000
    assert (await limits.take([bucket])).allowed


async def test_what_can_never_be_asked_for_is_refused_with_a_wait_and_takes_nothing():
    limits, bucket = HandLimiter(), Bucket(name="a", capacity=3, per_second=1)
    assert not (await limits.take([bucket], cost=4)).allowed
    assert (await limits.take([bucket], cost=3)).allowed


async def test_a_process_keeps_no_more_buckets_than_it_may():
    limits = MemoryLimiter(most=10)
    for number in range(50):
        await limits.take([Bucket(name=str(number), capacity=2, per_second=0.001)])
    assert len(limits._full) == 10


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"per_second": 0}, {"per_second": math.inf}, {"per_second": -1}])
def test_a_bucket_that_holds_nothing_is_refused(wrong):
    with pytest.raises(ValidationError):
        Bucket(**{"name": "a", "capacity": 1, "per_second": 1.0, **wrong})


async def test_nothing_is_taken_from_no_bucket_and_no_less_than_one():
    with pytest.raises(ValidationError):
        await MemoryLimiter().take([])
    with pytest.raises(ValidationError):
        await MemoryLimiter().take([Bucket(name="a", capacity=1, per_second=1)], cost=0)


async def test_processes_share_a_bucket_to_the_last_request(redis_url):
    """Four clients race for a bucket: what they get is what it held and what was filled in meanwhile."""
    clients = [RedisLimiter(redis_url) for _ in range(4)]
    bucket = Bucket(name="shared", capacity=50, per_second=200)
    redis = clients[0]._client

    async def micro() -> int:
        seconds, rest = await redis.time()
        return seconds * 1_000_000 + rest

    first = await micro()

    async def race(limits: RedisLimiter) -> int:
        return sum([(await limits.take([bucket])).allowed for _ in range(60)])

    got = sum(await asyncio.gather(*(race(one) for one in clients)))
    left = await clients[0].take([bucket, Bucket(name="other", capacity=10_000, per_second=1)])
    span = await micro() - first
    assert 50 <= got <= 50 + span / bucket.each + 1
    refused = 240 - got
    assert refused > 0 or got == 240
    assert left.bucket == bucket
    for one in clients:
        await one.close()


async def test_redis_and_memory_say_the_same(redis_url):
    shared, alone = RedisLimiter(redis_url), HandLimiter()
    few, many = Bucket(name="few", capacity=3, per_second=1e-4), Bucket(name="many", capacity=9, per_second=1e-4)
    for buckets, cost in (([few, many], 1), ([many], 5), ([few, many], 2), ([few], 2), ([many], 2), ([few, many], 1)):
        theirs, mine = await shared.take(buckets, cost), await alone.take(buckets, cost)
        assert (theirs.allowed, theirs.remaining, theirs.bucket) == (mine.allowed, mine.remaining, mine.bucket)
        assert theirs.wait == pytest.approx(mine.wait, rel=1e-2)
    lives = [await shared._client.pttl(f"{{ara:limits}}:{name}") for name in ("few", "many")]
    assert all(0 < one <= 9e7 for one in lives)
    await shared.close()


async def test_where_redis_is_away_each_process_limits_by_itself(caplog):
    limits, bucket = (
        RedisLimiter("redis://:hidden@127.0.0.1:1/0?password=hidden"),
        Bucket(name="a", capacity=2, per_second=1e-4),
    )
    told = [(await limits.take([bucket])).allowed for _ in range(3)]
    assert told == [True, True, False]
    assert caplog.text.count("The limits go on without Redis at 127.0.0.1:1") == 1
    assert "hidden" not in caplog.text
    await limits.close()
