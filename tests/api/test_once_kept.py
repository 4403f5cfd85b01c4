"""What becomes of a key whose request died, was given up, or met a store that left."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ara.accounts.sent import Sent
from ara.api import once as module
from ara.api.once import once
from ara.errors import StoreError
from ara.store import revision
from tests.fickle import Fickle
from tests.jobs.conftest import HandClock, alone, clock, opened

__all__ = ["HandClock", "alone", "clock", "opened"]


class Wish(BaseModel):
    number: int = 1


class House:
    """A service whose store the test can take away, and how often something was done."""

    def __init__(self, desk) -> None:
        self.store = Fickle(desk.store)
        self.desk = replace(desk, store=self.store)
        self.done = 0

    async def asked(self, make=None):
        who = SimpleNamespace(user=SimpleNamespace(id="u_ada"))
        return await once(SimpleNamespace(desk=self.desk), who, "order-0001", Wish(), make or self.make)

    async def make(self):
        self.done += 1
        return Wish(number=self.done)

    async def kept(self):
        return [one async for one in self.store.real.find(Sent)]


@pytest.fixture
async def house(opened):
    async with opened("memory:") as desk:
        yield House(desk)


async def settled():
    """Wait until every key that is to be let go of was."""
    async with asyncio.timeout(60):
        while module._letting_go:  # noqa: ASYNC110 - tasks of the service
            await asyncio.sleep(0.01)


async def test_what_a_dead_process_began_is_done_again_after_a_while_and_a_day_later_too(house, clock):
    await house.asked()
    (kept,) = await house.kept()
    await house.store.put(msgspec.structs.replace(kept, answer=""), replaces=revision(kept))
    with pytest.raises(HTTPException) as held:
        await house.asked()
    assert held.value.status_code == 409
    clock.on(seconds=2 * house.desk.settings.api.seconds + 1)
    assert await house.asked() == Wish(number=2)
    assert (await house.asked()).headers["idempotency-replayed"] == "true"
    clock.on(days=1, seconds=1)
    assert await house.asked() == Wish(number=3)


async def test_of_a_request_that_was_given_up_and_one_that_does_it_again_the_second_is_kept(house, clock):
    async def slow():
        clock.on(seconds=2 * house.desk.settings.api.seconds + 1)
        assert await house.asked() == Wish(number=1)
        return Wish(number=7)

    assert await house.asked(slow) == Wish(number=7)
    assert Wish.model_validate_json((await house.asked()).body) == Wish(number=1)


async def test_a_key_that_is_let_go_of_while_it_is_looked_for_is_taken(house):
    async def gone(kind, id):
        await house.store.real.remove(kind, id)
        del house.store.get

    await house.asked()
    house.store.get = gone
    assert await house.asked() == Wish(number=2)


@pytest.mark.parametrize("away", ["add", "remove"])
async def test_a_key_is_let_go_of_when_the_store_is_back_and_no_other_one(house, clock, monkeypatch, away):
    monkeypatch.setattr(module, "_PAUSE", 0.01)

    async def fails():
        raise StoreError("inside")

    house.store.away = {away, "get"}
    with pytest.raises(StoreError):
        await house.asked(fails)
    while house.store.refused < 3:  # noqa: ASYNC110 - a task of the service
        await asyncio.sleep(0.01)
    assert module._letting_go
    house.store.away = set()
    await settled()
    assert await house.kept() == []
    house.store.away = {"remove"}
    with pytest.raises(StoreError):
        await house.asked(fails)
    (mine,) = await house.kept()
    clock.on(seconds=1)
    await house.store.put(msgspec.structs.replace(mine, at=clock.now()), replaces=revision(mine))
    house.store.away = set()
    await settled()
    assert len(await house.kept()) == 1  # somebody else's by now


async def test_where_the_store_stays_away_a_key_is_left_to_its_day(house, monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    monkeypatch.setattr(module, "_TRIES", 3)

    async def fails():
        raise ValueError("inside")

    house.store.away = {"remove", "get"}
    with pytest.raises(ValueError, match="inside"):
        await house.asked(fails)
    await settled()
    assert (len(await house.kept()), house.store.refused) == (1, 4)
