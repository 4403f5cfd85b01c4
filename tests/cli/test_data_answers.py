"""How the answer of a query stands on the screen."""

import polars as pl

from ara.cli.render.rows import rows
from ara.cli.screen import Flags, Screen
from ara.cli.words import width


def screen(columns=160):
    return Screen(Flags(width=columns, colour=False), runner=None)


def test_lists_and_structures_are_written_as_json_has_them():
    frame = pl.DataFrame({"some": [["a", "b"]], "none": [[]], "pair": [{"x": 1, "y": None}]}, strict=False)
    said = rows(frame, screen())
    assert '["a", "b"]' in said
    assert '{"x": 1, "y": null}' in said
    assert "shape" not in said


def test_the_id_of_a_fetch_stands_whole_and_other_long_words_are_cut():
    said = rows(pl.DataFrame({"fetch": ["0123456789abcdef" * 4], "words": ["x" * 64]}), screen())
    assert "0123456789abcdef" * 4 in said
    assert "x" * 47 + "…" in said
    narrow = rows(pl.DataFrame({"fetch": ["0123456789abcdef" * 4], "words": ["x" * 64]}), screen(40))
    assert "0123456789abcdef" * 4 in "".join(narrow.split())


def test_wide_letters_stay_within_the_lines():
    frame = pl.DataFrame({"text": ["0" * 15 + "⺀⺀" * 20], "number": [1.0]})
    assert max(map(width, rows(frame, screen(47)).splitlines())) <= 47


def test_a_statement_that_begins_with_a_comment_is_told_a_way_out(ara):
    refused = ara("data", "query", "-- nothing\nselect 1")
    assert refused.code == 2
    assert "To begin with a comment, write -- before it: ara data query -- '-- nothing" in " ".join(refused.err.split())


def test_the_help_of_query_names_every_table(ara):
    assert "withdrawals" in ara("data", "query", "--help").out
