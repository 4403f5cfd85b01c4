import pytest

from ara.accounts import Accounts, Act
from ara.errors import UnauthenticatedError
from ara.settings import Secret


async def test_acts_are_told_in_order_with_what_points_to_the_person(opened, url):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org", by="u_root")
        await accounts.audit.note(Act(actor=ada.id, action="login", person=ada.id, request="r1"), address="192.0.2.1")
        await accounts.audit.note(Act(action="cache.drop"), address="192.0.2.1")
        seen = [one async for one in accounts.audit.read()]
        assert [one.act.action for one in seen] == ["user.add", "login", "cache.drop"]
        assert seen[0].act.actor == "u_root"
        assert seen[0].personal == {"email": "ada@example.org"}
        assert seen[1].personal == {"address": "192.0.2.1"}
        assert seen[2].personal is None
        assert [one.sequence async for one in accounts.audit.read(after=1)] == [2, 3]
        assert [one.sequence async for one in accounts.audit.read(person=ada.id)] == [1, 2]
        assert (await accounts.audit.verify()).ok


async def test_erasure_leaves_the_chain_whole_and_nobody_can_read_who_it_was(opened, url):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org")
        bob = await accounts.users.add("bob@example.org")
        await accounts.erase(ada.id)
        seen = [one async for one in accounts.audit.read()]
        assert [one.personal for one in seen] == [None, {"email": "bob@example.org"}, None]
        assert (await accounts.audit.verify()).ok
        assert await accounts.users.find("ada@example.org") is None
        assert await accounts.users.add("ada@example.org") != ada
        assert (await accounts.users.get(bob.id)) == bob


async def test_nothing_personal_stands_in_the_log_itself(accounts):
    ada = await accounts.users.add("ada@example.org")
    with pytest.raises(UnauthenticatedError):
        await accounts.log_in("ada@example.org", Secret("wrong horse battery"), address="192.0.2.77")
    with pytest.raises(UnauthenticatedError):
        await accounts.log_in("unknown@example.org", Secret("wrong horse battery"), address="192.0.2.77")
    async for entry in accounts._desk.store.log("audit").read():
        for personal in (b"ada@example.org", b"unknown@example.org", b"192.0.2.77", b"horse"):
            assert personal not in entry.body
    refused = [one async for one in accounts.audit.read(person=ada.id) if one.act.outcome == "refused"]
    assert [one.personal for one in refused] == [{"email": "ada@example.org", "address": "192.0.2.77"}]
