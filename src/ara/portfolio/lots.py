"""Tax lots: which units a sale gives up, what it gains, and losses that a purchase too near by takes away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ara.errors import ValidationError

__all__ = ["LOTS", "Account", "Entry", "Lot", "Sold", "settle"]

LOTS: Final = ("fifo", "hifo", "specific")
"""Which lots a sale gives up: the oldest, those that cost most, or those that it names."""

_NEAR: Final = timedelta(days=30)
_GRAIN: Final = Decimal("1e-12")
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an account.

    Parameters
    ----------
    symbol, on
        What, and the day of the trade.
    quantity
        Bought, or below 0 sold; of a split, what one unit becomes.
    amount
        Of a purchase what was paid, fees included; of a sale what was left after them. Not below 0.
    method
        Of a sale: one of `LOTS`.
    picks
        Of a `specific` sale: so much of what was bought on that day; what they leave comes from the oldest.
    split
        Whether it is a split, and nothing is traded.
    """

    symbol: str
    on: date
    quantity: Decimal
    amount: Decimal = _NOTHING
    method: str = "fifo"
    picks: Mapping[date, Decimal] = field(default_factory=dict)
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Units that were bought together and are still held, counted after all splits.

    Parameters
    ----------
    symbol, quantity
        What, and how much of it is left.
    bought
        The day.
    cost
        Of all of it: what was paid, and losses that a wash sale moved here.
    since
        The day its time of holding counts from: `bought`, or before it by the time that what it replaces was held.
    """

    symbol: str
    quantity: Decimal
    bought: date
    cost: Decimal
    since: date

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; amounts are texts, exactly."""
        return {
            "symbol": self.symbol,
            "quantity": _text(self.quantity),
            "bought": self.bought.isoformat(),
            "since": self.since.isoformat(),
            "cost": _text(self.cost),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """Units of one lot that were sold.

    Parameters
    ----------
    symbol, quantity
        What, and how much of it.
    on, bought, since
        The day of the sale, and the days of its lot.
    proceeds, cost
        What the sale left after fees, and what these units had cost.
    disallowed
        The part of a loss that does not count, because as many units were bought near by; it is above 0, and was added
        to the cost of those units.
    """

    symbol: str
    quantity: Decimal
    on: date
    bought: date
    since: date
    proceeds: Decimal
    cost: Decimal
    disallowed: Decimal = _NOTHING

    @property
    def gain(self) -> Decimal:
        """What counts as gained, below 0 as lost."""
        return self.proceeds - self.cost + self.disallowed

    @property
    def long(self) -> bool:
        """Whether it was held for more than a year."""
        return self.on > _anniversary(self.since)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; amounts are texts, exactly."""
        return {
            "symbol": self.symbol,
            "quantity": _text(self.quantity),
            "on": self.on.isoformat(),
            "bought": self.bought.isoformat(),
            "since": self.since.isoformat(),
            "proceeds": _text(self.proceeds),
            "cost": _text(self.cost),
            "gain": _text(self.gain),
            "disallowed": _text(self.disallowed),
            "term": "long" if self.long else "short",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What entries come to: the lots that are left, and all that was sold, both in the order of time."""

    lots: tuple[Lot, ...]
    sold: tuple[Sold, ...]

    def held(self) -> dict[str, Decimal]:
        """Give how much is left of each symbol."""
        found: dict[str, Decimal] = {}
        for one in self.lots:
            found[one.symbol] = found.get(one.symbol, _NOTHING) + one.quantity
        return found

    def of(self, symbol: str) -> tuple[Lot, ...]:
        """Give the lots of one symbol."""
        return tuple(one for one in self.lots if one.symbol == symbol)


def _anniversary(day: date) -> date:
    """Give the same day of the next year; of 29 February, the 28th."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def settle(entries: Iterable[Entry], *, wash_sales: bool = False) -> Account:
    """Give the lots that are left and what each sale gained.

    Parameters
    ----------
    entries
        In any order; those of one day count in the order given. Quantities are of their own day: splits are applied.
    wash_sales
        Whether a loss does not count as far as as many units of the same symbol were bought within 30 days before or
        after the sale, are not sold with it, and replace no others yet. It is then added to their cost, and the time
        that the sold units were held to theirs, in the order in which they were bought. What was bought together with
        the sold units replaces none of them.

    Raises
    ------
    ValidationError
        More is sold than is held, a number makes no sense, or a lot that is named is not there.

    References
    ----------
    United States Code, title 26, section 1091; Internal Revenue Service, Publication 550, "Wash Sales"; Revenue Ruling
    56-602 for what was bought together.
    """
    by_symbol: dict[str, list[Entry]] = {}
    for one in entries:
        _check(one)
        by_symbol.setdefault(one.symbol, []).append(one)
    shelves = [_Shelf(_unsplit(sorted(mine, key=lambda one: one.on))) for mine in by_symbol.values()]
    for shelf in shelves:
        shelf.run(wash_sales=wash_sales)
    lots = sorted((one.lot for shelf in shelves for one in shelf.open), key=lambda one: (one.bought, one.symbol))
    sold = sorted((one for shelf in shelves for one in shelf.sold), key=lambda one: (one.on, one.symbol))
    return Account(lots=tuple(lots), sold=tuple(sold))


def _check(one: Entry) -> None:
    numbers = (one.quantity, one.amount, *one.picks.values())
    if not all(number.is_finite() for number in numbers) or not one.quantity or one.amount < 0:
        raise ValidationError(
            f"{one.symbol} on {one.on}: the quantity is {one.quantity} and the amount {one.amount}.",
            hint="A quantity is above 0 bought, below 0 sold; an amount is not below 0.",
        )
    if one.method not in LOTS:
        raise ValidationError(f"Lots can't be chosen by {one.method!r}.", hint=f"There are: {', '.join(LOTS)}.")
    if one.split and one.quantity < 0:
        raise ValidationError(f"{one.symbol} on {one.on}: one unit becomes {one.quantity}; it is above 0.")


def _unsplit(entries: Sequence[Entry]) -> list[Entry]:
    """Give the trades in units of the last day."""
    found: list[Entry] = []
    times = Decimal(1)
    for one in reversed(entries):
        if one.split:
            times *= one.quantity
            continue
        picks = {day: _times(quantity, times) for day, quantity in one.picks.items()}
        found.append(replace(one, quantity=_times(one.quantity, times), picks=picks) if times != 1 else one)
    return found[::-1]


@dataclass(slots=True, kw_only=True)
class _Open:
    """A lot that is left: of which entry, and whether it replaces what a wash sale gave up."""

    lot: Lot
    entry: int
    replaces: bool = False

    def part(self, quantity: Decimal) -> tuple[Lot, Lot | None]:
        """Give so much of it, and the rest; the costs of both sum to its own."""
        whole = self.lot
        if quantity == whole.quantity:
            return whole, None
        cost = _share(whole.cost, quantity, whole.quantity)
        rest = replace(whole, quantity=whole.quantity - quantity, cost=whole.cost - cost)
        return replace(whole, quantity=quantity, cost=cost), rest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """A loss that goes to units which are bought later."""

    quantity: Decimal
    loss: Decimal
    held: timedelta


class _Shelf:
    """The lots of one symbol, as its trades come."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.open: list[_Open] = []
        self.sold: list[Sold] = []
        self.coming: dict[int, list[_Moved]] = {}

    def run(self, *, wash_sales: bool) -> None:
        """Take one trade after the other."""
        for place, one in enumerate(self.entries):
            if one.quantity > 0:
                self._buy(place, one)
                continue
            for sale, entry in self._sell(one):
                lost = wash_sales and sale.gain < 0
                self.sold.append(self._washed(place, sale, entry) if lost else sale)

    def _buy(self, place: int, one: Entry) -> None:
        rest: Lot | None = Lot(symbol=one.symbol, quantity=one.quantity, bought=one.on, cost=one.amount, since=one.on)
        for moved in self.coming.get(place, ()):
            assert rest is not None  # noqa: S101 - no more was promised than is bought
            mine, rest = _Open(lot=rest, entry=place).part(moved.quantity)
            self.open.append(_Open(lot=_heavier(mine, moved.loss, moved.held), entry=place, replaces=True))
        if rest is not None:
            self.open.append(_Open(lot=rest, entry=place))

    def _sell(self, one: Entry) -> list[tuple[Sold, int]]:
        left, held = -one.quantity, sum((each.lot.quantity for each in self.open), _NOTHING)
        if left > held:
            raise ValidationError(
                f"{one.symbol}: {_text(left)} are sold on {one.on}, and {_text(held)} are held then.",
                hint="Give what was bought before, and splits. What is sold short has no lots.",
            )
        chosen = self._chosen(one)
        got, whole, found = one.amount, left, []
        for mine, quantity in chosen:
            lot, rest = mine.part(quantity)
            left -= quantity
            proceeds = _share(one.amount, quantity, whole) if left else got
            got -= proceeds
            if rest is None:
                self.open.remove(mine)
            else:
                mine.lot = rest
            sale = Sold(
                symbol=one.symbol, quantity=quantity, on=one.on, bought=lot.bought, since=lot.since,
                proceeds=proceeds, cost=lot.cost,
            )  # fmt: skip
            found.append((sale, mine.entry))
        return found

    def _chosen(self, one: Entry) -> list[tuple[_Open, Decimal]]:
        """Give the lots that a sale gives up, and how much of each."""
        oldest = sorted(self.open, key=lambda each: each.lot.bought)
        if one.method == "hifo":
            oldest.sort(key=lambda each: -each.lot.cost / each.lot.quantity)
        taken = dict.fromkeys(range(len(oldest)), _NOTHING)
        left = -one.quantity
        for day, wanted in one.picks.items() if one.method == "specific" else ():
            need = min(wanted, left)
            for place, each in enumerate(oldest):
                if each.lot.bought == day:
                    part = min(need, each.lot.quantity - taken[place])
                    taken[place], need, left = taken[place] + part, need - part, left - part
            if need:
                raise ValidationError(
                    f"{one.symbol}: of what was bought on {day}, {_text(need)} of {_text(wanted)} are not there.",
                    hint=f"There are lots of: {', '.join(sorted({str(each.lot.bought) for each in oldest}))}.",
                )
        for place, each in enumerate(oldest):
            part = min(left, each.lot.quantity - taken[place])
            taken[place], left = taken[place] + part, left - part
        return [(oldest[place], quantity) for place, quantity in taken.items() if quantity]

    def _washed(self, place: int, sale: Sold, entry: int) -> Sold:
        """Give a loss as far as it counts, and move the rest of it to what replaces what was sold."""
        need, lost, moved = sale.quantity, -sale.gain, _NOTHING
        for mine in sorted(self.open, key=lambda each: each.lot.bought):
            if not need or mine.replaces or mine.entry == entry or mine.lot.bought < sale.on - _NEAR:
                continue
            part = min(need, mine.lot.quantity)
            loss = _share(lost, part, sale.quantity) if part < need else lost - moved
            lot, rest = mine.part(part)
            self.open.append(_Open(lot=_heavier(lot, loss, sale.on - sale.since), entry=mine.entry, replaces=True))
            if rest is None:
                self.open.remove(mine)
            else:
                mine.lot = rest
            need, moved = need - part, moved + loss
        for later in range(place + 1, len(self.entries)):
            one = self.entries[later]
            if not need or one.on > sale.on + _NEAR:
                break
            promised = self.coming.setdefault(later, [])
            part = min(need, one.quantity - sum((each.quantity for each in promised), _NOTHING))
            if part > 0:
                loss = _share(lost, part, sale.quantity) if part < need else lost - moved
                promised.append(_Moved(quantity=part, loss=loss, held=sale.on - sale.since))
                need, moved = need - part, moved + loss
        return replace(sale, disallowed=moved)


def _heavier(lot: Lot, loss: Decimal, held: timedelta) -> Lot:
    return replace(lot, cost=lot.cost + loss, since=lot.bought - held)


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return (amount * part / whole).quantize(_GRAIN)


def _times(quantity: Decimal, times: Decimal) -> Decimal:
    """Give a quantity after splits, in as few digits as it needs."""
    plain = (quantity * times).quantize(_GRAIN).normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
