"""A day's share of forecasts and jobs: exact however many ask at once, anew at midnight, what failed taken back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ara.accounts import Accounts
from ara.accounts.quota import Quota
from ara.errors import QuotaError
from ara.jobs import Queue, Score
from ara.jobs.work import Drift

DAY = {"accounts_free.per_day": "40", "accounts_free.jobs_per_day": "3"}


async def some(quota: Quota, user, what, times: int) -> int:
    """Ask one by one, and say how many were allowed."""
    allowed = 0
    for _ in range(times):
        try:
            await quota.spend(user, what)
        except QuotaError:
            continue
        allowed += 1
    return allowed


async def test_those_who_ask_at_once_get_as_many_as_there_are(opened, url):
    async with opened(url, **DAY) as one, opened(url, **DAY) as two:
        user = await Accounts(one).users.add("ada@example.org")
        desks = (one, one) if url == "memory:" else (one, two)
        asking = [some(Quota(desks[number % 2]), user, "forecasts", 6) for number in range(10)]
        assert sum(await asyncio.gather(*asking)) == 40
        forecasts, jobs = await Quota(one).of(user)
    assert (forecasts.used, forecasts.left, jobs.used, jobs.left) == (40, 0, 0, 3)


async def test_a_day_ends_at_midnight_and_the_refusal_says_how_long_that_is(opened, clock):
    async with opened("memory:", **DAY) as desk:
        accounts = Accounts(desk)
        user, quota = await accounts.users.add("ada@example.org"), accounts.quota
        spent = await quota.spend(user, "forecasts", 39)
        with pytest.raises(QuotaError, match="1 are left") as refused:
            await quota.spend(user, "forecasts", 2)
        midnight = datetime.combine(clock.now().astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
        wait = (midnight - clock.now()).total_seconds()
        assert refused.value.context["retry_after"] == wait
        told = refused.value.context["headers"]
        assert told["RateLimit-Policy"] == '"forecasts";q=40;w=86400'
        assert told["RateLimit"] == f'"forecasts";r=1;t={wait:.0f}'
        assert (told["RateLimit-Limit"], told["RateLimit-Remaining"], told["Retry-After"]) == ("40", "1", f"{wait:.0f}")
        clock.on(seconds=wait - 1)
        assert (await quota.of(user))[0].used == 39
        clock.on(seconds=1)
        assert (await quota.of(user))[0].used == 0
        assert (await quota.spend(user, "forecasts", 40)).left == 0
        await quota.give_back(spent, 39)  # of the day before
        assert [one.used for one in await quota.of(user)] == [40, 0]
        assert await quota.clean() == 0
        clock.on(days=2)
        assert await quota.clean() == 2


async def test_what_is_taken_back_may_be_asked_for_again_and_no_more(opened):
    async with opened("memory:", **DAY) as desk:
        accounts = Accounts(desk)
        user, quota = await accounts.users.add("ada@example.org"), accounts.quota
        spent = await quota.spend(user, "forecasts", 40)
        await quota.give_back(spent, 2)
        assert await some(quota, user, "forecasts", 5) == 2
        await quota.give_back(spent, 99)
        assert (await quota.of(user))[0].used == 0


async def test_another_tier_counts_at_once_and_an_erased_user_leaves_nothing(opened):
    async with opened("memory:", **DAY, **{"accounts_pro.per_day": "60"}) as desk:
        accounts = Accounts(desk)
        await accounts.users.add("root@example.org", role="admin")
        user, quota = await accounts.users.add("ada@example.org"), accounts.quota
        await quota.spend(user, "forecasts", 40)
        pro = await accounts.users.change(user.id, tier="pro")
        assert (await quota.spend(pro, "forecasts", 20)).left == 0
        await accounts.erase(user.id)
        assert (await quota.of(user))[0].used == 0


async def test_a_job_counts_with_its_place_in_the_line_and_the_same_again_does_not(opened, url):
    async with opened(url, **DAY) as desk:
        accounts = Accounts(desk)
        user, quota, queue = await accounts.users.add("ada@example.org"), accounts.quota, Queue(desk)

        async def add(work, **more):
            return await queue.add(
                work, account=user.id, most=9, counted=lambda: quota.spend_once(user, "jobs"), **more
            )

        first = await add(Score(), key="the key")
        assert (await add(Score(), key="the key")).id == first.id
        await asyncio.gather(add(Drift(symbols=("AAPL",))), add(Drift(symbols=("MSFT",))))
        with pytest.raises(QuotaError, match="3 jobs a day; 0 are left"):
            await add(Drift(symbols=("TSLA",)))
        assert len(await queue.all()) == 3
        assert [one.used for one in await quota.of(user)] == [0, 3]
