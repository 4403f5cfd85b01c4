import contextlib
import json
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.access.wire import decimal, decode, floats, quote, value
from ara.errors import ShapeError, ValidationError


class Bar(msgspec.Struct):
    close: Decimal
    at: int


class Answer(msgspec.Struct):
    bars: list[Bar]


def test_decimals_keep_every_digit_and_unknown_fields_are_passed_over():
    raw = b'{"bars": [{"close": "122.150", "at": 1, "new": {}}, {"close": 0.10, "at": 2}], "more": null}'
    found = decode(raw, Answer, source="acme")
    assert [str(bar.close) for bar in found.bars] == ["122.150", "0.10"]


BLANKS = [" 12 ", "12 ", " 12", "+12", " +1", "+.5", "12\\n", "\\t12", "5. ", "\\u002b1"]


@pytest.mark.parametrize(
    "text",
    ["1_000", "_1", "1_", "1__0", "1_e5", "1_.5", "-_1", "１２", "1\u0662", "\\uff11\\uff12", "1\u00a0", *BLANKS],
)
def test_a_number_by_pythons_rules_alone_is_none(text):
    raw = f'{{"name": "{text}", "bars": [{{"close": "1", "at": 1}}, {{"close": "{text}", "at": 2}}]}}'.encode()
    with pytest.raises(ShapeError, match=r"at \$\.bars\[1\]\.close: Invalid decimal string"):
        decode(raw, Answer, source="acme")
    named = f'{{"{text}": "{text}", "other": "a\\"b_1"}}'.encode()
    assert decode(named, dict[str, str], source="acme") == json.loads(named)
    assert decimal(json.loads(f'"{text}"')) is None


@pytest.mark.parametrize("text", ["1", "-1.50", ".5", "-.5", "5.", "1e-3", "2E+05"])
def test_any_other_spelling_of_a_number_is_one(text):
    raw = f'{{"name": "caf\u00e9 a_1", "bars": [{{"close": "{text}", "at": 1}}]}}'.encode()
    assert decode(raw, Answer, source="acme").bars[0].close == Decimal(text) == decimal(text)


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,5", "1e99999999999999999999", "0x1F", "one"])
def test_a_text_that_is_no_number_has_none(text):
    assert decimal(text) is None


def test_what_is_untyped_is_exact_too():
    assert decode(b"[1.10, 1, 1e3, 123456789012345678901234567890]", source="acme") == [
        Decimal("1.10"),
        1,
        Decimal("1e3"),
        123456789012345678901234567890,
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"bars": [{"close": "1", "at": 1.5}]}', r"shape .* at \$\.bars\[0\]\.at: Expected `int`, got `float`"),
        (b'{"bars": [{"close": "x", "at": 1}]}', r"at \$\.bars\[0\]\.close: Invalid decimal string"),
        (b"{}", r"isn't the agreed one: Object missing required field `bars`"),
        (b"", "acme answers with nothing"),
        (b" \n", "acme answers with nothing"),
        (b"<html><script>x</script><h1>Too many</h1> requests</html>", 'a page instead of JSON: "Too many requests"'),
        (b'{"bars": [', "not JSON"),
        (b'{"bars": []} x', "not JSON: JSON is malformed: trailing characters"),
        (b'{"bars": NaN}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1e9999999999999999999]", "a number beyond all bounds"),
        (b'"\xff"', "not JSON: 'utf-8' codec"),
    ],
)
def test_what_is_not_as_agreed_is_said_with_its_field(raw, words):
    with pytest.raises(ShapeError, match=words) as caught:
        decode(raw, object if raw.startswith((b"[", b'"')) else Answer, source="acme")
    assert caught.value.context["source"] == "acme"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_is_read_as_it_was_written(data):
    assert value(json.dumps(data).encode()) == data


@given(st.binary(max_size=60))
def test_noise_is_read_or_refused_and_nothing_else(raw):
    with contextlib.suppress(ValidationError):
        value(raw)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_decimal_arrives_digit_by_digit(number):
    assert str(decode(f'{{"close": "{number}", "at": 1}}'.encode(), Bar, source="acme").close) == str(number)


def test_floats_are_finite_or_named():
    assert floats([Decimal("1.5"), None, 2.0], source="acme", field="$.close") == [1.5, None, 2.0]
    for bad in (Decimal("NaN"), Decimal("Infinity"), Decimal("1e999"), Decimal("-1e999")):
        with pytest.raises(ShapeError, match=r"at \$\.close: no finite number") as caught:
            floats([bad], source="acme", field="$.close")
        assert caught.value.context["field"] == "$.close"


def test_a_quotation_is_short_clean_and_without_secrets():
    assert quote(b"<style>a{}</style>\x1b[31mno\x00 way <!-- x --> k3y", "k3y") == "[31mno way ***"
    assert len(quote("x" * 5000)) == 80
    assert quote(b"\xff\xfe") == "��"


def test_the_suite_of_json_documents_is_read_and_refused_as_it_says():
    folder = os.environ.get("ARA_CONFORMANCE")
    if not folder:
        pytest.skip("ARA_CONFORMANCE is not set")
    wrong = []
    for path in sorted((Path(folder) / "hostile" / "JSONTestSuite").rglob("*.json")):
        if path.name[:2] not in {"y_", "n_", "i_"}:
            continue
        try:
            value(path.read_bytes())
            read = True
        except ValueError:
            read = False
        if path.name[0] != "i" and read != (path.name[0] == "y"):
            wrong.append(path.name)
    assert wrong == []
