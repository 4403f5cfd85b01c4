"""Files that only their owner reads, replaced whole."""

import os
import stat
from pathlib import Path

import pytest

from ara.errors import VaultError
from ara.vault.cipher import generate_key
from ara.vault.file import replace_file, write_new
from ara.vault.keys import FileKey, KeyringKey


def test_a_file_is_replaced_whole(tmp_path: Path):
    place = tmp_path / "file"
    place.write_text("old")
    place.chmod(0o644)
    replace_file(place, b"new")
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [place]


def test_where_it_can_not_be_replaced_nothing_is_left_over(tmp_path: Path):
    place = tmp_path / "file"
    (place / "full").mkdir(parents=True)
    with pytest.raises(VaultError, match="can't be written"):
        replace_file(place, b"new")
    assert list(tmp_path.iterdir()) == [place]


def test_a_new_file_takes_no_others_place(tmp_path: Path):
    place = tmp_path / "folder" / "file"
    write_new(place, b"first")
    with pytest.raises(FileExistsError):
        write_new(place, b"second")
    assert place.read_bytes() == b"first"
    assert list(place.parent.iterdir()) == [place]


def test_a_staged_key_that_can_not_be_adopted_stays(tmp_path: Path):
    source = FileKey(tmp_path / "key")
    staged = source.stage(generate_key())
    (tmp_path / "key").mkdir()
    with pytest.raises(VaultError, match="can't be replaced"):
        source.adopt()
    assert source.staged() == staged


def test_places_have_names(tmp_path: Path):
    assert FileKey(tmp_path / "key").place == str(tmp_path / "key")
    assert "/my/home" in KeyringKey("/my/home").place


def test_a_file_is_durable_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []

    def noting(name: str):
        real = getattr(os, name)

        def run(*args: object) -> object:
            done.append(name)
            return real(*args)

        monkeypatch.setattr(os, name, run)

    for name in ("fsync", "replace", "link"):
        noting(name)
    replace_file(tmp_path / "a", b"x")
    assert done == ["fsync", "replace", "fsync"]
    done.clear()
    write_new(tmp_path / "b", b"x")
    assert done == ["fsync", "link", "fsync"]
