"""Another key, whatever happens on the way."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ara.errors import VaultError
from ara.settings import Secret
from ara.vault import Vault, generate_key
from ara.vault.keys import FileKey

Open = Callable[..., Vault]
PASSPHRASE = "correct horse battery staple"

DIE_AT = """
import os, sys
from ara.settings import Settings
from ara.vault import Vault

left = int(sys.argv[2])

def dying(function):
    def run(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return function(*args, **kwargs)
    return run

vault = Vault.open(Settings(home=sys.argv[1]), environ={})
for name in ("open", "write", "fsync", "replace", "rename", "link", "unlink"):
    setattr(os, name, dying(getattr(os, name)))
exec(sys.argv[3])
"""


def kill_at(step: int, home: Path, act: str) -> bool:
    """Run `act` on the vault and kill the process at a step; tell whether there was such a step."""
    done = subprocess.run([sys.executable, "-c", DIE_AT, str(home), str(step), act], check=False)
    assert done.returncode in {0, -9}
    return done.returncode == -9


def test_secrets_signatures_and_data_outlast_it(vault: Vault, open_vault: Open, home: Path):
    vault.put("a", "x")
    box, public, key = vault.encrypt(b"data"), vault.public_key(), (home / "vault.key").read_text()
    before = json.loads((home / "vault.json").read_text())
    vault.rotate()
    for each in (vault, open_vault()):
        assert each.get("a").reveal() == "x"
        assert each.decrypt(box) == b"data"
        assert each.public_key() == public
        assert each.decrypt(vault.encrypt(b"later")) == b"later"
    after = json.loads((home / "vault.json").read_text())
    assert (home / "vault.key").read_text() != key
    assert after["key"] != before["key"]
    assert after["derivation"]["salt"] != before["derivation"]["salt"]
    assert not set(after["entries"].values()) & set(before["entries"].values())
    assert sorted(path.name for path in home.iterdir()) == ["vault.json", "vault.key", "vault.lock"]


def test_the_old_key_opens_nothing_any_more(vault: Vault, open_vault: Open, home: Path):
    vault.put("a", "x")
    old = (home / "vault.key").read_text().strip()
    vault.rotate()
    with pytest.raises(VaultError, match="is not the one"):
        open_vault(key=old).get("a")


def test_new_data_gets_a_new_key(vault: Vault):
    first = vault.encrypt(b"data")
    vault.rotate()
    second = vault.encrypt(b"data")
    assert first[:8] != second[:8]
    assert vault.decrypt(first) == vault.decrypt(second) == b"data"


def test_an_open_vault_follows_a_rotation_elsewhere(vault: Vault, open_vault: Open):
    vault.put("a", "x")
    vault.encrypt(b"fill the cache")
    other = open_vault()
    other.rotate()
    box = other.encrypt(b"data")
    assert vault.get("a").reveal() == "x"
    assert vault.decrypt(box) == b"data"
    vault.put("b", "y")
    assert other.get("b").reveal() == "y"


def test_to_a_passphrase_in_the_file(vault: Vault, open_vault: Open, home: Path):
    vault.put("a", "x")
    vault.rotate(f" {PASSPHRASE}\n")
    assert (home / "vault.key").read_text() == f"{PASSPHRASE}\n"
    assert open_vault().get("a").reveal() == "x"
    assert open_vault(key=PASSPHRASE).get("a").reveal() == "x"


def test_the_environments_key_needs_the_new_one(open_vault: Open, home: Path):
    vault = open_vault(key=PASSPHRASE)
    vault.put("a", "x")
    before = (home / "vault.json").read_bytes()
    with pytest.raises(VaultError, match="ARA_VAULT_KEY, which Ara can't change"):
        vault.rotate()
    assert (home / "vault.json").read_bytes() == before
    new = generate_key().reveal()
    vault.rotate(new)
    vault.put("b", "y")
    assert open_vault(key=new).names() == ("a", "b")
    with pytest.raises(VaultError, match="is not the one"):
        open_vault(key=PASSPHRASE).get("a")


@pytest.mark.parametrize("key", ["", "short", "two\nlines of a key"])
def test_a_bad_new_key_changes_nothing(vault: Vault, home: Path, key: str):
    vault.put("a", "x")
    before = (home / "vault.json").read_bytes(), (home / "vault.key").read_bytes()
    with pytest.raises(VaultError, match="12 to 1024"):
        vault.rotate(key)
    assert ((home / "vault.json").read_bytes(), (home / "vault.key").read_bytes()) == before


def test_of_an_empty_vault(vault: Vault, open_vault: Open):
    vault.rotate()
    assert open_vault().names() == ()
    assert open_vault().decrypt(vault.encrypt(b"data")) == b"data"


def test_killed_at_every_step_nothing_is_lost(vault: Vault, open_vault: Open, home: Path, tmp_path: Path):
    vault.put("a", "x")
    box, public = vault.encrypt(b"data"), vault.public_key()
    step, opened_by = 0, set()
    while True:
        copy = tmp_path / str(step)
        shutil.copytree(home, copy)
        key, died = (copy / "vault.key").read_text(), kill_at(step, copy, "vault.rotate()")
        for _ in range(2):
            found = open_vault(folder=copy)
            assert found.get("a").reveal() == "x"
            assert found.decrypt(box) == b"data"
            assert found.public_key() == public
            found.put("b", "y")
            opened_by.add((copy / "vault.key").read_text() == key)
            found.rotate()
            assert not (copy / "vault.key.new").exists()
            key = (copy / "vault.key").read_text()
        if not died:
            break
        step += 1
    assert step > 8
    assert opened_by == {True, False}


def test_killed_at_every_step_of_the_first_use(open_vault: Open, tmp_path: Path):
    step = 0
    while True:
        home = tmp_path / str(step)
        died = kill_at(step, home, "vault.put('a', 'x')")
        found = open_vault(folder=home)
        assert found.names() in {(), ("a",)}
        found.put("b", "y")
        assert open_vault(folder=home).get("b").reveal() == "y"
        if not died:
            assert found.get("a").reveal() == "x"
            break
        step += 1
    assert step > 8


@pytest.fixture
def half_made(vault: Vault, home: Path) -> tuple[str, str]:
    """A rotation that was cut between the vault and its key; give the old key and the new one."""
    vault.put("a", "x")
    old = (home / "vault.key").read_text()
    vault.rotate()
    (home / "vault.key").rename(home / "vault.key.new")
    (home / "vault.key").write_text(old)
    (home / "vault.key").chmod(0o600)
    return old, (home / "vault.key.new").read_text()


def test_a_half_made_rotation_is_read_as_it_is(half_made: tuple[str, str], open_vault: Open, home: Path):
    assert open_vault().get("a").reveal() == "x"
    assert (home / "vault.key").read_text() == half_made[0]


def test_a_half_made_rotation_is_finished_by_the_next_write(half_made: tuple[str, str], open_vault: Open, home: Path):
    open_vault().put("b", "y")
    assert (home / "vault.key").read_text() == half_made[1]
    assert not (home / "vault.key.new").exists()
    assert open_vault().names() == ("a", "b")


def test_a_second_rotation_killed_after_a_half_made_one(
    half_made: tuple[str, str], open_vault: Open, home: Path, tmp_path: Path
):
    step = 0
    while True:
        copy = tmp_path / str(step)
        shutil.copytree(home, copy)
        died = kill_at(step, copy, "vault.rotate()")
        assert open_vault(folder=copy).get("a").reveal() == "x"
        if not died:
            break
        step += 1


def test_a_key_left_over_by_a_rotation_that_did_not_begin(vault: Vault, open_vault: Open, home: Path):
    vault.put("a", "x")
    before = (home / "vault.key").read_text()
    (home / "vault.key.new").write_text(generate_key().reveal())
    (home / "vault.key.new").chmod(0o600)
    open_vault().put("b", "y")
    assert (home / "vault.key").read_text() == before
    assert open_vault().names() == ("a", "b")


def test_a_reader_between_the_vault_and_its_key_looks_again(vault: Vault, open_vault: Open, home: Path):
    vault.put("a", "x")

    class Slow(FileKey):
        """Takes so long that another process rotates meanwhile."""

        waits = 2

        def read(self) -> Secret | None:
            if self.waits:
                self.waits -= 1
                open_vault().rotate()
            return super().read()

    assert Vault(home / "vault.json", Slow(home / "vault.key")).get("a").reveal() == "x"
