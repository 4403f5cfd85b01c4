"""Figures in words: rounded to what is known, grouped, never a minus before zero."""

import math

__all__ = ["counted", "decimals_of_price", "grouped", "percent"]


def grouped(value: float, digits: int) -> str:
    """Give a number with thousands apart and so many decimals; never a minus before zero."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def percent(share: float, digits: int = 1, *, signed: bool = True) -> str:
    """Give a fraction in percent, with its sign unless it rounds to zero."""
    text = grouped(share * 100, digits)
    return f"+{text} %" if signed and share > 0 and text.strip("0.") else f"{text} %"


def counted(count: int, one: str) -> str:
    """Give a count with what is counted: 1 fill, 2,000 fills."""
    return f"{count:,} {one if count == 1 else f'{one}s'}"


def decimals_of_price(value: float) -> int:
    """Give the decimals that show five digits of a price: 2 from 100 on, 4 at 1, more below."""
    if not value or not math.isfinite(value):
        return 2
    return min(max(4 - math.floor(math.log10(abs(value))), 2), 10)
