"""Symbols of listed options: one form for all of them, and back to their terms.

The Options Clearing Corporation writes the underlying in six columns, then the last day as YYMMDD, C or P, and the
strike times a thousand in eight digits: `AAPL  240621C00190000`. Ara's symbol is that without the blanks.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Final

from ara.errors import ValidationError
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right

__all__ = ["format", "parse", "shaped"]

_SHAPE: Final = re.compile(r"(?:O:)?([A-Z]{1,6}) {0,5}([0-9]{6})([CP])([0-9]{8})", re.ASCII | re.IGNORECASE)

_ROOT: Final = re.compile(r"[A-Z]{1,6}")

_LETTERS: Final = {Right.CALL: "C", Right.PUT: "P"}

_RIGHTS: Final = {letter: right for right, letter in _LETTERS.items()}

_MILL: Final = Decimal("0.001")

_ENDLESS: Final = 100_000

_HINT: Final = "An option is spelled AAPL240621C00190000: underlying, last day as YYMMDD, C or P, strike x 1000."


def shaped(text: str) -> bool:
    """Say whether a text is built like the symbol of an option, in any case; its date may still be none."""
    return _SHAPE.fullmatch(text) is not None


def parse(text: str) -> Instrument:
    """Give the option that a symbol means.

    Parameters
    ----------
    text
        `AAPL240621C00190000`, with blanks as the clearing house pads it, or with `O:` before it; in any case.

    Returns
    -------
    Instrument
        On New York's calendar and in dollars, 100 units a contract: what listed options of the United States have
        unless their terms were adjusted.

    Raises
    ------
    ValidationError
        The text is no such symbol, its day is no date, its strike is nothing, or a digit after the underlying says
        that the terms were adjusted, so that they can't be read from the symbol.
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise ValidationError(f"{text[:40]!a} is no symbol of an option", hint=_HINT)
    root, day, letter, strike = (part.upper() for part in found.groups())
    terms = OptionTerms(
        underlying=root,
        expiry=_expiry(text, day),
        strike=int(strike) * _MILL,
        right=_RIGHTS[letter],
        multiplier=Decimal(100),
    )
    return Instrument(
        symbol=format(terms),
        name=f"{root} {terms.expiry} {terms.strike.normalize():f} {terms.right}",
        asset_class=AssetClass.OPTION,
        venue="OPRA",
        currency="USD",
        calendar="XNYS",
        timezone="America/New_York",
        tick=Decimal("0.01"),
        lot=Decimal(1),
        option=terms,
    )


def format(terms: OptionTerms, *, padded: bool = False) -> str:
    """Give the symbol of an option's terms.

    Parameters
    ----------
    terms
        Of a listed option: last day from 2000 to 2099, strike above 0 and below 100,000 in steps of a thousandth.
    padded
        Fill the underlying to six columns with blanks, as the clearing house does.

    Raises
    ------
    ValidationError
        The terms don't fit into a symbol.
    """
    possible = terms.strike.is_finite() and 0 < terms.strike < _ENDLESS and terms.strike % _MILL == 0
    root = f"{terms.underlying:<6}" if padded else terms.underlying
    symbol = f"{root}{terms.expiry:%y%m%d}{_LETTERS[terms.right]}{int(terms.strike / _MILL) if possible else 0:08d}"
    if not possible or not 2000 <= terms.expiry.year <= 2099 or not _ROOT.fullmatch(terms.underlying):
        raise ValidationError(
            f"an option on {terms.underlying[:10]!a} until {terms.expiry} at {terms.strike} has no symbol", hint=_HINT
        )
    return symbol


def _expiry(text: str, day: str) -> date:
    try:
        return date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        raise ValidationError(f"{text[:40]!a} is no symbol of an option: {day} is no date", hint=_HINT) from None
