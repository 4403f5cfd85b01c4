import base64
import hashlib
import os
from itertools import count

import hypothesis
import pytest
from authlib.oauth2 import OAuth2Error
from hypothesis import strategies as st

from ara.accounts import PERMISSIONS, Accounts, Asked
from ara.accounts.app import LENDABLE, redirect_of
from ara.accounts.oauth import scopes_asked
from ara.errors import ForbiddenError, NotFoundError, UnauthenticatedError, ValidationError
from ara.redaction import redact

BACK = "https://desk.example/back"
SCOPES = ("market:read", "predictions:read")
VERIFIER = base64.urlsafe_b64encode(os.urandom(40)).decode().rstrip("=")
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
NAMES = count()


@pytest.fixture
async def bob(accounts: Accounts):
    return await accounts.users.add("bob@example.org", role="viewer")


@pytest.fixture
async def register(accounts: Accounts):
    owner = await accounts.users.add("ada@example.org", role="trader")

    async def registered(*, public: bool = False, scopes=SCOPES):
        made = await accounts.apps.add(
            owner, name=f"desk {next(NAMES)}", redirects=[BACK], scopes=scopes, public=public
        )
        return made[0]

    return registered


async def code_of(accounts: Accounts, app, user, scopes=SCOPES) -> str:
    asked = Asked(app=app, redirect=BACK, scopes=scopes, challenge=CHALLENGE)
    return (await accounts.oauth.allow(user, asked)).reveal()


async def lent(accounts: Accounts, app, user, scopes=SCOPES):
    code = await code_of(accounts, app, user, scopes)
    return await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)


def refused(code: str):
    return pytest.raises(OAuth2Error, match=f"^{code}: ")


async def test_a_code_gives_tokens_for_what_the_user_and_the_program_both_may(opened, url, clock):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org", role="trader")
        app, secret = await accounts.apps.add(ada, name="x", redirects=[BACK], scopes=[*SCOPES, "portfolio:write"])
        assert await accounts.oauth.client(app.id, secret.reveal()) == app
        bob = await accounts.users.add("bob@example.org", role="viewer")
        given = await lent(accounts, app, bob, app.scopes)
        assert given.scopes == SCOPES
        who = await accounts.authenticate(given.access.reveal())
        assert (who.user, who.app, who.permissions) == (bob, app.id, set(SCOPES))
        assert redact(f"{secret.reveal()} {await code_of(accounts, app, bob)}").count("ara") == 0
        actions = [one.act.action async for one in accounts.audit.read(person=bob.id)]
        assert actions == ["user.add", "app.allow", "app.exchange", "app.allow"]


async def test_a_code_that_comes_again_ends_what_it_gave(accounts, register, bob):
    app = await register()
    code = await code_of(accounts, app, bob)
    given = await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)
    with refused("invalid_grant"):
        await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(given.access.reveal())
    with refused("invalid_grant"):
        await accounts.oauth.refresh(app, given.refresh.reveal(), scopes=None)
    assert [one.act.action async for one in accounts.audit.read()][-1] == "code.reused"


async def test_a_code_lives_a_minute(accounts, register, bob, clock):
    app = await register()
    early, late = await code_of(accounts, app, bob), await code_of(accounts, app, bob)
    clock.on(seconds=59)
    assert await accounts.oauth.exchange(app, early, redirect=BACK, verifier=VERIFIER)
    clock.on(seconds=1)
    with refused("invalid_grant"):
        await accounts.oauth.exchange(app, late, redirect=BACK, verifier=VERIFIER)
    clock.on(days=2)
    assert await accounts.oauth.codes.clean() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"verifier": VERIFIER[:-1] + "~"},
        {"verifier": CHALLENGE},
        {"verifier": ""},
        {"verifier": "é" * 43},
        {"redirect": f"{BACK}/"},
        {"redirect": "https://evil.example/back"},
        {"other": True},
    ],
)
async def test_a_code_is_good_for_its_program_place_and_verifier_alone_and_for_one_guess(
    accounts, register, bob, wrong
):
    app, other = await register(), await register()
    code, _ = await code_of(accounts, app, bob), await code_of(accounts, other, bob)
    shown = {"redirect": BACK, "verifier": VERIFIER, **{key: one for key, one in wrong.items() if key != "other"}}
    with refused("invalid_grant"):
        await accounts.oauth.exchange(other if "other" in wrong else app, code, **shown)
    with refused("invalid_grant"):
        await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)


