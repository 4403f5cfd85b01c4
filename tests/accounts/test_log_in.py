import asyncio
import threading

import pytest

from ara.accounts import Accounts
from ara.errors import QuotaError, UnauthenticatedError, ValidationError
from ara.settings import Secret

GOOD, WRONG = Secret("correct horse battery"), Secret("wrong horse battery")


async def test_a_password_gives_tokens_and_another_makes_them_void(opened, url, clock):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org", password=GOOD)
        user, pair = await accounts.log_in(" ADA@example.org ", GOOD, address="192.0.2.1")
        assert user.id == ada.id
        assert (await accounts.authenticate(pair.access.reveal())).user.id == ada.id
        clock.on(seconds=1)
        await accounts.users.set_password(ada.id, Secret("staple battery horse"))
        with pytest.raises(UnauthenticatedError, match="revoked"):
            await accounts.authenticate(pair.access.reveal())
        with pytest.raises(UnauthenticatedError, match="address or the password is wrong"):
            await accounts.log_in("ada@example.org", GOOD)


async def test_nothing_tells_whether_a_user_exists(accounts):
    await accounts.users.add("ada@example.org", password=GOOD)
    await accounts.users.add("bob@example.org")
    shut = await accounts.users.add("eve@example.org", password=GOOD)
    await accounts.users.disable(shut.id)
    told = set()
    tries = {"ada@example.org": WRONG, "bob@example.org": GOOD, "eve@example.org": GOOD, "nobody@x.org": GOOD, "": GOOD}
    for email, password in tries.items():
        with pytest.raises(UnauthenticatedError) as error:
            await accounts.log_in(email, password, address="192.0.2.1")
        told.add((str(error.value), error.value.hint))
    assert len(told) == 1


async def test_who_is_unknown_costs_as_much_hashing_as_who_is_known(accounts, monkeypatch):
    from argon2 import PasswordHasher, extract_parameters

    verify, cost = PasswordHasher.verify, []

    def counted(self, kept: str, password: str) -> bool:
        cost.append(extract_parameters(kept))
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    await accounts.users.add("ada@example.org", password=GOOD)
    await accounts.users.add("bob@example.org")
    for email in ("ada@example.org", "bob@example.org", "nobody@example.org", "no address at all"):
        with pytest.raises(UnauthenticatedError):
            await accounts.log_in(email, WRONG, address="192.0.2.1")
    assert len(cost) == 4
    assert len(set(map(str, cost))) == 1


async def test_who_guesses_waits_the_longer_the_more_often(accounts, clock, monkeypatch):
    monkeypatch.setattr("ara.accounts.account.matches", lambda kept, password: bool(kept) and password == GOOD)
    await accounts.users.add("ada@example.org", password=GOOD)
    waits = []
    for tries in range(9):
        with pytest.raises(UnauthenticatedError):
            await accounts.log_in("ada@example.org", WRONG, address="192.0.2.1")
        if tries >= 4:
            with pytest.raises(QuotaError, match="Too many tries") as told:
                await accounts.log_in("ada@example.org", GOOD, address="192.0.2.1")
            waits.append(told.value.context["retry_after"])
            clock.on(seconds=waits[-1])
    assert waits == [2, 3, 5, 9, 17]
    assert await accounts.log_in("ada@example.org", GOOD, address="192.0.2.7")
    assert await accounts.log_in("ada@example.org", GOOD, address="192.0.2.1")
    await accounts.guard.check("ada@example.org", "192.0.2.1")


async def test_who_guesses_many_at_once_guesses_no_more_than_one_after_the_other(opened, url, monkeypatch):
    looked, free = [], 10 if url == "memory:" else 5  # what lies in memory is of one process

    def matches(kept: str, password: Secret) -> bool:
        looked.append(password)
        return False

    monkeypatch.setattr("ara.accounts.account.matches", matches)
    async with opened(url) as one, opened(url) as other:
        services = [Accounts(one), Accounts(other)]
        await services[0].users.add("ada@example.org", password=GOOD)
        guesses = [all_.log_in("ada@example.org", WRONG, address="192.0.2.1") for all_ in services for _ in range(20)]
        told = await asyncio.gather(*guesses, return_exceptions=True)
    assert {type(error) for error in told} == {UnauthenticatedError, QuotaError}
    assert len(looked) == [type(error) for error in told].count(UnauthenticatedError) == free


async def test_who_hangs_up_has_guessed_and_who_knows_the_password_has_not(accounts, monkeypatch):
    begun, ends = threading.Event(), [threading.Event()]

    def matches(kept: str, password: Secret) -> bool:
        end = ends[-1]
        begun.set()
        return end.wait(60) and password == GOOD

    monkeypatch.setattr("ara.accounts.account.matches", matches)
    ada = await accounts.users.add("ada@example.org", password=GOOD)
    for _ in range(5):
        begun.clear()
        ends.append(threading.Event())
        guess = asyncio.create_task(accounts.log_in(ada.email, WRONG, address="192.0.2.1"))
        await asyncio.to_thread(begun.wait, 60)
        guess.cancel()
        await asyncio.gather(guess, return_exceptions=True)
        ends[-1].set()
    with pytest.raises(QuotaError, match="Too many tries"):
        await accounts.log_in(ada.email, WRONG, address="192.0.2.1")
    await accounts.log_in(ada.email, GOOD, address="192.0.2.2")
    for _ in range(60):
        await accounts.guard.succeeded(await accounts.guard.begin(ada.email, "192.0.2.2"))
    await accounts.guard.check("bob@example.org", "192.0.2.2")
    assert await accounts.guard.clean() == 0


async def test_one_address_of_the_network_can_not_try_all_accounts(accounts, clock):
    for number in range(50):
        await accounts.guard.begin(f"u{number}@example.org", "192.0.2.1")
    with pytest.raises(QuotaError):
        await accounts.guard.check("fresh@example.org", "192.0.2.1")
    await accounts.guard.check("fresh@example.org", "192.0.2.2")
    clock.on(days=1, seconds=1)
    await accounts.guard.check("fresh@example.org", "192.0.2.1")
    assert await accounts.guard.clean() == 101


async def test_the_first_start_makes_one_administrator_with_a_key(opened, url):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        made = await accounts.first()
        assert made is not None
        assert (await accounts.authenticate(made[1].reveal())).permissions >= {"users:admin"}
        assert await accounts.first() is None
        with pytest.raises(ValidationError, match="last administrator"):
            await accounts.users.disable(made[0].id)


async def test_a_weaker_hash_is_made_anew_at_the_next_log_in(accounts):
    from argon2 import PasswordHasher

    from ara.accounts.user import User
    from ara.store import changed

    ada = await accounts.users.add("ada@example.org")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD.reveal())
    import msgspec

    await changed(accounts._desk.store, User, ada.id, lambda old: msgspec.structs.replace(old, password=weak))
    await accounts.log_in("ada@example.org", GOOD)
    assert "m=65536" in (await accounts.users.get(ada.id)).password
