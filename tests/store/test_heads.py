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