async def test_refresh_tokens_turn_and_a_stolen_one_ends_the_session(accounts, register, bob, clock):
    app, other = await register(), await register()
    first = await lent(accounts, app, bob)
    with refused("invalid_grant"):
        await accounts.oauth.refresh(other, first.refresh.reveal(), scopes=None)
    with pytest.raises(UnauthenticatedError):
        await accounts.refresh(first.refresh.reveal())
    with refused("invalid_scope"):
        await accounts.oauth.refresh(app, first.refresh.reveal(), scopes=("market:read", "trading:write"))
    second = await accounts.oauth.refresh(app, first.refresh.reveal(), scopes=("market:read",))
    assert (await accounts.authenticate(second.access.reveal())).permissions == {"market:read"}
    third = await accounts.oauth.refresh(app, second.refresh.reveal(), scopes=None)
    assert third.scopes == SCOPES
    with refused("invalid_grant"):
        await accounts.oauth.refresh(app, first.refresh.reveal(), scopes=None)
    for given in (second, third):
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(given.access.reveal())
    with refused("invalid_grant"):
        await accounts.oauth.refresh(app, third.refresh.reveal(), scopes=None)


async def test_a_users_own_refresh_token_is_no_programs(accounts, register, bob):
    app = await register()
    own = await accounts.tokens.issue(bob)
    with refused("invalid_grant"):
        await accounts.oauth.refresh(app, own.refresh.reveal(), scopes=None)
    await accounts.oauth.revoke(app, own.refresh.reveal())
    await accounts.oauth.revoke(app, own.access.reveal())
    assert await accounts.oauth.told(app, own.access.reveal()) == {"active": False}
    assert await accounts.authenticate(own.access.reveal())
    assert await accounts.refresh(own.refresh.reveal())


async def taken_back(accounts, app, bob):
    await accounts.consents.take_back(bob.id, app.id)


async def removed(accounts, app, bob):
    assert await accounts.oauth.remove(app) == 1


async def logged_out(accounts, app, bob):
    await accounts.log_out(bob.id)


async def shut(accounts, app, bob):
    await accounts.users.disable(bob.id)


async def owner_shut(accounts, app, bob):
    await accounts.users.disable(app.user)


async def owner_erased(accounts, app, bob):
    await accounts.erase(app.user)


@pytest.mark.parametrize("end", [taken_back, removed, logged_out, shut, owner_shut, owner_erased])
async def test_what_was_lent_is_void_the_moment_it_ends(accounts, register, bob, clock, end):
    await accounts.users.add("root@example.org", role="admin")
    app = await register()
    given, code = await lent(accounts, app, bob), await code_of(accounts, app, bob)
    assert await accounts.authenticate(given.access.reveal())
    clock.on(seconds=1)
    await end(accounts, app, bob)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(given.access.reveal())
    assert await accounts.oauth.told(app, given.access.reveal()) == {"active": False}
    assert await accounts.oauth.told(app, given.refresh.reveal()) == {"active": False}
    if end not in (removed, owner_shut, owner_erased):  # their programs prove nothing any more
        with refused("invalid_grant"):
            await accounts.oauth.refresh(app, given.refresh.reveal(), scopes=None)
        with refused("invalid_grant"):
            await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)
    else:
        assert await accounts.oauth.place(app.id, BACK) is None
        with refused("invalid_client"):
            await accounts.oauth.client(app.id, None)


async def test_a_new_yes_does_not_wake_what_was_taken_back(accounts, register, bob, clock):
    app = await register()
    old, code = await lent(accounts, app, bob), await code_of(accounts, app, bob)
    clock.on(seconds=1)
    await accounts.consents.take_back(bob.id, app.id, by=bob.id)
    with pytest.raises(NotFoundError):
        await accounts.consents.take_back(bob.id, app.id, by=bob.id)
    new = await lent(accounts, app, bob, ("market:read",))
    assert await accounts.authenticate(new.access.reveal())
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(old.access.reveal())
    with refused("invalid_grant"):
        await accounts.oauth.exchange(app, code, redirect=BACK, verifier=VERIFIER)


async def test_a_program_acts_for_itself_as_its_owner_until_it_is_removed(accounts, register):
    app, public = await register(), await register(public=True)
    given = await accounts.oauth.for_itself(app, scopes=("market:read",))
    who = await accounts.authenticate(given.access.reveal())
    assert (who.user.id, who.permissions, given.refresh) == (app.user, {"market:read"}, None)
    with refused("unauthorized_client"):
        await accounts.oauth.for_itself(public, scopes=None)
    await accounts.oauth.remove(app)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(given.access.reveal())


