import logging
import multiprocessing
import os
import sqlite3
import threading
import time

import pytest

from ara.data.access.board import Board
from tests.processes import begin, codes


def put(connection, now):
    connection.execute("INSERT OR REPLACE INTO pauses VALUES ('acme', ?)", (now,))
    return now


def count(connection, _now):
    return connection.execute("SELECT count(*) FROM pauses").fetchone()[0]


@pytest.fixture
def board(tmp_path):
    opened = Board.at(tmp_path / "home")
    yield opened
    opened.close()


def test_what_one_writes_the_other_reads(board, tmp_path):
    board.run(put)
    other = Board.at(tmp_path / "home")
    assert (other.run(count), other.shared) == (1, True)
    other.close()
    assert (tmp_path / "home" / "venues.db").exists()


def test_nothing_is_touched_before_the_first_use(tmp_path):
    Board.at(tmp_path / "home").close()
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_each_board_stands_for_itself():
    board = Board()
    board.run(put)
    assert (board.run(count), board.shared, Board().run(count)) == (1, False, 0)
    board.close()


def test_work_that_fails_leaves_nothing(board):
    def fail(connection, now):
        put(connection, now)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        board.run(fail)
    assert board.run(count) == 0


def test_wrong_sql_without_a_file_is_an_error():
    with pytest.raises(sqlite3.OperationalError):
        Board().run(lambda connection, now: connection.execute("SELECT nothing"))


@pytest.mark.parametrize("damage", [b"this is no database at all, and long enough to be seen as none" * 20, None])
def test_a_damaged_file_is_put_aside_and_begun_anew(board, tmp_path, caplog, damage):
    board.run(put)
    board.close()
    path = tmp_path / "home" / "venues.db"
    raw = path.read_bytes()
    path.write_bytes(damage or raw[:100] + os.urandom(len(raw) - 100))
    with caplog.at_level(logging.WARNING):
        assert board.run(count) == 0
    assert "was damaged" in caplog.text
    assert (tmp_path / "home" / "venues.db.damaged").exists()
    board.run(put)
    assert (board.run(count), board.shared) == (1, True)


def test_a_table_of_another_shape_counts_as_damage(board, tmp_path, caplog):
    board.run(put)
    board.run(lambda connection, _: connection.execute("ALTER TABLE pauses RENAME COLUMN until TO since"))
    board.run(lambda connection, _: connection.execute("SELECT until FROM pauses").fetchall())
    assert "was damaged" in caplog.text


def test_where_nothing_can_be_written_each_process_counts_for_itself_and_says_so_once(tmp_path, caplog):
    (tmp_path / "home").write_text("a file where a folder should be")
    board = Board.at(tmp_path / "home")
    board.run(put)
    board.run(put)
    assert (board.run(count), board.shared) == (1, False)
    other = Board.at(tmp_path / "home")
    other.run(put)
    assert not other.shared
    assert len([each for each in caplog.records if "counts for itself" in each.message]) == 1
    board.close()
    other.close()


def test_a_full_disk_ends_the_sharing_and_nothing_else(board, caplog):
    board.run(put)
    board.run(lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))

    def much(connection, _now):
        for number in range(2_000):
            connection.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?)", ("x" * 500 + str(number), number))

    board.run(much)
    assert (board.run(count), board.shared) == (2_000, False)
    assert "disk is full" in caplog.text


def test_who_holds_the_file_too_long_is_not_waited_for(tmp_path, caplog):
    board = Board(tmp_path / "venues.db", patience=0.05)
    board.run(put)
    with sqlite3.connect(tmp_path / "venues.db", isolation_level=None) as stuck:
        stuck.execute("BEGIN IMMEDIATE")
        board.run(put)
        stuck.execute("ROLLBACK")
    stuck.close()
    assert not board.shared
    assert "locked" in caplog.text


def test_a_damaged_file_that_cannot_be_moved_is_left(board, tmp_path, caplog):
    board.run(put)
    board.close()
    path = tmp_path / "home" / "venues.db"
    path.write_bytes(b"no database, but long enough to be read as one" * 50)
    (tmp_path / "home" / "venues.db.damaged").mkdir()
    board.run(put)
    assert (board.run(count), board.shared) == (1, False)
    assert "counts for itself" in caplog.text


def _add(path, times):
    board = Board(path)
    for _ in range(times):
        board.run(_one_more)
    board.close()


def _one_more(connection, _now):
    (before,) = connection.execute("SELECT coalesce(max(until), 0) FROM pauses").fetchone()
    time.sleep(0.001)  # so that the others come in between
    connection.execute("INSERT OR REPLACE INTO pauses VALUES ('n', ?)", (before + 1,))


def test_processes_and_threads_count_together(tmp_path):
    path = tmp_path / "venues.db"
    spawn = multiprocessing.get_context("spawn")
    workers = [begin(spawn, _add, path, 50) for _ in range(2)]
    threads = [threading.Thread(target=_add, args=(path, 50)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes(workers) == [0, 0]
    board = Board(path)
    assert board.run(lambda connection, _: connection.execute("SELECT until FROM pauses").fetchone()[0]) == 200
    board.close()


async def test_work_may_be_asked_for_from_a_loop(board):
    await board.ask(put)
    assert await board.ask(count) == 1
