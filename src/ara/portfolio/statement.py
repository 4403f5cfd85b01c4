"""A file of what was bought and sold, and of cash: the lots of an account."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from ara.errors import ValidationError
from ara.market.symbols import normalise
from ara.portfolio.lots import Entry

__all__ = ["Statement", "read_statement"]

_COLUMNS: Final = ("symbol", "date", "quantity", "price", "fee", "lot")
_NEEDED: Final = ("symbol", "date", "quantity", "price")
_CASH: Final = "cash"
_LARGEST: Final = 20_000_000
_MOST: Final = 200_000
_HUGE: Final = Decimal(10) ** 18
_HINT: Final = "Its first line: symbol,date,quantity,price,fee,lot (fee and lot may be missing)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a file says: trades and splits in its order, and the cash there is now."""

    entries: tuple[Entry, ...]
    cash: Decimal


def read_statement(path: Path) -> Statement:
    """Read a CSV of trades: `symbol,date,quantity,price` and, if there, `fee` and `lot`.

    A quantity below 0 is a sale; one such as `4:1` is a split, whose price is empty. `lot` is the day of the purchase
    that a sale gives up; the oldest without it. A line of `cash` has the amount as its quantity.

    Raises
    ------
    ValidationError
        The file can't be read, or a line says something else; the message names the line.
    """
    rows = csv.reader(io.StringIO(_text(path)), skipinitialspace=True)
    head = [one.strip().lower() for one in next(rows, [])]
    if unknown := [one for one in head if one not in _COLUMNS]:
        raise ValidationError(f"{path.name} has a column {unknown[0][:40]!r}.", hint=_HINT)
    if twice := [one for one in head if head.count(one) > 1]:
        raise ValidationError(f"{path.name} has the column {twice[0]} twice.", hint=_HINT)
    if missing := [one for one in _NEEDED if one not in head]:
        raise ValidationError(f"{path.name} has no column {missing[0]}.", hint=_HINT)
    entries, cash = [], Decimal(0)
    for row in rows:
        cells = {name: cell.strip() for name, cell in zip(head, row, strict=False)}
        if not any(cells.values()):
            continue
        line = _Line(f"{path.name}, line {rows.line_num}", cells)
        if cells["symbol"].lower() == _CASH:
            cash += line.number("quantity", least=-_HUGE)
        else:
            entries.append(line.entry())
        if len(entries) > _MOST:
            raise ValidationError(f"{path.name} has more than {_MOST:,} lines.")
    if not entries and not cash:
        raise ValidationError(f"{path.name} has no line below the first.", hint=_HINT)
    return Statement(entries=tuple(entries), cash=cash)


def _text(path: Path) -> str:
    if not path.is_file():
        words = f"{path.name!r} is a folder." if path.is_dir() else f"There is no file {path.name!r}."
        raise ValidationError(words, hint="Name a CSV file of what was bought and sold.")
    if path.stat().st_size > _LARGEST:
        raise ValidationError(f"{path.name} is larger than {_LARGEST:,} bytes.")
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"{path.name} can't be read as text.", hint="Save it as CSV, in UTF-8.") from error


class _Line:
    """One line of the file, and where it stands."""

    def __init__(self, where: str, cells: dict[str, str]) -> None:
        self.where, self.cells = where, cells

    def entry(self) -> Entry:
        """Give what it says."""
        symbol = normalise(self._cell("symbol"))
        on = self.day("date")
        if ":" in self._cell("quantity"):
            return Entry(symbol=symbol, on=on, quantity=self._split(), split=True)
        quantity = self.number("quantity", least=-_HUGE)
        if not quantity:
            raise ValidationError(f"{self.where}: the quantity is 0.", hint="Above 0 is bought, below 0 sold.")
        fee = self.number("fee") if self.cells.get("fee") else Decimal(0)
        amount = abs(quantity) * self.number("price") + (fee if quantity > 0 else -fee)
        if amount < 0:
            raise ValidationError(f"{self.where}: the fee is more than what is sold.")
        if not self.cells.get("lot"):
            return Entry(symbol=symbol, on=on, quantity=quantity, amount=amount)
        if quantity > 0:
            raise ValidationError(f"{self.where}: a purchase names a lot; only a sale gives one up.")
        picks = {self.day("lot"): -quantity}
        return Entry(symbol=symbol, on=on, quantity=quantity, amount=amount, method="specific", picks=picks)

    def number(self, name: str, *, least: Decimal = Decimal(0)) -> Decimal:
        """Give a cell as a number."""
        text = self._cell(name)
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not least <= value <= _HUGE:
            raise ValidationError(f"{self.where}: the {name} is {text[:40]!r}.", hint="Write numbers as 1234.56")
        return value

    def day(self, name: str) -> date:
        """Give a cell as a day."""
        text = self._cell(name)
        try:
            return date.fromisoformat(text)
        except ValueError:
            words = f"{self.where}: the {name} is {text[:40]!r}."
            raise ValidationError(words, hint="Write days as 2020-03-31.") from None

    def _cell(self, name: str) -> str:
        found = self.cells.get(name, "")
        if not found:
            raise ValidationError(f"{self.where}: there is no {name}.", hint=_HINT)
        return found

    def _split(self) -> Decimal:
        text = self._cell("quantity")
        new, _, old = text.partition(":")
        try:
            ratio = Decimal(new.strip()) / Decimal(old.strip())
        except (InvalidOperation, ZeroDivisionError):
            ratio = Decimal(0)
        if not (ratio.is_finite() and Decimal("1e-6") <= ratio <= Decimal("1e6")):
            raise ValidationError(f"{self.where}: the split is {text[:40]!r}.", hint="Write 4:1 where 1 becomes 4.")
        return ratio