async def test_a_program_is_told_of_its_own_tokens_and_revokes_them(accounts, register, bob):
    app, other, public = await register(), await register(), await register(public=True)
    given = await lent(accounts, app, bob)
    access, refresh = given.access.reveal(), given.refresh.reveal()
    told = await accounts.oauth.told(app, access)
    assert told["active"]
    assert (told["client_id"], told["sub"], told["scope"]) == (app.id, bob.id, " ".join(SCOPES))
    assert (await accounts.oauth.told(app, refresh))["token_type"] == "refresh_token"
    for text in (access, refresh, "arar_x", "eyJ.eyJ.eyJ", ""):
        assert await accounts.oauth.told(other, text) == {"active": False}
        await accounts.oauth.revoke(other, text)
    with refused("invalid_client"):
        await accounts.oauth.told(public, access)
    assert (await accounts.oauth.told(app, access))["active"]
    await accounts.oauth.revoke(app, access)
    assert await accounts.oauth.told(app, access) == {"active": False}
    await accounts.oauth.revoke(app, refresh)
    with refused("invalid_grant"):
        await accounts.oauth.refresh(app, refresh, scopes=None)


async def test_who_proves_nothing_is_told_the_same_in_every_case(accounts, register):
    app, public = await register(), await register(public=True)
    said = set()
    for id, secret in (
        (app.id, None), (app.id, "wrong"), (app.id, f"arac_{app.id}_{'A' * 43}"), (public.id, "any"), ("a" * 16, None),
        ("", ""), ("\0" * 16, None), ("x" * 5000, "y"),
    ):  # fmt: skip
        with pytest.raises(OAuth2Error) as caught:
            await accounts.oauth.client(id, secret)
        said.add((caught.value.status_code, str(caught.value)))
    assert len(said) == 1
    assert await accounts.oauth.client(public.id, None) == public


async def test_nothing_may_be_lent_that_lets_in_others(accounts, bob):
    ada = await accounts.users.add("ada@example.org", role="admin")
    for scope in sorted(set(PERMISSIONS) - LENDABLE):
        with pytest.raises(ForbiddenError, match="can't be lent"):
            await accounts.apps.add(ada, name="x", redirects=[BACK], scopes=[scope])
    with pytest.raises(ForbiddenError, match="viewer"):
        await accounts.apps.add(bob, name="x", scopes=["trading:write"])
    for wrong in ({"scopes": []}, {"scopes": ["all"]}, {"name": " "}, {"public": True}, {"redirects": [BACK + "#x"]}):
        with pytest.raises(ValidationError):
            await accounts.apps.add(ada, **{"name": "x", "scopes": ["market:read"], **wrong})


@hypothesis.given(st.lists(st.sampled_from(sorted(PERMISSIONS)), max_size=6))
def test_scopes_are_never_wider_than_the_programs(asked):
    from datetime import UTC, datetime

    from ara.accounts import App

    app = App(id="a", user="u", name="x", scopes=SCOPES, made_at=datetime(2026, 1, 1, tzinfo=UTC))
    if set(asked) <= set(SCOPES):
        assert set(scopes_asked(app, " ".join(asked))) == set(asked or SCOPES)
    else:
        with refused("invalid_scope"):
            scopes_asked(app, " ".join(asked))


@pytest.mark.parametrize("right", [BACK, "http://127.0.0.1:8400/x?y=1", "http://[::1]/x", "org.example.app:/back"])
def test_a_safe_place_is_kept_as_it_is_written(right):
    assert redirect_of(right) == right


@pytest.mark.parametrize(
    "wrong",
    [
        "", "/back", "//evil.example", "http://desk.example/back", "http://localhost.evil.example/",
        "javascript:alert(1)",
        "data:text/html,x", "https://user@desk.example/", "https://desk.example/#x", "https://*.example/", "https:///x",
        "https://desk.example\\@evil.example/", "https://desk.example/\r\nSet-Cookie: x", "https://desk.example/ x",
        "https://desk.example:99999/", "https://[/", f"https://desk.example/{'x' * 500}", "https://dèsk.example/",
        "com.example.app://host/x", "https://desk.example/;'x'",
    ],
)  # fmt: skip
def test_an_unsafe_place_is_refused(wrong):
    with pytest.raises(ValidationError):
        redirect_of(wrong)
