"""Belief in a key that was valid a moment ago: ended at once by this process, within the second by others."""

import asyncio
import sys

import pytest
from msgspec.structs import replace

from ara.accounts import Accounts, Key, User
from ara.accounts.trust import Trust, heard, voided
from ara.data.cache.redis_tier import connect
from ara.errors import UnauthenticatedError
from ara.store import changed


async def test_what_another_process_revokes_is_refused_within_the_second(opened, clock):
    async with opened("memory:") as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org", role="trader")
        key, secret = await accounts.keys.make(ada, name="desk")
        text = secret.reveal()
        assert (await accounts.authenticate(text)).user == ada
        now = clock.now()
        await changed(desk.store, Key, key.id, lambda old: replace(old, revoked_at=now))  # as by another process
        clock.on(seconds=0.9)
        assert (await accounts.authenticate(text)).user == ada
        clock.on(seconds=0.1)
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(text)


async def test_a_clock_that_is_set_back_ends_belief(accounts, clock):
    ada = await accounts.users.add("ada@example.org")
    key, secret = await accounts.keys.make(ada, name="desk")
    await accounts.authenticate(secret.reveal())
    store, now = accounts.keys._desk.store, clock.now()
    await changed(store, Key, key.id, lambda old: replace(old, revoked_at=now))
    clock.on(hours=-1)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(secret.reveal())


async def test_where_nothing_is_believed_every_change_counts_at_once(opened, clock):
    async with opened("memory:", api_trust_seconds="0") as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org")
        key, secret = await accounts.keys.make(ada, name="desk")
        await accounts.authenticate(secret.reveal())
        await changed(desk.store, Key, key.id, lambda old: replace(old, revoked_at=clock.now()))
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(secret.reveal())


@pytest.mark.parametrize("end", ["revoke", "disable", "erase", "remove"])
async def test_what_this_process_ends_is_refused_at_once(accounts, end):
    await accounts.users.add("root@example.org", role="admin")
    ada = await accounts.users.add("ada@example.org")
    key, secret = await accounts.keys.make(ada, name="desk")
    await accounts.authenticate(secret.reveal())
    other = Accounts(accounts.keys._desk)  # another front of the same process
    match end:
        case "revoke":
            await other.keys.revoke(key)
        case "disable":
            await other.users.disable(ada.id)
        case "erase":
            await other.erase(ada.id)
        case _:
            await other.keys.remove_of(ada.id)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(secret.reveal())


@pytest.mark.parametrize("end", ["log_out", "session", "token", "password"])
async def test_a_token_that_is_revoked_is_refused_at_once(accounts, clock, end):
    ada = await accounts.users.add("ada@example.org")
    text = (await accounts.tokens.issue(ada)).access.reveal()
    claims = await accounts.tokens.open(text)
    await accounts.authenticate(text)
    match end:
        case "log_out":
            clock.on(seconds=0.1)
            await accounts.log_out(ada.id)
        case "session":
            await accounts.tokens.end_session(claims.session)
        case "token":
            await accounts.tokens.revoke(claims)
        case _:
            clock.on(seconds=0.1)
            await accounts.users.void_tokens(ada.id)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(text)


async def test_a_change_of_role_counts_at_once(accounts):
    ada = await accounts.users.add("ada@example.org", role="trader")
    _, secret = await accounts.keys.make(ada, name="desk")
    assert "trading:write" in (await accounts.authenticate(secret.reveal())).permissions
    await accounts.users.change(ada.id, role="viewer")
    assert "trading:write" not in (await accounts.authenticate(secret.reveal())).permissions


async def test_a_key_ends_when_it_ends_believed_or_not(accounts, clock):
    ada = await accounts.users.add("ada@example.org")
    _, secret = await accounts.keys.make(ada, name="desk", days=1)
    clock.on(hours=23, minutes=59, seconds=59.5)
    await accounts.authenticate(secret.reveal())
    clock.on(seconds=0.5)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(secret.reveal())


async def test_within_the_second_the_store_is_not_asked(accounts, clock):
    ada = await accounts.users.add("ada@example.org", name="Ada")
    _, secret = await accounts.keys.make(ada, name="desk")
    await accounts.authenticate(secret.reveal())
    await changed(accounts.keys._desk.store, User, ada.id, lambda old: replace(old, name="Augusta"))
    assert (await accounts.authenticate(secret.reveal())).user.name == "Ada"
    clock.on(seconds=1)
    assert (await accounts.authenticate(secret.reveal())).user.name == "Augusta"


async def test_what_changed_while_the_store_answered_is_not_believed(opened, clock):
    trust: Trust[str] = Trust(clock, seconds=1)
    began = trust.begin()
    async with opened("memory:") as desk:
        await voided(desk)
    trust.keep("key", "ada", began, until=None)
    assert trust.find("key") is None
    trust.keep("key", "ada", trust.begin(), until=None)
    assert trust.find("key") == "ada"


def test_belief_has_bounds_and_holds_no_key(clock):
    trust: Trust[int] = Trust(clock, seconds=1, most=3)
    for number in range(5):
        trust.keep(f"key {number}", number, trust.begin(), until=None)
    assert [trust.find(f"key {number}") for number in range(5)] == [None, None, 2, 3, 4]
    assert b"key 4" not in repr(vars(trust)).encode()


_ELSEWHERE = """
import asyncio, sys
from ara.accounts import Accounts
from ara.desk import Desk
from ara.settings import Settings

async def revoke() -> None:
    flags = {"home": sys.argv[1], "store.url": sys.argv[2], "data.cache.redis": sys.argv[3]}
    async with Desk.open(Settings.load(flags)) as desk:
        keys = Accounts(desk).keys
        await keys.revoke(await keys.get(sys.argv[4]))

asyncio.run(revoke())
"""


async def test_a_key_that_another_process_revokes_is_refused_at_once_where_they_share_a_redis(
    opened, clock, tmp_path, redis_url
):
    """The clock stands still, so that no belief runs out by itself."""
    store = f"sqlite:///{tmp_path / 'shared.db'}"
    stirred = asyncio.Event()
    async with opened(store, **{"data_cache.redis": redis_url}) as desk, connect(redis_url) as client:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org")
        key, secret = await accounts.keys.make(ada, name="desk")
        listening = asyncio.create_task(heard(redis_url, told=stirred.set))
        async with asyncio.timeout(60):
            while not dict(await client.pubsub_numsub("ara:accounts:voided"))[b"ara:accounts:voided"]:  # noqa: ASYNC110 - the server knows
                await asyncio.sleep(0.01)
        assert (await accounts.authenticate(secret.reveal())).user == ada
        await changed(desk.store, Key, key.id, lambda old: replace(old, name="unseen"))
        assert (await accounts.authenticate(secret.reveal())).user == ada  # believed, not looked up
        stirred.clear()
        words = [str(tmp_path / "home"), store, redis_url, key.id]
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", _ELSEWHERE, *words)
        assert await other.wait() == 0
        await asyncio.wait_for(stirred.wait(), 60)
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(secret.reveal())
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_key_is_revoked_though_the_redis_that_tells_others_is_away(opened, caplog):
    async with opened("memory:", **{"data_cache.redis": "redis://:hidden@127.0.0.1:1/0"}) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org")
        key, secret = await accounts.keys.make(ada, name="desk")
        await accounts.authenticate(secret.reveal())
        await accounts.keys.revoke(key)
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(secret.reveal())
    assert "believe in it for a moment longer" in caplog.text
    assert "hidden" not in caplog.text
