"""What commands about portfolios share: the weights that were typed, and the bars behind them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import DataProviderError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from ara.market.bars import Bars
    from ara.risk import Moves

__all__ = ["Held", "cash_of", "fetched", "held", "parsed", "portfolio_words", "short_past", "spared", "twice"]

_MOST = 2000
_HEAVIEST = 100.0
_SHOWN = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A portfolio and what is known of it.

    Parameters
    ----------
    weights
        Share of each symbol.
    bars
        Of each, in that order.
    moves
        Their returns on the days that all have.
    beside
        Bars of what it is set beside, such as a benchmark or factors, in the same money.
    """

    weights: Mapping[str, float]
    bars: "Sequence[Bars]"
    moves: "Moves"
    beside: "Sequence[Bars]" = ()

    @property
    def cash(self) -> float:
        """What is missing to 1; below 0 it is borrowed."""
        return cash_of(self.weights)

    def warnings(self, days: int) -> list[str]:
        """Give what is to be minded of figures of so many days: they are few, all is more than the whole, in coins."""
        from ara.portfolio.past import borrowed

        return [*short_past(days, len(self.weights)), *borrowed(self.weights), *self.money()]

    def money(self) -> list[str]:
        """Say which bars were converted into dollars, and which could not be."""
        from ara.data.dollars import told_in

        held = {one.instrument.symbol for one in self.bars}
        return told_in([*self.bars, *(one for one in self.beside if one.instrument.symbol not in held)])

    def document(self) -> dict[str, Any]:
        """Give what stands at the head of every document about it."""
        return {
            "schema": 1,
            "weights": dict(self.weights),
            "cash": self.cash,
            "days": len(self.moves),
            "first": self.moves.dates[0].isoformat(),
            "date": self.moves.dates[-1].isoformat(),
            "warnings": self.warnings(len(self.moves)),
        }


def parsed(text: str, flag: str = "--portfolio", *, none: bool = False) -> dict[str, float]:
    """Read `AAPL=0.5,MSFT=50%`, or `AAPL,MSFT` in equal parts; `none` allows that every weight is 0.

    Raises
    ------
    ValidationError
        A part has no weight, or a symbol is there twice: whether the weights add up or one is a slip is not guessed.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValidationError(f"{flag} names nothing.", hint=f"Write {flag} AAPL=0.5,MSFT=0.5")
    if len(parts) > _MOST:
        raise ValidationError(f"{flag} names {len(parts)} holdings; at most {_MOST} are taken.")
    given = [part for part in parts if "=" in part]
    if given and len(given) < len(parts):
        bare = next(part for part in parts if "=" not in part)
        raise ValidationError(f"{flag}: {clean(bare)[:40]} has no weight.", hint="Give all of them one, or none.")
    weights: dict[str, float] = {}
    for part in parts:
        name, _, words = part.partition("=")
        weight = _weight(words, part, flag) if given else 1 / len(parts)
        if (symbol := name.strip()) in weights:
            raise twice(symbol, flag)
        weights[symbol] = weight
    if not none and not any(weights.values()):
        raise ValidationError(f"{flag}: every weight is 0.", hint="Give what is held a weight, such as AAPL=0.5")
    return weights


def twice(symbol: str, flag: str) -> ValidationError:
    """Give the error of an instrument that is named twice, in one spelling or in two."""
    return ValidationError(f"{flag} names {clean(symbol)[:40]} twice.", hint="Give each instrument one weight.")


def _weight(words: str, part: str, flag: str) -> float:
    text = words.strip()
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not abs(value) <= _HEAVIEST:
        raise ValidationError(f"{flag}: {clean(part)[:40]!r} is no weight.", hint="Write AAPL=0.5 or AAPL=50%")
    return value


def short_past(days: int, count: int = 1) -> list[str]:
    """Give a warning where so few days are known that figures of so many holdings say little; else nothing."""
    from ara.portfolio.past import short_past as told

    return told(days, count)


def cash_of(weights: Mapping[str, float]) -> float:
    """Give what is missing to 1, nothing where that is a rounding error."""
    from ara.portfolio.past import cash_of as left

    return left(weights)


def held(s: Screen, portfolio: str, *, as_of: str = "", beside: Sequence[str] = (), spare: bool = False) -> Held:
    """Give the portfolio that was typed with its bars and returns, and bars of what it is set beside.

    Parameters
    ----------
    s, portfolio, as_of
        The screen, the weights, and the moment at which all was public.
    beside
        What else is looked at, such as a benchmark.
    spare
        Whether what has no bars is left out of `beside`.
    """
    from ara.risk import aligned

    typed = parsed(portfolio)
    bars = s.run(_fetched(s, list(typed), as_of, beside=beside, spare=spare))
    bars, others = bars[: len(typed)], bars[len(typed) :]
    weights: dict[str, float] = {}
    first: dict[str, Bars] = {}
    for one, weight in zip(bars, typed.values(), strict=True):
        symbol = one.instrument.symbol
        if symbol in weights:
            raise twice(symbol, "--portfolio")
        weights[symbol] = weight
        first[symbol] = one
    kept = list(first.values())
    return Held(weights=weights, bars=kept, moves=aligned(kept), beside=others)


def fetched(s: Screen, symbols: Sequence[str], *, as_of: str = "") -> "list[Bars]":
    """Give the closed daily bars of each, that were public at the moment; those in coins in dollars beside dollars."""
    return s.run(_fetched(s, symbols, as_of))


def spared(s: Screen, symbols: Sequence[str], *, as_of: str = "") -> "list[Bars]":
    """Give the bars of those that have any; who has none is left out."""
    return s.run(_fetched(s, (), as_of, beside=symbols, spare=True))


async def _fetched(
    s: Screen, symbols: Sequence[str], as_of: str, *, beside: Sequence[str] = (), spare: bool = False
) -> "list[Bars]":
    from ara.data.dollars import in_dollars
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.origin import as_instant

    found = []
    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
        for place, symbol in enumerate([*symbols, *beside]):
            try:
                found.append(await market.bars(await market.instrument(symbol), as_of=moment))
            except (DataProviderError, UnknownSymbolError):
                if place < len(symbols) or not spare:
                    raise
        return await in_dollars(market, found, as_of=moment)


def portfolio_words(weights: Mapping[str, float], *, most: int = 6) -> str:
    """Give the portfolio in words, the largest first: `50 % AAPL, 30 % MSFT, 20 % cash`."""
    from ara.cli.render.numbers import percent

    ordered = sorted(weights.items(), key=lambda item: -abs(item[1]))
    told = [f"{_short(weight)} {clean(symbol)}" for symbol, weight in ordered[:most]]
    if len(ordered) > most:
        rest = math.fsum(weight for _, weight in ordered[most:])
        told.append(f"{percent(rest, 0, signed=False)} in {len(ordered) - most} more")
    if abs(cash := cash_of(weights)) >= _SHOWN:
        told.append(f"{_short(abs(cash))} {'cash' if cash > 0 else 'borrowed'}")
    return ", ".join(told)


def _short(weight: float) -> str:
    from ara.cli.render.numbers import percent

    return percent(weight, 0 if abs(weight * 100 - round(weight * 100)) < 0.05 else 1, signed=False)
