"""No planted secret leaves, in whatever part of a record it is planted; one record stays one line."""

import io
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ara.logs import get_logger, with_correlation
from ara.settings import Secret

Listen = Callable[..., io.StringIO]
FORMATS = ["human", "json"]
relaxed = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

TOKEN = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=24, max_size=40)
PLANTED = st.sampled_from(
    [
        "sk_live_{}",
        "password={}",
        "password='{} {}'",
        '{{"api_key": "{}"}}',
        "Authorization: Bearer {}",
        "https://user:{}@host/path",
        "ghp_{}",
        "eyJhbGciOiJub25lIn0.{}.{}",
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        "--token {}",
    ]
)
STRANGE = st.text(st.characters(exclude_categories=[]), max_size=40)


class Carrier:
    """A stranger's object that tells what it holds."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Carrier(text={self.text!r})"


def by_message(log: logging.Logger, text: str) -> None:
    log.warning(text)


def by_argument(log: logging.Logger, text: str) -> None:
    log.warning("it says %s and %r", text, Carrier(text))


def by_mapping(log: logging.Logger, text: str) -> None:
    log.warning("it says %(what)s", {"what": text})


def by_wrong_format(log: logging.Logger, text: str) -> None:
    log.warning("%d of %s", text)  # noqa: PLE1206


def by_message_that_is_no_text(log: logging.Logger, text: str) -> None:
    log.warning({"said": [text]})


def by_fields(log: logging.Logger, text: str) -> None:
    log.warning("words", extra={"field": text, "tree": {text: [text, (text,)]}, "carrier": Carrier(text)})


def by_exception(log: logging.Logger, text: str) -> None:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            error.add_note(text)
            raise RuntimeError(f"again {text}") from error
    except RuntimeError:
        log.exception("failed")


def by_group(log: logging.Logger, text: str) -> None:
    log.warning("failed", exc_info=ExceptionGroup(text, [KeyError(text), OSError(5, text)]))


def by_logger(log: logging.Logger, text: str) -> None:
    log.getChild(text).warning("words")


def by_level(log: logging.Logger, text: str) -> None:
    record = log.makeRecord(log.name, logging.ERROR, "file", 1, "words", (), None)
    record.levelname = text
    log.handle(record)


WAYS = [
    by_message,
    by_argument,
    by_mapping,
    by_wrong_format,
    by_message_that_is_no_text,
    by_fields,
    by_exception,
    by_group,
    by_logger,
    by_level,
]


def lines(stream: io.StringIO, format: str) -> list[str]:
    """Give the records' lines; those of tracebacks, which a person sees at level debug, begin with a bar."""
    assert stream.getvalue().endswith("\n")
    every = stream.getvalue()[:-1].split("\n")
    for line in every:
        assert line.isprintable() or not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", line)
    records = [line for line in every if not line.startswith("  | ")]
    if format == "json":
        assert records == every
        assert all(isinstance(json.loads(line), dict) for line in every)
    return records


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("format", FORMATS)
@relaxed
@given(token=TOKEN, planted=PLANTED, strange=STRANGE, level=st.sampled_from(["debug", "info"]))
def test_no_secret_leaves(
    listen: Listen, format: str, way: Callable[..., None], token: str, planted: str, strange: str, level: str
):
    assume(token not in strange)
    stream = listen(format=format, level=level)
    way(get_logger("ara.test"), f"{strange} {planted.format(token, token)}")
    assert token not in stream.getvalue()
    assert len(lines(stream, format)) == 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("format", FORMATS)
@relaxed
@given(strange=STRANGE, level=st.sampled_from(["debug", "info"]))
def test_one_record_is_one_line(listen: Listen, format: str, way: Callable[..., None], strange: str, level: str):
    stream = listen(format=format, level=level)
    with with_correlation(strange):
        way(get_logger("ara.test"), strange)
    assert len(lines(stream, format)) == 1


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "text",
    [
        "two\nlines",
        "carriage\r\nreturn",
        "\x1b[2J\x1b[31mred\x07",
        "next\x85line\u2028and\u2029paragraph",
        "lone \ud800 surrogate \udcff",
        "null \x00 and \x7f",
        "\u202eright to left\u202c",
        "{} {0} %s %(x)s",
        '"quoted" \\ back',
    ],
)
def test_hostile_texts_are_shown_escaped(listen: Listen, format: str, text: str):
    stream = listen(format=format)
    get_logger("ara.test").warning(text, extra={"more": text})
    (line,) = lines(stream, format)
    line.encode()
    if format == "json":
        safe = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
        assert json.loads(line)["message"] == json.loads(line)["fields"]["more"] == safe


@pytest.mark.parametrize("format", FORMATS)
def test_a_huge_text_is_cut(listen: Listen, format: str):
    stream = listen(format=format)
    get_logger("ara.test").warning("x" * 1_000_000, extra={"more": ["y" * 1_000_000] * 50})
    (line,) = lines(stream, format)
    assert len(line) < 50_000
    assert "… (1,000,000 characters)" in line


@pytest.mark.parametrize("format", FORMATS)
def test_secrets_are_known_by_type_and_by_name(listen: Listen, format: str):
    stream = listen(format=format)
    secret: Any = Secret("correct horse")
    log = get_logger("ara.test")
    log.warning("%s %r", secret, secret, extra={"held": secret, "password": "correct horse"})
    log.warning(secret)
    log.warning(f"{secret} in {[secret]}")  # noqa: G004
    assert "correct" not in stream.getvalue()
    assert stream.getvalue().count("***") >= 6


@pytest.mark.parametrize("format", FORMATS)
def test_what_can_not_tell_itself_does_not_lose_the_record(listen: Listen, format: str):
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

        __repr__ = __str__

    stream = listen(format=format)
    log = get_logger("ara.test")
    log.warning("one %s", BrokenError())
    log.warning("two", extra={"field": BrokenError()})
    log.warning("three", exc_info=BrokenError())
    found = lines(stream, format)
    assert [next(word for word in ("one", "two", "three") if word in line) for line in found] == ["one", "two", "three"]
