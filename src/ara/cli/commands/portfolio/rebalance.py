"""`ara portfolio rebalance`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.portfolio.asked import ratio
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.market.bars import Bars
    from ara.portfolio import Entry, Rebalanced, Statement, Taxes, Triggers
    from ara.risk import Moves

__all__ = ["rebalance"]

_DAYS = 1000


def rebalance(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Whose weights are meant where these are numbers alone")
    ] = None,
    to: Annotated[
        str,
        typer.Option("--to", "--target", "-t", metavar="WEIGHTS", help="What is wanted: AAPL=0.5,MSFT=0.5; AAPL=0"),
    ] = "",
    held: Annotated[str, typer.Option("--held", metavar="UNITS", help="What is held, in units: AAPL=10,MSFT=5")] = "",
    current: Annotated[
        str, typer.Option("--current", "-c", metavar="WEIGHTS", help="What is held, in shares of --capital: AAPL=0.5")
    ] = "",
    capital: Annotated[
        str, typer.Option("--capital", metavar="AMOUNT", help="What all is worth, of --current (10000)")
    ] = "",
    holdings: Annotated[
        str, typer.Option("--holdings", metavar="FILE", help="What was bought and sold: symbol,date,quantity,price")
    ] = "",
    cash: Annotated[str, typer.Option("--cash", metavar="AMOUNT", help="Cash at hand")] = "0",
    cost: Annotated[str, typer.Option("--cost", metavar="SHARE", help="Of what is traded")] = "0",
    threshold: Annotated[
        str, typer.Option("--threshold", metavar="SHARE", help="Trade only if a weight is off by more")
    ] = "",
    every: Annotated[
        str, typer.Option("--every", metavar="PERIOD", help="Or on a new week, month, quarter, year, after N days")
    ] = "",
    last: Annotated[str, typer.Option("--last", metavar="DATE", help="Day of the last trade, for --every")] = "",
    volatility: Annotated[
        str, typer.Option("--volatility", metavar="TIMES", help="Or if volatility changed by so many times: 1.5")
    ] = "",
    least: Annotated[str, typer.Option("--least", metavar="AMOUNT", help="Leave out trades of a smaller value")] = "0",
    lots: Annotated[str, typer.Option("--lots", metavar="NAME", help="Sell fifo, hifo or specific lots")] = "fifo",
    pick: Annotated[
        str, typer.Option("--pick", metavar="LOTS", help="Of specific, by day bought: AAPL@2020-03-02=10")
    ] = "",
    wash_sales: Annotated[
        bool, typer.Option("--wash-sales", help="Hold back losses where as much is bought within 30 days")
    ] = False,
    what_if: Annotated[bool, typer.Option("--what-if", help="Also how risk would change")] = False,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use the closes that were public then")] = "",
) -> None:
    """Show the trades, in whole lots, that lead from what is held to weights, and what they mean for taxes and risk.

    ::

        ara portfolio rebalance --to AAPL=0.5,MSFT=0.5 --cash 10000
        ara portfolio rebalance --to AAPL=0.5,SPY=0.4 --held AAPL=30,MSFT=10 --cash 500 --threshold 5%
        ara portfolio rebalance --to AAPL=0 --holdings lots.csv --lots hifo --wash-sales --what-if --json

    Prices are the last closes. Sales come first, and no more is bought than the cash suffices for. Nothing is traded:
    these are the trades to make.
    """
    from ara.cli.render.rebalance import SeenTrades, traded
    from ara.portfolio import outlook, read_statement

    s = screen()
    triggers, since = _triggers(threshold, every, volatility), _day(last, "--last") if last else None
    taxes = _taxes(lots, pick, wash_sales=wash_sales)
    money = {name: _amount(text, name) for name, text in (("--cash", cash), ("--least", least))}
    fee = Decimal(repr(ratio(cost, "--cost")))
    statement = read_statement(Path(holdings)) if holdings else None
    asked = _asked(s, _wanted(symbols, to), held, statement, as_of)
    if current or capital:
        asked = _owning(s, asked, symbols, current, capital, as_of)
    notes = asked.told()
    today, moves = asked.today, asked.moves() if what_if or triggers.volatility else None
    found = asked.rebalanced(
        taxes, triggers, last=since, moves=moves, cash=money["--cash"], least=money["--least"], cost=fee
    )
    now, then = (found.before.weights(asked.currency), found.trades.weights)
    seen = SeenTrades(
        found=found,
        now={name: now.get(name, 0.0) for name in asked.weights},
        wanted=asked.weights,
        currency=asked.currency,
        triggers=triggers,
        today=today,
        closes=asked.closes,
        lots=statement is not None,
        outlooks=(outlook(now, moves), outlook(then, moves)) if what_if and moves else None,
        notes=notes,
    )
    s.result(seen.as_dict(), lambda: traded(seen, s))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is wanted and held, by Ara's own spelling, and its bars."""

    bars: "Sequence[Bars]"
    weights: Mapping[str, float]
    owned: Mapping[str, Decimal]
    entries: "Sequence[Entry]"
    cash: Decimal

    @property
    def currency(self) -> str:
        from ara.portfolio.trades import currency_of

        return currency_of([one.instrument for one in self.bars])

    @property
    def today(self) -> date:
        """The day of the last close, or that of the last trade."""
        return max(*self.closes.values(), *(one.on for one in self.entries), date.min)

    @property
    def closes(self) -> dict[str, date]:
        """The day of each last close."""
        from ara.cli.commands.viewed import dates

        return {one.instrument.symbol: dates(one)[-1] for one in self.bars}

    def told(self) -> list[str]:
        """Say which prices were converted; refuse those of several currencies."""
        from ara.data.dollars import told_in

        return told_in(self.bars) if self.currency else []

    def moves(self) -> "Moves":
        from ara.risk import aligned

        return aligned(self.bars).last(_DAYS)

    def rebalanced(
        self,
        taxes: "Taxes",
        triggers: "Triggers",
        *,
        last: date | None,
        moves: "Moves | None",
        cash: Decimal,
        least: Decimal,
        cost: Decimal,
    ) -> "Rebalanced":
        from ara.portfolio import Portfolio, settle
        from ara.portfolio import rebalance as rebalanced

        instruments = [one.instrument for one in self.bars]
        prices = {one.instrument.symbol: Decimal(repr(float(one.frame["close"][-1]))) for one in self.bars}
        returns = None
        if moves is not None:
            account = settle(self.entries, wash_sales=taxes.wash_sales)
            held = Portfolio.marked(
                instruments, prices, held=self.owned, account=account, cash={self.currency: self.cash + cash}
            )
            now = held.weights(self.currency)
            returns = moves.returns @ [now.get(one, 0.0) for one in moves.symbols]
        return rebalanced(
            self.weights, instruments, prices, on=self.today, held=self.owned, entries=self.entries,
            cash=self.cash + cash, cost=cost, least=least, taxes=taxes, triggers=triggers, last=last, returns=returns,
        )  # fmt: skip


