"""Currencies: what they are called, and in which steps their amounts are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from ara.errors import ValidationError

__all__ = ["CODES", "Currency"]


class _Known(msgspec.Struct, frozen=True):
    name: str
    digits: int


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, or a metal that is traded like one; made of its code alone.

    >>> Currency("jpy").told(1234567.8)
    '1,234,568 JPY'

    Parameters
    ----------
    code
        Of ISO 4217, in any case.
    """

    code: str

    def __post_init__(self) -> None:
        code = self.code.strip().upper()
        if code not in CODES:
            raise ValidationError(
                f"there is no currency {self.code[:20]!a}", hint=f"There are {' '.join(CODES)}.", code=self.code[:20]
            )
        object.__setattr__(self, "code", code)

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """As people call it."""
        return CODES[self.code].name

    @property
    def digits(self) -> int:
        """Digits behind the point in which amounts of it are told."""
        return CODES[self.code].digits

    def told(self, amount: float) -> str:
        """Give an amount of it in words, rounded to its digits."""
        return f"{amount:,.{self.digits}f} {self.code}"


CODES: Final[Mapping[str, _Known]] = MappingProxyType(
    msgspec.json.decode(Path(__file__).with_name("currencies.json").read_bytes(), type=dict[str, _Known])
)
"""Name and digits of each currency, by its code."""
