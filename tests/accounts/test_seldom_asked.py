"""What programs and users ask for seldom: too many programs, nothing that may be lent, a code of who is gone."""

import pytest

from ara.accounts import Asked
from ara.accounts.code import Code
from ara.errors import UnauthenticatedError, ValidationError
from tests.accounts.test_oauth import BACK, CHALLENGE, VERIFIER, bob, code_of, lent, refused, register

__all__ = ["bob", "register"]


async def test_who_has_as_many_programs_as_may_be_registers_no_other_until_one_goes(accounts, register, monkeypatch):
    monkeypatch.setattr("ara.accounts.app._MOST", 2)
    first = await register()
    await register()
    with pytest.raises(ValidationError, match="There are 2 programs already"):
        await register()
    await accounts.apps.remove(first)
    await register()


async def test_nothing_is_lent_where_the_user_may_do_nothing_of_what_is_asked(accounts, register, bob):
    app = await register(scopes=["portfolio:write", "market:read"])
    asked = Asked(app=app, redirect=BACK, scopes=("portfolio:write",), challenge=CHALLENGE)
    with refused("access_denied"):
        await accounts.oauth.allow(bob, asked)
    assert await accounts.consents.find(bob.id, app.id) is None
    await code_of(accounts, app, bob, ("portfolio:write", "market:read"))
    assert (await accounts.consents.find(bob.id, app.id)).scopes == ("market:read",)


async def test_a_code_of_somebody_who_was_erased_is_forgotten_and_that_of_another_is_not(accounts, register, bob):
    app = await register()
    eve = await accounts.users.add("eve@example.org", role="viewer")
    gone, other = await code_of(accounts, app, eve), await code_of(accounts, app, bob)
    await accounts.erase(eve.id)
    assert [one.user async for one in accounts._desk.store.find(Code)] == [bob.id]
    with refused("invalid_grant"):
        await accounts.oauth.exchange(app, gone, redirect=BACK, verifier=VERIFIER)
    assert (await accounts.oauth.exchange(app, other, redirect=BACK, verifier=VERIFIER)).access


async def test_a_key_that_signed_lately_is_kept_until_its_tokens_have_ended(accounts, clock):
    signing = accounts.tokens.signing
    first = await signing.current()
    for minutes, kept in ((1, 2), (1, 3), (60 * 24 * 365, 2)):
        clock.on(minutes=minutes)
        made = await signing.rotate()
        found = [one["kid"] for one in (await signing.published())["keys"]]
        assert (len(found), made.id in found, first.id in found) == (kept, True, minutes == 1)


async def test_a_token_longer_than_any_is_not_looked_at(accounts, register, bob):
    signing = accounts.tokens.signing
    claims = await signing.open((await lent(accounts, await register(), bob)).access.reveal())
    assert (await signing.open(await signing.sign({**claims, "more": "x"})))["more"] == "x"
    with pytest.raises(UnauthenticatedError):
        await signing.open(await signing.sign({**claims, "more": "x" * 4000}))
