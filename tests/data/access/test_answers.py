import os

import pytest

from ara.data.access.answers import keep, kept
from ara.data.access.board import Board


@pytest.fixture
def board():
    opened = Board()
    yield opened
    opened.close()


def put(board, address, body, **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    board.run(lambda connection, now: keep(connection, now, address=address, headers=named, body=body))


def get(board, address):
    return board.run(lambda connection, now: kept(connection, now, address=address))


def test_an_answer_is_kept_with_its_marks(board):
    put(board, "a", b"body", etag='"1"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    found = get(board, "a")
    assert found.body == b"body"
    assert found.headers == {"If-None-Match": '"1"', "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    put(board, "a", b"newer", etag='"2"')
    assert (get(board, "a").body, get(board, "a").headers) == (b"newer", {"If-None-Match": '"2"'})


def test_an_answer_without_marks_is_not_kept_and_forgets_the_one_before(board):
    put(board, "a", b"body", etag='"1"')
    put(board, "a", b"body")
    assert get(board, "a") is None


def test_a_large_answer_is_not_kept(board):
    put(board, "a", bytes(4 << 20), etag='"1"')
    assert get(board, "a") is None
    put(board, "a", bytes((4 << 20) - 1), etag='"1"')
    assert len(get(board, "a").body) == (4 << 20) - 1


def test_at_64_mib_the_least_used_go(board):
    body = os.urandom(3 << 20)
    for number in range(21):
        put(board, f"a{number}", body + bytes([number]), etag="x")
        get(board, "a0")
    put(board, "last", body, etag="x")
    assert get(board, "a0") is not None
    assert get(board, "a1") is None
    total = board.run(lambda connection, _: connection.execute("SELECT sum(size) FROM answers").fetchone()[0])
    assert total <= 64 << 20


@pytest.mark.parametrize("damage", ["x'00'", "zeroblob(20)", "substr(body, 1, length(body) - 1)"])
def test_a_damaged_answer_is_forgotten(board, damage):
    put(board, "a", b"body" * 100, etag='"1"')
    board.run(lambda connection, _: connection.execute(f"UPDATE answers SET body = {damage}"))
    assert get(board, "a") is None
    assert get(board, "a") is None


def test_a_swapped_answer_is_forgotten(board):
    put(board, "a", b"body of a", etag='"1"')
    put(board, "b", b"body of b", etag='"1"')
    board.run(lambda c, _: c.execute("UPDATE answers SET body = (SELECT body FROM answers ORDER BY id LIMIT 1)"))
    assert None in (get(board, "a"), get(board, "b"))
