import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.cli.words import clean, padded, width, wrapped


@given(st.text())
def test_clean_text_has_nothing_that_moves_the_cursor(text):
    assert all(character in "\n\t" or character.isprintable() or character.isspace() for character in clean(text))
    assert "\x1b" not in clean(text)


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [("\x1b[31mred", "\\x1b[31mred"), ("a\rb", "a\\rb"), ("\u202eabc", "\\u202eabc"), ("\ud800", "\\ud800")],
)
def test_what_would_hide_or_colour_text_is_spelled_out(dirty, shown):
    assert clean(dirty) == shown


@pytest.mark.parametrize("kept", ["Nestlé S.A.", "トヨタ", "a\tb\nc", "±2.9 %", "×…"])
def test_letters_of_every_language_stay(kept):
    assert clean(kept) == kept


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("トヨタ", 6), ("é", 1), ("e\u0301", 1), ("", 0)])
def test_width_counts_columns(text, columns):
    assert width(text) == columns


def test_padding_fills_columns_not_characters():
    assert padded("トヨタ", 8) == "トヨタ  "
    assert padded("7", 3, right=True) == "  7"
    assert padded("long", 2) == "long"


@given(st.text(alphabet="ab cd%", max_size=80), st.integers(5, 40))
def test_wrapping_keeps_every_word_and_the_width(text, columns):
    lines = wrapped(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= columns or " " not in line.replace(" %", "") for line in lines)


def test_a_percent_sign_stays_with_its_number():
    assert wrapped("the 80 % band", 6) == ["the", "80 %", "band"]


def test_what_is_joined_parts_only_where_no_line_holds_it():
    assert wrapped("numpy\u00a02.4.6, polars\u00a02.1.0", 14) == ["numpy 2.4.6,", "polars 2.1.0"]
    assert wrapped("opentelemetry\u00a01.45", 14) == ["opentelemetry", "1.45"]


def test_paragraphs_stay_apart_and_later_lines_hang():
    assert wrapped("one two three\nfour", 8, indent="  ") == ["one two", "  three", "four"]
