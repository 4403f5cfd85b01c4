"""Files of the store: for their owner alone, and with a reason where they can't be written."""

import errno
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ara.store import Store
from ara.store.files import make_file, make_folder, unwritable

Open = Callable[[str], Awaitable[Store]]


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A user who lets everybody read what they make."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.fixture
def readable_home(home: Path) -> Path:
    """A home from before, which others may read."""
    (home / "heads").mkdir(mode=0o755, parents=True)
    (home / "ara.db").touch(mode=0o640)
    (home / "ara.db").chmod(0o640)
    home.chmod(0o755)
    (home / "heads").chmod(0o755)
    return home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
async def test_what_a_store_makes_is_for_its_owner_alone(open_at: Open, home: Path) -> None:
    place = home / "deeper"
    store = await open_at(f"sqlite:///{place / 'kept.db'}")
    await store.log("ledger").append([b"x"])
    modes = {str(path.relative_to(place)): mode(path) for path in place.rglob("*")}
    assert modes == {
        "kept.db": 0o600,
        "kept.db-wal": 0o600,
        "kept.db-shm": 0o600,
        "heads": 0o700,
        "heads/.lock": 0o600,
        "heads/ledger.json": 0o600,
    }
    assert mode(place) == 0o700


async def test_what_is_there_keeps_its_mode(open_at: Open, readable_home: Path) -> None:
    home = readable_home
    store = await open_at("")
    await store.log("ledger").append([b"x"])
    assert [mode(path) for path in (home, home / "heads", home / "ara.db")] == [0o755, 0o755, 0o640]


def test_making_twice_changes_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(b"kept")
    make_file(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("number", "words", "hint"),
    [
        (errno.ENOENT, "its folder isn't there and can't be made", "Make the folder /srv/x, or choose"),
        (errno.ENOTDIR, "its folder isn't there and can't be made", "Make the folder /srv/x, or choose"),
        (errno.EEXIST, "something else stands in its place", "Move what is in the way in /srv/x"),
        (errno.EACCES, "this user isn't allowed to", "Make the folder /srv/x writable for this user"),
        (errno.EPERM, "this user isn't allowed to", "Make the folder /srv/x writable for this user"),
        (errno.EROFS, "its disk is read-only", "Mount the disk so that /srv/x is writable"),
        (errno.ENOSPC, "there is no room left", "Make room on the disk"),
        (errno.EDQUOT, "there is no room left", "Make room on the disk"),
        (errno.EIO, "input/output error", "Check the disk under /srv/x"),
    ],
)
def test_each_reason_has_its_own_hint(number: int, words: str, hint: str) -> None:
    error = unwritable(Path("/srv/x/ara.db"), OSError(number, os.strerror(number), "/srv/x"))
    assert error.message == f"The store /srv/x/ara.db can't be written: {words}."
    assert error.hint.startswith(hint)
    assert "Errno" not in error.message + error.hint


def test_an_error_without_a_number_is_said_too() -> None:
    assert unwritable(Path("/x/ara.db"), OSError()).message.endswith("can't be written: the disk failed.")
