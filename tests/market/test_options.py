import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.market import options
from ara.market.instrument import AssetClass, OptionTerms, Right
from ara.market.symbols import normalise

CALL = OptionTerms(
    underlying="AAPL", expiry=date(2024, 6, 21), strike=Decimal(190), right=Right.CALL, multiplier=Decimal(100)
)

terms = st.builds(
    OptionTerms,
    underlying=st.from_regex(r"[A-Z]{1,6}", fullmatch=True),
    expiry=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    strike=st.integers(1, 10**8 - 1).map(lambda mills: Decimal(mills) / 1000),
    right=st.sampled_from(Right),
    multiplier=st.just(Decimal(100)),
)


@pytest.mark.parametrize(
    "text",
    ["AAPL240621C00190000", "AAPL  240621C00190000", "O:AAPL240621C00190000", " o:aapl240621c00190000 "],
)
def test_one_option_in_every_spelling(text):
    one = options.parse(text)
    assert one.option == CALL
    assert one.symbol == "AAPL240621C00190000"
    assert one.name == "AAPL 2024-06-21 190 call"
    assert (one.asset_class, one.currency, one.calendar) == (AssetClass.OPTION, "USD", "XNYS")


def test_a_strike_keeps_its_thousandths():
    one = options.parse("SPY250117P00400500")
    assert one.option is not None
    assert (one.option.strike, one.option.right, one.name) == (Decimal("400.5"), Right.PUT, "SPY 2025-01-17 400.5 put")
    assert options.parse("X250117P00000001").option.strike == Decimal("0.001")


def test_both_forms_are_written():
    assert options.format(CALL) == "AAPL240621C00190000"
    assert options.format(CALL, padded=True) == "AAPL  240621C00190000"


@given(terms)
def test_what_is_written_is_read(made):
    for text in (options.format(made), options.format(made, padded=True), f"O:{options.format(made)}"):
        one = options.parse(text)
        assert one.option == made
        assert normalise(text) == one.symbol == options.format(made)
        assert re.fullmatch(r"[A-Z0-9]{16,21}", one.symbol)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AAPL", "no symbol of an option"),
        ("", "no symbol of an option"),
        ("AAPL240621X00190000", "no symbol of an option"),
        ("AAPL1240621C00190000", "no symbol of an option"),  # adjusted terms
        ("TOOLONG240621C00190000", "no symbol of an option"),
        ("AAPL241321C00190000", "241321 is no date"),
        ("AAPL230229C00190000", "230229 is no date"),
        ("AAPL240621C00000000", "has no symbol"),
        ("\u017fPY240621C00190000", "no symbol of an option"),  # a long s
        ("A" * 10_000, "no symbol of an option"),
        ("AAPL\x1b240621C00190000", "no symbol of an option"),
    ],
)
def test_what_is_no_option_is_refused(text, words):
    with pytest.raises(ValidationError, match=words) as caught:
        options.parse(text)
    assert len(caught.value.message) < 200
    assert caught.value.message.isascii()


@pytest.mark.parametrize(
    "change",
    [
        {"strike": Decimal("0.0005")},
        {"strike": Decimal(0)},
        {"strike": Decimal(-5)},
        {"strike": Decimal(100_000)},
        {"strike": Decimal("NaN")},
        {"strike": Decimal("Infinity")},
        {"expiry": date(1999, 12, 17)},
        {"expiry": date(2100, 1, 15)},
        {"underlying": "BRK.B"},
        {"underlying": "aapl"},
        {"underlying": "O:X"},
        {"strike": Decimal("1E+500")},
        {"underlying": ""},
        {"underlying": "TOOLONG"},
    ],
)
def test_terms_that_fit_into_no_symbol_are_refused(change):
    fields = {name: getattr(CALL, name) for name in ("underlying", "expiry", "strike", "right", "multiplier")}
    with pytest.raises(ValidationError, match="has no symbol"):
        options.format(OptionTerms(**fields | change))
