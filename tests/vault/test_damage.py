"""What went wrong is said: wrong key, edited, cut short, unwritable."""

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import VaultError
from ara.vault import Vault

Open = Callable[..., Vault]


@pytest.fixture
def file(vault: Vault, home: Path) -> Path:
    vault.put("first", "one")
    vault.put("second", "two")
    return home / "vault.json"


def edited(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def test_an_edited_entry_is_named(file: Path, open_vault: Open):
    edited(file, lambda it: it["entries"].update(first=it["entries"]["first"][:-4] + "AAAA"))
    with pytest.raises(VaultError, match=r"entry 'first' .* was changed"):
        open_vault().get("second")


def test_swapped_entries_are_seen(file: Path, open_vault: Open):
    edited(file, lambda it: it["entries"].update(first=it["entries"]["second"], second=it["entries"]["first"]))
    with pytest.raises(VaultError, match=r"entry 'first' .* was changed"):
        open_vault().get("first")


def test_an_empty_entry_is_named(file: Path, open_vault: Open):
    edited(file, lambda it: it["entries"].update(first=""))
    with pytest.raises(VaultError, match="entry 'first'"):
        open_vault().names()


def test_a_dropped_entry_is_seen(file: Path, open_vault: Open):
    edited(file, lambda it: it["entries"].pop("first"))
    with pytest.raises(VaultError, match="dropped or put back"):
        open_vault().names()


def test_an_entry_put_back_is_seen(vault: Vault, file: Path, open_vault: Open):
    old = json.loads(file.read_text())["entries"]["first"]
    vault.put("first", "newer")
    edited(file, lambda it: it["entries"].update(first=old))
    with pytest.raises(VaultError, match="dropped or put back"):
        open_vault().get("first")


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(version=2),
        lambda it: it.update(format="other"),
        lambda it: it.update(more=1),
        lambda it: it.pop("seal"),
        lambda it: it["derivation"].update(cost=60),
        lambda it: it["derivation"].update(method="none"),
        lambda it: it["entries"].update(first="not base64!"),
    ],
)
def test_a_field_that_does_not_fit_is_an_edit(file: Path, open_vault: Open, change: Callable[[dict[str, Any]], object]):
    edited(file, change)
    with pytest.raises(VaultError, match="was edited"):
        open_vault().get("first")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_cut_and_no_changed_byte_goes_unseen(file: Path, open_vault: Open, data: st.DataObject):
    whole = file.read_bytes()
    try:
        if data.draw(st.booleans()):
            file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 3))])
        else:
            place = data.draw(st.integers(0, len(whole) - 2))
            file.write_bytes(
                whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
            )
        try:
            found = open_vault()
            assert [found.get(name).reveal() for name in found.names()] == ["one", "two"]
        except VaultError:
            pass
    finally:
        file.write_bytes(whole)


def test_a_cut_file_is_called_cut(file: Path, open_vault: Open):
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(VaultError, match="cut short or damaged"):
        open_vault().sign(b"x")
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VaultError, match="cut short or damaged"):
        open_vault().names()


def test_a_damaged_vault_is_never_overwritten(file: Path, open_vault: Open):
    file.write_bytes(b"{")
    for act in (lambda v: v.put("a", "b"), lambda v: v.rotate(), lambda v: v.encrypt(b""), lambda v: v.public_key()):
        with pytest.raises(VaultError):
            act(open_vault())
    assert file.read_bytes() == b"{"


def test_a_wrong_key_is_called_so(file: Path, open_vault: Open, home: Path):
    for wrong in ("a passphrase that is wrong", "ara_vk1_" + "A" * 43):
        with pytest.raises(VaultError, match="ARA_VAULT_KEY is not the one"):
            open_vault(key=wrong).get("first")
    (home / "vault.key").write_text("ara_vk1_" + "B" * 43)
    with pytest.raises(VaultError, match=r"vault\.key is not the one"):
        open_vault().get("first")


def test_a_lost_key_is_not_made_anew(file: Path, open_vault: Open, home: Path):
    (home / "vault.key").unlink()
    for act in (lambda v: v.get("first"), lambda v: v.put("a", "b"), lambda v: v.rotate()):
        with pytest.raises(VaultError, match=r"its key, .*vault\.key, is not"):
            act(open_vault())
    assert not (home / "vault.key").exists()


def test_a_folder_in_the_place_of_the_file(home: Path, open_vault: Open):
    (home / "vault.json").mkdir(parents=True)
    with pytest.raises(VaultError, match="can't be read"):
        open_vault().names()


def test_a_home_that_can_not_be_made(tmp_path: Path, open_vault: Open):
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match=r"can't be read|can't be written"):
        open_vault(folder=tmp_path / "file" / "home").put("a", "b")
    with pytest.raises(VaultError, match="can't be written") as caught:
        open_vault(folder=Path("/proc/ara")).put("a", "b")
    assert "ARA_HOME" in caught.value.hint


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond some bytes, as on a disk without room; not even what tells of the tests."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_the_old_vault_stays(file: Path, open_vault: Open, home: Path):
    before = file.read_bytes()
    vault = open_vault()
    with full_disk():
        with pytest.raises(VaultError, match="can't be written"):
            vault.put("third", "three")
        with pytest.raises(VaultError, match="can't be written"):
            vault.rotate()
    assert file.read_bytes() == before
    assert sorted(path.name for path in home.iterdir()) == ["vault.json", "vault.key", "vault.lock"]


def test_without_room_for_a_first_key(home: Path, open_vault: Open):
    with full_disk(), pytest.raises(VaultError, match=r"vault\.key can't be written"):
        open_vault().put("a", "b")
    assert sorted(path.name for path in home.iterdir()) == ["vault.lock"]
