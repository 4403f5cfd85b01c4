"""The files of signed heads: replaced whole, by one process at a time."""

import threading
from pathlib import Path

import pytest

from ara.errors import StoreError
from ara.store.heads import HeadFiles


def test_a_reader_never_sees_half_a_head(tmp_path: Path) -> None:
    heads = HeadFiles(tmp_path / "heads", patience=5.0)
    documents = [bytes([65 + number % 26]) * (500 + 7000 * (number % 2)) for number in range(300)]
    whole, odd = set(documents), []
    with heads.locked():
        heads.write("ledger", documents[0])
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen = heads.read("ledger")
            if seen not in whole:
                odd.append(seen)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for document in documents:
        with heads.locked():
            heads.write("ledger", document)
    done.set()
    watcher.join()
    assert odd == []
    assert heads.read("ledger") == documents[-1]
    assert {path.name for path in (tmp_path / "heads").iterdir()} == {".lock", "ledger.json"}


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    one, other = (HeadFiles(tmp_path / "heads", patience=0.05) for _ in range(2))
    with one.locked(), pytest.raises(StoreError, match=r"locked by another process for 0\.05 s"), other.locked():
        pass
    with other.locked():
        assert other.read("ledger") is None


def test_what_a_killed_process_left_of_a_head_is_written_over(tmp_path: Path) -> None:
    heads = HeadFiles(tmp_path / "heads", patience=5.0)
    with heads.locked():
        heads.write("ledger", b"first")
        (tmp_path / "heads" / ".ledger.json.part").write_bytes(b"half of a head that was longer than the next")
        assert heads.read("ledger") == b"first"
        heads.write("ledger", b"second")
    assert heads.read("ledger") == b"second"
    assert {path.name for path in (tmp_path / "heads").iterdir()} == {".lock", "ledger.json"}


def test_a_link_in_place_of_a_part_is_not_followed(tmp_path: Path) -> None:
    heads, other = HeadFiles(tmp_path / "heads", patience=5.0), tmp_path / "other"
    other.write_bytes(b"not ours")
    with heads.locked():
        heads.write("ledger", b"first")
        (tmp_path / "heads" / ".ledger.json.part").symlink_to(other)
        with pytest.raises(OSError, match="link"):
            heads.write("ledger", b"second")
        assert heads.read("ledger") == b"first"
        heads.write("ledger", b"second")
    assert (heads.read("ledger"), other.read_bytes()) == (b"second", b"not ours")
