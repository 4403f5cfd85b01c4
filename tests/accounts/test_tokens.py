import asyncio
import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.accounts import Accounts
from ara.errors import ForbiddenError, UnauthenticatedError


def encoded(part) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(part: str):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
async def ada(accounts: Accounts):
    return await accounts.users.add("ada@example.org", role="trader")


async def test_a_token_says_who_until_it_ends(opened, url, clock):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        user = await accounts.users.add("ada@example.org", role="trader")
        pair = await accounts.tokens.issue(user, scopes=["market:read"])
        asks = await Accounts(desk).authenticate(pair.access.reveal())
        assert (asks.user, asks.via, asks.permissions) == (user, "token", {"market:read"})
        clock.on(minutes=14, seconds=59)
        assert await accounts.authenticate(pair.access.reveal())
        clock.on(seconds=1)
        assert clock.now() == pair.expires_at
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(pair.access.reveal())


async def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_session(accounts, ada):
    first = await accounts.tokens.issue(ada)
    user, second = await accounts.refresh(first.refresh.reveal())
    assert user == ada
    assert await accounts.authenticate(second.access.reveal())
    with pytest.raises(UnauthenticatedError, match="refresh token is not valid"):
        await accounts.refresh(first.refresh.reveal())
    for access in (first.access, second.access):
        with pytest.raises(UnauthenticatedError, match="revoked"):
            await accounts.authenticate(access.reveal())
    with pytest.raises(UnauthenticatedError):
        await accounts.refresh(second.refresh.reveal())
    noted = [one.act.action async for one in accounts.audit.read()]
    assert noted[-1] == "token.reused"


async def test_of_two_who_send_a_refresh_token_at_once_one_gets_the_next(opened, url):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        pair = await accounts.tokens.issue(await accounts.users.add("ada@example.org"))
        tries = [accounts.refresh(pair.refresh.reveal()) for _ in range(5)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(one, tuple) for one in found) == 1
        assert sum(isinstance(one, UnauthenticatedError) for one in found) == 4


async def test_a_refresh_token_ends_and_that_of_a_shut_account_is_void(accounts, ada, clock):
    pair, late = [await accounts.tokens.issue(ada) for _ in range(2)]
    await accounts.users.disable(ada.id)
    with pytest.raises(UnauthenticatedError, match="shut"):
        await accounts.refresh(pair.refresh.reveal())
    await accounts.users.enable(ada.id)
    clock.on(days=30)
    with pytest.raises(UnauthenticatedError, match="not valid"):
        await accounts.refresh(late.refresh.reveal())


async def test_revocation_of_one_of_a_session_and_of_all(accounts, ada, clock):
    one, two, three = [await accounts.tokens.issue(ada) for _ in range(3)]
    claims = await accounts.tokens.open(one.access.reveal())
    await accounts.tokens.revoke(claims)
    await accounts.tokens.end_session((await accounts.tokens.open(two.access.reveal())).session)
    for gone in (one, two):
        with pytest.raises(UnauthenticatedError, match="revoked"):
            await accounts.authenticate(gone.access.reveal())
    clock.on(seconds=1)
    await accounts.users.void_tokens(ada.id)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await accounts.authenticate(three.access.reveal())
    clock.on(seconds=1)
    assert await accounts.authenticate((await accounts.tokens.issue(ada)).access.reveal())


async def test_a_refresh_token_from_before_all_were_made_void_gives_none(accounts, ada, clock):
    pair = await accounts.tokens.issue(ada)
    clock.on(seconds=1)
    await accounts.users.void_tokens(ada.id)
    with pytest.raises(UnauthenticatedError):
        await accounts.refresh(pair.refresh.reveal())


async def test_keys_rotate_and_what_the_old_one_signed_is_valid_to_its_end(accounts, ada, clock):
    before = await accounts.tokens.issue(ada)
    old = (await accounts.tokens.signing.current()).id
    clock.on(seconds=1)
    new = await accounts.tokens.signing.rotate()
    after = await accounts.tokens.issue(ada)
    kids = [decoded(one.access.reveal().split(".")[0])["kid"] for one in (before, after)]
    assert kids == [old, new.id]
    for pair in (before, after):
        assert await accounts.authenticate(pair.access.reveal())
    assert {one["kid"] for one in (await accounts.tokens.signing.published())["keys"]} == {old, new.id}
    clock.on(minutes=16)
    await accounts.tokens.signing.rotate()
    assert old not in {one["kid"] for one in (await accounts.tokens.signing.published())["keys"]}


