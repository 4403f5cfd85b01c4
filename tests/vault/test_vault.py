import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError, VaultError
from ara.settings import Secret
from ara.vault import Vault, generate_key

Open = Callable[..., Vault]
PASSPHRASE = "correct horse battery staple"


def test_opening_touches_no_disk(vault: Vault, home: Path):
    assert not home.exists()
    assert vault.names() == ()
    assert not home.exists()


def test_a_secret_survives_the_process(vault: Vault, open_vault: Open):
    vault.put("alpha_vantage/api_key", "s3cret")
    vault.put("b.c-d", Secret("other"))
    again = open_vault()
    assert again.get("alpha_vantage/api_key") == Secret("s3cret")
    assert again.names() == ("alpha_vantage/api_key", "b.c-d")


def test_a_later_secret_takes_the_place_of_the_earlier(vault: Vault, open_vault: Open):
    vault.put("a", "one")
    vault.put("a", "two")
    assert open_vault().get("a").reveal() == "two"


def test_what_another_process_writes_is_seen_at_once(vault: Vault, open_vault: Open):
    vault.put("a", "one")
    open_vault().put("a", "two")
    open_vault().put("b", "three")
    assert vault.get("a").reveal() == "two"
    assert vault.names() == ("a", "b")


def test_a_removed_secret_is_gone(vault: Vault, open_vault: Open):
    vault.put("a", "one")
    vault.remove("a")
    assert open_vault().names() == ()
    with pytest.raises(VaultError, match="no secret 'a'"):
        vault.get("a")
    with pytest.raises(VaultError, match="no secret 'a'"):
        vault.remove("a")


def test_a_missing_secret_names_those_there_are(vault: Vault):
    vault.put("known", "x")
    with pytest.raises(VaultError) as caught:
        vault.get("unknown")
    assert "known" in caught.value.hint


def test_keys_of_the_vault_itself_are_no_secrets_of_the_user(vault: Vault):
    vault.sign(b"x")
    vault.encrypt(b"x")
    assert vault.names() == ()
    with pytest.raises(ValidationError):
        vault.get("@signing")


@pytest.mark.parametrize("name", ["", "@signing", "a b", "a\n", "../x", "é", "a" * 129, "sk_live_\x00"])
def test_a_bad_name_is_refused_and_not_repeated(vault: Vault, home: Path, name: str):
    for act in (lambda: vault.put(name, "x"), lambda: vault.get(name), lambda: vault.remove(name)):
        with pytest.raises(ValidationError) as caught:
            act()
        if len(name) > 2:
            assert name not in str(caught.value.problem())
    assert not home.exists()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(exclude_categories=[])), data=st.binary())
def test_any_text_and_any_bytes_come_back(vault: Vault, text: str, data: bytes):
    vault.put("any", text)
    assert vault.get("any").reveal() == text
    assert vault.decrypt(vault.encrypt(data)) == data


def test_nothing_lies_in_clear(vault: Vault, home: Path):
    vault.put("name", "visible-secret")
    box = vault.encrypt(b"visible-secret")
    kept = (home / "vault.json").read_bytes()
    assert b"visible-secret" not in kept
    assert b"visible-secret" not in box
    key = (home / "vault.key").read_text().strip()
    assert key not in kept.decode()


def test_files_are_their_owners_alone(vault: Vault, home: Path):
    vault.put("a", "x")
    for name in ("vault.json", "vault.key", "vault.lock"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert sorted(path.name for path in home.iterdir()) == ["vault.json", "vault.key", "vault.lock"]


def test_the_key_shows_nowhere(vault: Vault, home: Path, open_vault: Open):
    vault.put("a", "secret-text")
    key = (home / "vault.key").read_text().strip()
    shown = repr(vault) + str(vault.get("a")) + repr(generate_key())
    assert key not in shown
    assert "secret-text" not in shown
    with pytest.raises(VaultError) as caught:
        open_vault(key=PASSPHRASE).get("a")
    assert PASSPHRASE not in json.dumps(caught.value.problem())


def test_encrypted_data_tells_a_change_from_a_stranger(vault: Vault, open_vault: Open, tmp_path: Path):
    box = vault.encrypt(b"data")
    assert vault.encrypt(b"data") != box
    for position in range(len(box)):
        changed = bytearray(box)
        changed[position] ^= 1
        with pytest.raises(VaultError, match=r"changed|not encrypted"):
            vault.decrypt(bytes(changed))
    for cut in (b"", box[:4], box[:19], box[:-1]):
        with pytest.raises(VaultError):
            open_vault().decrypt(cut)
    other = open_vault(folder=tmp_path / "other")
    with pytest.raises(VaultError, match="another vault"):
        other.decrypt(box)
    assert not (tmp_path / "other").exists()
    other.encrypt(b"x")
    with pytest.raises(VaultError, match="another vault"):
        other.decrypt(box)


def test_encrypted_data_is_read_by_another_process(vault: Vault, open_vault: Open):
    assert open_vault().decrypt(vault.encrypt(b"data")) == b"data"


def test_a_signature_is_verified_by_anyone(vault: Vault, open_vault: Open):
    signature = vault.sign(b"message")
    assert len(signature) == 64
    assert len(vault.public_key()) == 32
    assert Vault.verify(vault.public_key(), b"message", signature)
    assert open_vault().sign(b"message") == signature
    assert not Vault.verify(vault.public_key(), b"other", signature)
    assert not Vault.verify(vault.public_key(), b"message", b"\0" * 64)
    assert not Vault.verify(vault.public_key(), b"message", b"short")
    assert not Vault.verify(b"no key", b"message", signature)


def test_each_home_signs_for_itself(vault: Vault, open_vault: Open, tmp_path: Path):
    assert vault.public_key() != open_vault(folder=tmp_path / "other").public_key()


def test_signing_writes_once(vault: Vault, home: Path, open_vault: Open):
    vault.sign(b"x")
    before = (home / "vault.json").read_bytes()
    vault.sign(b"y")
    open_vault().sign(b"z")
    assert (home / "vault.json").read_bytes() == before