def _asked(s: Screen, to: str, held: str, statement: "Statement | None", as_of: str) -> _Asked:
    from ara.cli.commands.holdings import fetched, parsed, twice

    wanted, units = parsed(to, "--to", none=True), _units(held) if held else {}
    entries = statement.entries if statement else ()
    names = list(dict.fromkeys([*wanted, *units, *_left(entries)]))
    bars = dict(zip(names, fetched(s, names, as_of=as_of), strict=True))
    weights: dict[str, float] = {}
    owned: dict[str, Decimal] = {}
    for flag, typed in (("--to", wanted), ("--held", units)):
        symbols = [bars[name].instrument.symbol for name in typed]
        if again := [one for one in symbols if symbols.count(one) > 1]:
            raise twice(again[0], flag)
    for name, one in bars.items():
        symbol = one.instrument.symbol
        weights[symbol] = weights.get(symbol, 0.0) + wanted.get(name, 0.0)
        if units.get(name):
            owned[symbol] = owned.get(symbol, Decimal(0)) + units[name]
    first = {one.instrument.symbol: one for one in reversed(bars.values())}
    return _Asked(
        bars=[first[symbol] for symbol in weights],
        weights=weights,
        owned=owned,
        entries=entries,
        cash=statement.cash if statement else Decimal(0),
    )