async def test_no_forged_token_is_taken(accounts, ada):
    good = (await accounts.tokens.issue(ada)).access.reveal()
    head, claims, signature = good.split(".")
    said = decoded(head)
    public = (await accounts.tokens.signing.published())["keys"][0]["x"]
    mac = hmac.new(public.encode(), f"{encoded({**said, 'alg': 'HS256'})}.{claims}".encode(), hashlib.sha256).digest()
    forged = [
        f"{encoded({**said, 'alg': 'none'})}.{claims}.",
        f"{encoded({**said, 'alg': 'HS256'})}.{claims}.{encoded(mac)}",
        f"{encoded({**said, 'kid': 'x' * 16})}.{claims}.{signature}",
        f"{encoded({**said, 'kid': 7})}.{claims}.{signature}",
        f"{encoded({**said, 'kid': '../../etc/passwd'})}.{claims}.{signature}",
        f"{head}.{encoded({**decoded(claims), 'sub': 'u_other'})}.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims}", f"{head}.{claims}.", "..", "", "eyJ.eyJ.eyJ", good + " ", good * 9, f"Bearer {good}",
    ]  # fmt: skip
    for text in forged:
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(text)


async def test_what_is_no_token_is_refused_though_the_signature_is_right(accounts, ada):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    good = (await accounts.tokens.issue(ada)).access.reveal().split(".")
    head, key = decoded(good[0]), await accounts.tokens.signing.current()
    sealed = accounts._desk.vault.decrypt(base64.b64decode(key.sealed))

    def signed(head, claims) -> str:
        text = f"{encoded(head)}.{encoded(claims)}"
        return f"{text}.{encoded(Ed25519PrivateKey.from_private_bytes(sealed).sign(text.encode()))}"

    assert await accounts.authenticate(signed(head, decoded(good[1])))
    wrong = [
        ({**head, "crit": ["exp"]}, decoded(good[1])), (head, b"[1, 2]"), (head, b"no JSON"), (head, b"null"),
        (head, {**decoded(good[1]), "more": "x" * 5000}),
    ]  # fmt: skip
    for one in wrong:
        with pytest.raises(UnauthenticatedError):
            await accounts.authenticate(signed(*one))


async def test_a_token_by_a_key_that_another_process_has_just_made_is_taken(opened, tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    async with opened(url) as one, opened(url) as two:
        here, there = Accounts(one), Accounts(two)
        ada = await here.users.add("ada@example.org")
        assert await there.authenticate((await here.tokens.issue(ada)).access.reveal())
        await here.tokens.signing.rotate()
        assert await there.authenticate((await here.tokens.issue(ada)).access.reveal())


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"}, {"iss": "other"}, {"exp": None}, {"exp": "soon"}, {"exp": True}, {"sub": 7}, {"jti": None},
        {"scope": ["market:read"]}, {"nbf": 4102444800}, {"iat": "now"}, {"aud": ["other"]}, {"sid": 3},
    ],
)  # fmt: skip
async def test_claims_that_are_wrong_or_missing_are_refused_though_the_signature_is_right(accounts, ada, change):
    good = decoded((await accounts.tokens.issue(ada)).access.reveal().split(".")[1])
    wrong = {name: value for name, value in {**good, **change}.items() if value is not None}
    token = await accounts.tokens.signing.sign(wrong)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(token)
    assert await accounts.authenticate(await accounts.tokens.signing.sign(good))


async def test_a_token_is_never_wider_than_its_owner(accounts):
    viewer = await accounts.users.add("bob@example.org")
    with pytest.raises(ForbiddenError, match="models:train"):
        await accounts.tokens.issue(viewer, scopes=["models:train"])


async def test_what_ended_is_forgotten(accounts, ada, clock):
    pair = await accounts.tokens.issue(ada)
    await accounts.tokens.revoke(await accounts.tokens.open(pair.access.reveal()))
    assert await accounts.tokens.clean() == 0
    clock.on(days=31)
    assert await accounts.tokens.clean() == 2


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_of_tokens_stumble(text):
    from ara.accounts.token import _TOKEN

    assert _TOKEN.fullmatch(text) is None or text.count(".") == 2
