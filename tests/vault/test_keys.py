"""Where the key comes from."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from ara.errors import PluginError, VaultError
from ara.settings import Secret
from ara.vault import Vault, generate_key
from ara.vault.cipher import Derivation, derive
from ara.vault.keys import KeyringKey

Open = Callable[..., Vault]
PASSPHRASE = "correct horse battery staple"


@pytest.mark.parametrize(
    "key", [PASSPHRASE, "пароль из многих букв", generate_key().reveal()], ids=["words", "other letters", "made"]
)
def test_the_environments_key_needs_no_file(open_vault: Open, home: Path, key: str):
    open_vault(key=key).put("a", "x")
    assert open_vault(key=f"  {key}\n").get("a").reveal() == "x"
    assert not (home / "vault.key").exists()
    with pytest.raises(VaultError, match=r"its key, .*, is not"):
        open_vault().get("a")


@pytest.mark.parametrize(
    "key", ["short", "x" * 1025, "two\nlines of text", "bell \x07 in it...", "lone \udc80 byte..."]
)
def test_what_is_no_key_is_refused(open_vault: Open, home: Path, key: str):
    with pytest.raises(VaultError, match="12 to 1024 printable") as caught:
        open_vault(key=key).put("a", "x")
    assert key not in caught.value.message
    open_vault(key=PASSPHRASE).put("a", "x")
    with pytest.raises(VaultError, match="12 to 1024 printable"):
        open_vault(key=key).get("a")


def test_generated_keys_differ_and_passphrases_are_stretched():
    assert generate_key() != generate_key()
    assert Derivation.fresh(generate_key()).method == "hkdf-sha256"
    assert Derivation.fresh(Secret(PASSPHRASE)).method == "scrypt"
    one, two = Derivation.fresh(Secret(PASSPHRASE)), Derivation.fresh(Secret(PASSPHRASE))
    assert one.salt != two.salt
    assert derive(Secret(PASSPHRASE), one).id == derive(Secret(PASSPHRASE), one).id
    assert derive(Secret(PASSPHRASE), one).id != derive(Secret(PASSPHRASE), two).id


def test_a_box_opens_for_its_purpose_only():
    key = generate_key()
    cipher = derive(key, Derivation.fresh(key))
    box = cipher.seal(b"data", purpose="a")
    assert cipher.open(box, purpose="a") == b"data"
    assert cipher.open(box, purpose="b") is None
    assert cipher.open(box[:5], purpose="a") is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_file_that_others_read_is_refused(vault: Vault, home: Path, open_vault: Open, mode: int):
    vault.put("a", "x")
    (home / "vault.key").chmod(mode)
    with pytest.raises(VaultError, match=f"mode {mode:04o}") as caught:
        open_vault().get("a")
    assert f"chmod 600 {home / 'vault.key'}" in caught.value.hint
    (home / "vault.key").chmod(0o400)
    assert open_vault().get("a").reveal() == "x"


def test_a_key_file_elsewhere(open_vault: Open, tmp_path: Path, home: Path):
    place = tmp_path / "keys" / "mine"
    open_vault(key_file=place).put("a", "x")
    assert open_vault(key_file=place).get("a").reveal() == "x"
    assert not (home / "vault.key").exists()
    assert [path.name for path in place.parent.iterdir()] == ["mine"]


def test_a_key_file_of_ones_own_passphrase(open_vault: Open, tmp_path: Path):
    place = tmp_path / "mine"
    place.write_text(f"{PASSPHRASE}\r\n")
    place.chmod(0o600)
    open_vault(key_file=place).put("a", "x")
    assert open_vault(key=PASSPHRASE).get("a").reveal() == "x"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe" * 20, b"a key on\ntwo lines", b"x" * 5000])
def test_a_file_that_holds_no_key(open_vault: Open, tmp_path: Path, content: bytes):
    place = tmp_path / "mine"
    place.write_bytes(content)
    place.chmod(0o600)
    with pytest.raises(VaultError, match="does not hold a key"):
        open_vault(key_file=place).put("a", "x")
    assert place.read_bytes() == content


def test_a_key_file_that_is_no_file(open_vault: Open, tmp_path: Path):
    with pytest.raises(VaultError, match=r"can't be read: Is a directory|not an ordinary file"):
        open_vault(key_file=tmp_path).put("a", "x")
    with pytest.raises(VaultError, match="not an ordinary file"):
        open_vault(key_file="/dev/zero").put("a", "x")


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_the_keyring_keeps_the_key(ring: Ring, open_vault: Open, home: Path, tmp_path: Path):
    open_vault(keyring=True).put("a", "x")
    assert open_vault(keyring=True).get("a").reveal() == "x"
    assert not (home / "vault.key").exists()
    assert list(ring.kept) == [("ara", f"vault {home}")]
    open_vault(keyring=True, folder=tmp_path / "other").put("b", "y")
    assert len(set(ring.kept.values())) == 2


def test_the_keyrings_key_rotates(ring: Ring, open_vault: Open):
    vault = open_vault(keyring=True)
    vault.put("a", "x")
    before = dict(ring.kept)
    vault.rotate()
    assert ring.kept.keys() == before.keys()
    assert ring.kept != before
    assert open_vault(keyring=True).get("a").reveal() == "x"


def test_the_keyrings_rotation_cut_short_is_finished(ring: Ring, open_vault: Open, home: Path):
    vault = open_vault(keyring=True)
    vault.put("a", "x")
    (entry, old), *_ = ring.kept.items()
    vault.rotate()
    ring.kept |= {(entry[0], f"{entry[1]} new"): ring.kept[entry], entry: old}
    assert open_vault(keyring=True).get("a").reveal() == "x"
    open_vault(keyring=True).put("b", "y")
    assert list(ring.kept) == [entry]
    assert ring.kept[entry] != old
    assert open_vault(keyring=True).get("b").reveal() == "y"


def test_the_keyrings_key_outlives_the_vault(ring: Ring, open_vault: Open, home: Path):
    open_vault(keyring=True).put("a", "x")
    before = dict(ring.kept)
    (home / "vault.json").unlink()
    open_vault(keyring=True).put("b", "y")
    assert ring.kept == before
    KeyringKey(str(home)).adopt()
    assert ring.kept == before


def test_a_locked_keyring_is_said_so(open_vault: Open, ring: Ring):
    keyring.set_keyring(keyring.backends.fail.Keyring())
    with pytest.raises(VaultError, match="keyring does not answer") as caught:
        open_vault(keyring=True).put("a", "x")
    assert "vault.keyring" in caught.value.hint


def test_a_keyring_that_can_not_write_or_forgets(open_vault: Open, ring: Ring, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: str) -> None:
        raise keyring.errors.PasswordSetError("no")

    monkeypatch.setattr(ring, "set_password", refuse)
    with pytest.raises(VaultError, match="keyring does not answer"):
        open_vault(keyring=True).put("a", "x")
    monkeypatch.setattr(ring, "set_password", lambda *_: None)
    with pytest.raises(VaultError, match="did not keep it"):
        open_vault(keyring=True).put("a", "x")


def test_without_the_package_the_line_to_install_it(open_vault: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(PluginError) as caught:
        open_vault(keyring=True).put("a", "x")
    assert "pip install 'ara-ai[keyring]'" in caught.value.hint


def test_the_processes_own_environment_is_read(home: Path):
    script = (
        "from ara.settings import Settings; from ara.vault import Vault;"
        f"Vault.open(Settings(home={str(home)!r})).put('a', 'x')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"ARA_VAULT_KEY": PASSPHRASE})
    assert not (home / "vault.key").exists()
    assert (home / "vault.json").exists()


def test_importing_and_opening_load_no_cryptography(home: Path):
    script = (
        "import sys; from ara.settings import Settings; from ara.vault import Vault;"
        f"Vault.open(Settings(home={str(home)!r}), environ={{}}).names();"
        "print([name for name in sys.modules if name.startswith(('cryptography', 'keyring'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