def _wanted(symbols: Sequence[str] | None, to: str) -> str:
    """Give the weights that are wanted, by name."""
    from ara.cli.commands.portfolio.asked import named, shared

    if not to:
        raise ValidationError("Nothing is said to be wanted.", hint="Write --to AAPL=0.5,MSFT=0.5")
    return shared(named(symbols) if symbols else (), to, "--to")


def _owning(s: Screen, asked: _Asked, symbols: Sequence[str] | None, current: str, capital: str, as_of: str) -> _Asked:
    """Give the same with what weights of a capital come to in whole lots; what is left of it is cash."""
    from ara.cli.commands.holdings import fetched, parsed
    from ara.cli.commands.portfolio.asked import named, shared

    if asked.owned or asked.entries or not current:
        words = "--current says what is held." if current else "--capital goes with --current."
        raise ValidationError(words, hint="Write --current AAPL=0.5,MSFT=0.5 --capital 10000, without --held")
    typed = parsed(shared(named(symbols) if symbols else (), current, "--current"), "--current", none=True)
    known = {one.instrument.symbol: one for one in asked.bars}
    left = worth = _amount(capital or "10000", "--capital")
    owned: dict[str, Decimal] = {}
    bars = fetched(s, [*typed, *known], as_of=as_of)
    known = {one.instrument.symbol: one for one in bars}
    for one, weight in zip(bars, typed.values(), strict=False):
        symbol, lot = one.instrument.symbol, one.instrument.lot
        price = Decimal(repr(float(one.frame["close"][-1])))
        units = worth * Decimal(repr(weight)) / price // lot * lot
        left -= units * price
        if units:
            owned[symbol] = owned.get(symbol, Decimal(0)) + units
    weights = {**dict.fromkeys(known, 0.0), **asked.weights}
    return replace(asked, bars=list(known.values()), weights=weights, owned=owned, cash=asked.cash + left)


def _left(entries: "Sequence[Entry]") -> list[str]:
    """Give what entries leave, in the order of their first."""
    from ara.portfolio import settle

    held = settle(entries).held()
    return [name for name in dict.fromkeys(one.symbol for one in entries) if name in held]


def _triggers(threshold: str, every: str, volatility: str) -> "Triggers":
    from ara.portfolio import Triggers

    return Triggers(
        every=every.strip().lower(),
        threshold=ratio(threshold, "--threshold") if threshold else None,
        volatility=ratio(volatility, "--volatility", least=1.0, most=100.0) if volatility else None,
    )


def _taxes(lots: str, pick: str, *, wash_sales: bool) -> "Taxes":
    from ara.market.symbols import normalise
    from ara.portfolio import LOTS, Taxes

    if lots not in LOTS:
        raise ValidationError(f"--lots is {clean(lots)[:40]!r}.", hint=f"There are: {', '.join(LOTS)}.")
    if bool(pick) != (lots == "specific"):
        words = "--pick names lots only with --lots specific." if pick else "--lots specific needs lots."
        raise ValidationError(words, hint="Write --lots specific --pick AAPL@2020-03-02=10")
    picks: dict[str, dict[date, Decimal]] = {}
    for part in (one.strip() for one in pick.split(",") if one.strip()):
        name, at, rest = part.partition("@")
        day, sign, words = rest.partition("=")
        if not (at and sign):
            raise ValidationError(f"--pick: {clean(part)[:40]!r} is no lot.", hint="Write AAPL@2020-03-02=10")
        mine = picks.setdefault(normalise(name), {})
        on = _day(day, "--pick")
        mine[on] = mine.get(on, Decimal(0)) + _amount(words, "--pick")
    return Taxes(method=lots, picks=picks, wash_sales=wash_sales)


def _day(text: str, flag: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}; it is a day.", hint="Write 2021-03-31") from None


def _units(text: str) -> dict[str, Decimal]:
    from ara.cli.commands.holdings import twice

    found: dict[str, Decimal] = {}
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, sign, words = part.partition("=")
        if not sign:
            raise ValidationError(f"--held: {clean(part)[:40]} has no units.", hint="Write --held AAPL=10")
        if name.strip() in found:
            raise twice(name.strip(), "--held")
        found[name.strip()] = _amount(words, f"--held {clean(name)[:20]}")
    return found


def _amount(text: str, flag: str) -> Decimal:
    try:
        value = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0 or value > Decimal(10) ** 18:
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}; it is a number from 0.", hint="Write 1234.56")
    return value
