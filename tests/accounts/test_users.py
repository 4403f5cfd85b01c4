import asyncio

import pytest

from ara.accounts import Accounts
from ara.accounts.passwords import hashed, matches, stale
from ara.accounts.user import email_of
from ara.errors import ValidationError
from ara.settings import Secret

GOOD = Secret("correct horse battery")


async def test_a_user_is_found_by_id_and_by_address_whatever_its_letters(opened, url):
    async with opened(url) as desk:
        users = Accounts(desk).users
        made = await users.add("Ada@Example.org", name=" Ada  Lovelace ", role="trader", tier="pro")
        assert (made.email, made.name, made.role, made.tier) == ("ada@example.org", "Ada Lovelace", "trader", "pro")
        assert await users.find(made.id) == await users.find("ADA@example.ORG") == made
        assert await users.find("bob@example.org") is None
        assert await users.find("") is None
        assert [one async for one in users.all(role="trader")] == [made]
        assert [one async for one in users.all(role="viewer")] == []


async def test_one_address_has_one_owner_also_where_two_ask_at_once(opened, url):
    async with opened(url) as desk:
        users = Accounts(desk).users
        found = await asyncio.gather(*(users.add("ada@example.org") for _ in range(4)), return_exceptions=True)
        errors = [one for one in found if isinstance(one, ValidationError)]
        assert len(errors) == 3
        assert "has an account already" in str(errors[0])
        assert len([one async for one in users.all()]) == 1


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "@b", "a b@c", "a@b@c", "a\n@b", "a@b\x00", "x" * 65 + "@b", "a@" + "b" * 254, "<a@b>"]
)
def test_what_is_no_address_of_mail_is_refused(text):
    with pytest.raises(ValidationError, match="no address of mail"):
        email_of(text)


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"role": "boss"}, "no role 'boss'"), ({"tier": "gold"}, "no tier 'gold'"), ({"name": "x" * 101}, "up to 100")],
)
async def test_unknown_roles_and_tiers_are_refused_with_those_that_there_are(accounts, asked, words):
    with pytest.raises(ValidationError, match=words):
        await accounts.users.add("ada@example.org", **asked)
    assert [one async for one in accounts.users.all()] == []


@pytest.mark.parametrize("text", ["short", "aaaaaaaaaaaaaaaa", "ada@example.org", "x" * 257])
async def test_passwords_that_are_guessed_first_are_refused_and_nothing_is_kept(accounts, text):
    with pytest.raises(ValidationError, match="password"):
        await accounts.users.add("ada@example.org", password=Secret(text))
    assert await accounts.users.find("ada@example.org") is None


def test_passwords_are_kept_as_argon2id_with_a_salt_each():
    first, second = hashed(GOOD), hashed(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,")
    assert matches(first, GOOD)
    assert not matches(first, Secret("correct horse batterz"))
    assert not matches("", GOOD)
    assert not matches("$argon2id$broken", GOOD)
    assert not stale(first)
    assert stale("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$ZZZZZZZZZZZZZZZZZZZZZQ")


def test_letters_that_look_the_same_are_the_same_password():
    assert matches(hashed(Secret("cafe\u0301 au lait bien")), Secret("caf\u00e9 au lait bien"))


async def test_roles_and_tiers_change_and_the_last_administrator_stays(accounts):
    users = accounts.users
    root = await users.add("root@example.org", role="admin")
    ada = await users.add("ada@example.org")
    assert (await users.change("ada@example.org", role="analyst", tier="enterprise")).role == "analyst"
    assert (await users.get(ada.id)).tier == "enterprise"
    for wrong in (users.change(root.id, role="viewer"), users.disable(root.id), accounts.erase(root.id)):
        with pytest.raises(ValidationError, match="last administrator"):
            await wrong
    await users.change(ada.id, role="admin")
    assert (await users.change(root.id, role="viewer")).role == "viewer"
    with pytest.raises(ValidationError, match="no user"):
        await users.change("nobody@example.org", role="viewer")


@pytest.mark.parametrize("way", ["role", "disable", "erase"])
async def test_of_administrators_who_shut_each_other_out_at_once_one_stays(opened, url, way):
    async with opened(url) as one, opened(url) as other:
        rooms = [Accounts(one), Accounts(one if url == "memory:" else other)]
        names = [f"a{number}@example.org" for number in range(4)]
        for name in names:
            await rooms[0].users.add(name, role="admin")
        ways = {
            "role": lambda users, name: users.change(name, role="viewer"),
            "disable": lambda users, name: users.disable(name),
            "erase": lambda users, name: users.erase(name),
        }
        shut = [ways[way](rooms[number % 2].users, name) for number, name in enumerate(names)]
        told = await asyncio.gather(*shut, return_exceptions=True)
        left = [user.email async for user in rooms[0].users.all(role="admin") if user.disabled_at is None]
        assert [type(error) for error in told].count(ValidationError) == len(left) == 1
        assert (await rooms[0].audit.verify()).ok


async def test_who_is_no_administrator_can_go_though_there_is_none(accounts):
    ada = await accounts.users.add("ada@example.org", role="trader")
    assert (await accounts.users.change(ada.id, role="viewer")).role == "viewer"
    assert (await accounts.users.disable(ada.id)).disabled_at is not None
    await accounts.erase(ada.id)
    assert await accounts.users.find(ada.id) is None
