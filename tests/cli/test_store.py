"""`ara store`: what it says of the tables, and that it brings them forward and back."""

import json

from ara.store.migrations import first, known, newest


def test_tables_go_forward_and_back(ara):
    assert "not made yet" in ara("store", "status").plain
    assert json.loads(ara("store", "status", "--json").out) == {
        "schema": 1, "step": None, "newest": newest(), "before": None, "waiting": list(known()), "newer": False,
    }  # fmt: skip
    assert f"at step {newest()} now, from nothing." in ara("store", "migrate").plain
    assert f"at step {newest()}, as they were." in ara("store", "migrate").plain
    assert f"at step {newest()}, the newest." in ara("store", "status").plain
    back = json.loads(ara("store", "migrate", "--to", first(), "--json").out)
    assert (back["step"], back["before"], back["waiting"]) == (first(), newest(), list(known()[1:]))
    narrow = ara("store", "status", "--width", "60").plain
    assert all(len(line) <= 60 for line in narrow.splitlines())
    assert "ara store migrate" in " ".join(narrow.split())


def test_a_step_that_is_not_there_is_named(ara):
    outcome = ara("store", "migrate", "--to", "7")
    assert outcome.code == 2
    assert "There is no step '7'" in outcome.err
    assert first() in outcome.err
