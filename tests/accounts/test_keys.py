import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.accounts import Accounts, Key
from ara.accounts.credential import hand_out, read
from ara.errors import ForbiddenError, UnauthenticatedError, ValidationError
from ara.redaction import redact


async def test_a_key_opens_what_its_owner_may_narrowed_by_its_scopes(opened, url):
    async with opened(url) as desk:
        accounts = Accounts(desk)
        ada = await accounts.users.add("ada@example.org", role="trader")
        _, whole = await accounts.keys.make(ada, name="desk")
        key, narrow = await accounts.keys.make(ada, name="reader", scopes=["market:read"])
        asks = await accounts.authenticate(whole.reveal())
        assert asks.user == ada
        assert "trading:write" in asks.permissions
        few = await accounts.authenticate(narrow.reveal())
        assert (few.via, few.credential, few.permissions) == ("key", key.id, {"market:read"})
        with pytest.raises(ForbiddenError, match="predictions:write"):
            few.need("predictions:write")
        few.need("market:read")
        await accounts.users.change(ada.id, role="viewer")
        assert "trading:write" not in (await accounts.authenticate(whole.reveal())).permissions


async def test_only_a_hash_is_kept_and_logs_hide_a_key(accounts):
    ada = await accounts.users.add("ada@example.org")
    key, secret = await accounts.keys.make(ada, name="desk")
    kept = await accounts.keys.get(key.id)
    end = secret.reveal().rpartition(f"{key.id}_")[2]
    assert end not in repr(kept)
    assert end not in redact(f"asked with {secret.reveal()} today")
    assert str(secret) == "***"


async def test_a_wrong_void_or_spent_key_is_refused_with_the_same_words(accounts, clock):
    ada = await accounts.users.add("ada@example.org")
    key, secret = await accounts.keys.make(ada, name="desk", days=2)
    text = secret.reveal()
    other = hand_out("ara").text.reveal()
    flipped = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in (other, flipped, text.replace(key.id, key.id[::-1]), "ara_", "ara_x_y", text + "\n", text.upper()):
        with pytest.raises(UnauthenticatedError) as told:
            await accounts.authenticate(wrong)
        assert told.value.http_status == 401
        assert "not valid" in str(told.value)
    clock.on(days=1, hours=23)
    assert (await accounts.authenticate(text)).user == ada
    clock.on(hours=1)
    with pytest.raises(UnauthenticatedError, match="key is not valid"):
        await accounts.authenticate(text)


async def test_rotation_leaves_time_to_change_over(accounts, clock):
    ada = await accounts.users.add("ada@example.org")
    old, before = await accounts.keys.make(ada, name="desk", scopes=["market:read"])
    assert (old.remind_at - old.made_at).days == 90
    new, after = await accounts.keys.rotate(old, ada, overlap=3)
    assert (new.name, new.scopes, new.follows) == ("desk", ("market:read",), old.id)
    clock.on(days=2, hours=23)
    for secret in (before, after):
        assert (await accounts.authenticate(secret.reveal())).permissions == {"market:read"}
    clock.on(hours=1)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(before.reveal())
    assert await accounts.authenticate(after.reveal())
    with pytest.raises(ValidationError, match="not valid any more"):
        await accounts.keys.rotate(await accounts.keys.get(old.id), ada)


async def test_a_revoked_key_and_that_of_a_shut_account_are_void_at_once(accounts):
    ada = await accounts.users.add("ada@example.org")
    first, one = await accounts.keys.make(ada, name="one")
    _, two = await accounts.keys.make(ada, name="two")
    await accounts.keys.revoke(first)
    with pytest.raises(UnauthenticatedError):
        await accounts.authenticate(one.reveal())
    await accounts.users.disable(ada.id)
    with pytest.raises(UnauthenticatedError, match="account is shut"):
        await accounts.authenticate(two.reveal())
    await accounts.users.enable(ada.id)
    assert await accounts.authenticate(two.reveal())
    await accounts.erase(ada.id)
    with pytest.raises(UnauthenticatedError, match="not valid"):
        await accounts.authenticate(two.reveal())


async def test_a_key_of_somebody_else_is_as_good_as_none(accounts):
    ada, bob = [await accounts.users.add(f"{name}@example.org") for name in ("ada", "bob")]
    key, secret = await accounts.keys.make(ada, name="desk")
    assert (await accounts.keys.get(key.id, user=ada.id)).id == key.id
    for wrong in (key.id, "", "nonsense"):
        with pytest.raises(ValidationError, match="no key"):
            await accounts.keys.get(wrong, user=bob.id)
    asks = await accounts.authenticate(secret.reveal())
    assert asks.owns(ada.id)
    assert not asks.owns(bob.id)


async def test_a_key_is_never_wider_than_its_owner(accounts):
    viewer = await accounts.users.add("ada@example.org")
    with pytest.raises(ForbiddenError, match="viewer can't give a key the scope models:train"):
        await accounts.keys.make(viewer, name="desk", scopes=["models:train"])
    for wrong in ({"name": ""}, {"name": "x\x00"}, {"name": "x", "days": 0}, {"name": "x", "days": 4000}):
        with pytest.raises(ValidationError):
            await accounts.keys.make(viewer, **wrong)


async def test_a_user_has_a_hundred_keys_at_most_and_an_overlap_has_bounds(accounts):
    ada = await accounts.users.add("ada@example.org")
    keys = [(await accounts.keys.make(ada, name=f"desk {number}"))[0] for number in range(100)]
    with pytest.raises(ValidationError, match="100 keys already"):
        await accounts.keys.make(ada, name="one more")
    await accounts.keys.revoke(keys[0])
    last, _ = await accounts.keys.make(ada, name="one more")
    for days in (-1, 91):
        with pytest.raises(ValidationError, match="allowed is 0 to 90"):
            await accounts.keys.rotate(last, ada, overlap=days)
    await accounts._desk.store.remove(Key, last.id)
    with pytest.raises(ValidationError, match="removed meanwhile"):
        await accounts.keys.revoke(last)


async def test_use_is_noted_to_the_hour(accounts, clock):
    ada = await accounts.users.add("ada@example.org")
    key, secret = await accounts.keys.make(ada, name="desk")
    seen: list[Key] = []
    for minutes in (0, 30, 31):
        clock.on(minutes=minutes)
        await accounts.authenticate(secret.reveal())
        seen.append(await accounts.keys.get(key.id))
    assert seen[0].seen_at == seen[1].seen_at
    assert seen[2].seen_at == clock.now()


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_of_keys_stumble(text):
    assert read(text, kind="ara") is None
    assert read(f"ara_{text}", kind="ara") is None or text.isascii()
